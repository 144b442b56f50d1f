package decide

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/state"
)

var update = flag.Bool("update", false, "write the transcripts anew")

// TestTranscripts plays the scripts in testdata: each block is a few commands, a
// line "----", and the events that come of them, one a line. A change of what
// popkit decides is a change of these files, to be read in review.
//
// The commands stand in script_test.go. What the outside does without being told
// to (workspaces, merges, publishing) is done at once and not shown unless the
// script says "show all".
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("%s: %s\n-update writes it anew", file, firstDifference(string(want), got))
			}
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d:\nwant %s\ngot  %s", i+1, w[i], g[i])
		}
	}
	return fmt.Sprintf("%d lines instead of %d", len(g), len(w))
}

// play runs a script and returns it with the events as they are.
func play(t *testing.T, script string) string {
	t.Helper()
	s := newStage(t)
	var out strings.Builder
	answering := false
	for line := range strings.Lines(script) {
		text := strings.TrimRight(line, "\n")
		switch {
		case text == "----":
			answering = true
			out.WriteString(line)
			out.WriteString(s.take())
		case answering && text != "":
		case text == "" || strings.HasPrefix(text, "#"):
			answering = false
			out.WriteString(line)
		default:
			out.WriteString(line)
			s.command(text)
		}
	}
	if left := s.take(); left != "" {
		t.Fatalf("the script ends without asking for:\n%s", left)
	}
	return out.String()
}

// stage is a run that a script plays on.
type stage struct {
	t       *testing.T
	created event.RunCreated
	state   *state.State
	log     []event.Event
	now     time.Time
	out     bytes.Buffer
	all     bool // show everything
	outside outside
}

// outside is what the effects bring that are done at once.
type outside struct {
	held      map[event.EffectKind]bool // kinds that the script ends itself
	files     map[string][]string       // agent → what it changed
	unsolved  map[string][]string
	audits    map[string]*event.Audit
	changed   map[string]int
	conflicts map[string][]string // task → files of its next merge
	checks    map[string][]string // command → results to come; then passed
	blames    map[string]string
	stubborn  map[string]bool // tasks whose conflict first_wins does not settle
	hook      bool            // agents' runtimes have one
	commits   int
}

func newStage(t *testing.T) *stage {
	return &stage{
		t: t, now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), state: state.New(),
		created: event.RunCreated{Run: "R", Base: "base", Branch: "popkit/R", Settings: event.Settings{
			PhaseAware: true, FullRouting: true, MaxAgents: 5, MaxAttempts: 3, MaxFixes: 2, MaxQuestions: 10, CheckinEvery: 5,
			MaxInsightsPerPull: 3, Runtime: "exec:true", ContextLimit: 4000, Roles: map[string]event.Role{},
		}},
		outside: outside{
			held: map[event.EffectKind]bool{}, files: map[string][]string{}, unsolved: map[string][]string{}, audits: map[string]*event.Audit{}, changed: map[string]int{},
			conflicts: map[string][]string{}, checks: map[string][]string{}, blames: map[string]string{}, stubborn: map[string]bool{},
		},
	}
}

func (s *stage) take() string {
	out := s.out.String()
	s.out.Reset()
	return out
}

// apply takes in an event as the log would, and checks all invariants.
func (s *stage) apply(e event.Event) {
	s.t.Helper()
	if err := s.state.Apply(e); err != nil {
		s.t.Fatal(err)
	}
}

// step decides on an input, shows the events and lets the outside act on them.
func (s *stage) step(in Input) {
	s.t.Helper()
	events, err := Step(s.state, s.now, in)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		fmt.Fprintf(&s.out, "refused: %s\n", refusal)
		return
	}
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.state.Check(); err != nil {
		s.t.Fatal(err)
	}
	s.log = append(s.log, events...)
	for _, e := range events {
		if s.all || !dull(e.Data) {
			fmt.Fprintln(&s.out, event.Line(e.Data))
		}
	}
	for _, e := range events {
		var end event.Data
		switch d := e.Data.(type) {
		case event.EffectRequested:
			end = s.outside.end(s.state, d)
		case event.EffectUnknown:
			end = s.outside.settle(s.state, d)
		}
		if end != nil {
			s.step(EffectEnded{Data: end, Asked: e.Seq})
		}
	}
}

// dull events are shown only where a script is about them.
func dull(d event.Data) bool {
	switch d := d.(type) {
	case event.EffectRequested:
		return true
	case event.AgentPrepared, event.AgentCollected, event.AgentReleased, event.AgentStarted, event.PhaseStarted, event.RunPublished:
		return true
	case event.Problem:
		return false
	case event.EngineStarted:
		return d.Epoch == 1
	}
	return false
}

// end is how an effect ends that the script does not end itself. Agents run
// until the script lets them exit.
func (o *outside) end(s *state.State, d event.EffectRequested) event.Data {
	if o.held[d.Kind] {
		return nil
	}
	switch d.Kind {
	case event.EffectPrepare:
		return event.AgentPrepared{Effect: d.Key, Agent: d.Agent, Workspace: "/ws/" + d.Agent}
	case event.EffectRun:
		return event.AgentStarted{Effect: d.Key, Agent: d.Agent, PID: 7, Hook: o.hook}
	case event.EffectCollect:
		return o.collect(s, d)
	case event.EffectTrim:
		return o.trim(s, d)
	case event.EffectRelease:
		return event.AgentReleased{Effect: d.Key, Agent: d.Agent}
	case event.EffectMerge:
		return o.merge(d)
	case event.EffectCheck:
		return o.check(s, d)
	case event.EffectBlame:
		run := s.Phases[d.Phase].Checks[d.Check].Run
		return event.CheckBlamed{Effect: d.Key, Phase: d.Phase, Check: d.Check, Task: o.blames[run], Reason: "it fails since then"}
	case event.EffectPublish:
		return event.BarrierOpened{Effect: d.Key, Phase: d.Phase, Commit: d.Commit, Ref: "refs/barrier/" + strconv.Itoa(d.Phase)}
	case event.EffectFreeze:
		return event.RunFrozen{Effect: d.Key, How: "signals", Processes: len(s.Live)}
	case event.EffectThaw:
		return event.RunThawed{Effect: d.Key}
	case event.EffectFinish:
		return event.RunPublished{Effect: d.Key, Branch: "popkit/R", Commit: d.Commit}
	}
	return nil
}

// settle is what adapters say of an effect that an engine left under way.
func (o *outside) settle(s *state.State, d event.EffectUnknown) event.Data {
	ef := s.Effects[d.Key].EffectRequested
	if ef.Kind == event.EffectRun {
		return event.AgentExited{Effect: d.Key, Agent: ef.Agent, Reason: event.ExitInterrupted}
	}
	return o.end(s, ef)
}

func (o *outside) commit() string {
	o.commits++
	return fmt.Sprintf("c%d", o.commits)
}

func (o *outside) collect(s *state.State, d event.EffectRequested) event.Data {
	files := o.files[d.Agent]
	e := event.AgentCollected{
		Effect: d.Key, Agent: d.Agent, Commit: s.Agents[d.Agent].Base, Files: files, Changed: max(len(files), o.changed[d.Agent]),
		Unresolved: o.unsolved[d.Agent], Summary: "by its diff", Ref: "refs/kept/" + d.Agent, Audit: o.audits[d.Agent],
	}
	if e.Changed > 0 {
		e.Commit = o.commit()
	}
	return e
}

func (o *outside) trim(s *state.State, d event.EffectRequested) event.Data {
	work := s.Agents[d.Agent].Work
	e := event.AgentTrimmed{Effect: d.Key, Agent: d.Agent, Commit: s.Agents[d.Agent].Base, Dropped: d.Files, Audit: &event.Audit{}}
	gone := func(f string) bool { return slices.Contains(d.Files, f) }
	for _, f := range work.Files {
		if !gone(f) {
			e.Files = append(e.Files, f)
		}
	}
	for _, f := range work.Audit.Findings {
		if !gone(f.Path) {
			e.Audit.Findings = append(e.Audit.Findings, f)
		}
	}
	e.Audit.Blocking, e.Audit.Notes = count(e.Audit.Findings)
	if e.Changed = len(e.Files); e.Changed > 0 {
		e.Commit, e.Ref = o.commit(), "refs/part/"+d.Agent
	}
	return e
}

func (o *outside) merge(d event.EffectRequested) event.Data {
	if files := o.conflicts[d.Task]; len(files) > 0 && (d.Prefer == "" || o.stubborn[d.Task]) {
		if !o.stubborn[d.Task] || d.Prefer != "" {
			delete(o.conflicts, d.Task)
		}
		return event.TaskConflicted{Effect: d.Key, Task: d.Task, Agent: d.Agent, Onto: d.Onto, Files: files}
	}
	return event.TaskMerged{Effect: d.Key, Task: d.Task, Agent: d.Agent, Onto: d.Onto, Commit: o.commit()}
}

func (o *outside) check(s *state.State, d event.EffectRequested) event.Data {
	run := s.Phases[d.Phase].Checks[d.Check].Run
	e := event.CheckEnded{Effect: d.Key, Phase: d.Phase, Check: d.Check, Commit: d.Commit, Status: event.CheckPassed}
	if next := o.checks[run]; len(next) > 0 {
		e.Status, o.checks[run] = event.CheckStatus(next[0]), next[1:]
	}
	if e.Status != event.CheckPassed {
		e.ExitCode, e.Reason, e.Output = 1, "exit status 1", "FAIL: TestLogin"
	}
	return e
}
