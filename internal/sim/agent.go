package sim

import (
	"fmt"
	"time"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/engine"
)

// Nature is what a task's agents do, whatever the faults.
type Nature struct {
	Shared    bool   // writes a file that others write, too
	Bug       string // its work holds this line; a check greps for it
	Asks      bool   // asks a question and waits for the answer
	Taints    bool   // its first attempt's work has what the audit finds
	FailFirst int    // so many attempts end with exit status 1
}

// proc is an agent's process.
type proc struct {
	w             *world
	o             engine.Order
	life          int
	steps         []func()
	fate          string
	asked         string // the question it waits for
	held          string // … for this tool call
	calls, plans  int    // tool calls put to the guard; plans presented
	guarded, hook bool   // it puts its calls to the guard; its runtime says so
	gone          bool
	stood         bool // it was to go on while all stood still
}

// The fates of attempts.
const (
	fateGood    = ""
	fateDies    = "dies"        // by a signal, in the middle
	fateHangs   = "hangs"       // and says nothing
	fateFails   = "fails"       // exit status 1
	fateLies    = "lies"        // reports done, exit status 1
	fateIdle    = "idle"        // reports done, no work
	fateStrays  = "strays"      // works outside its scope
	fateTaints  = "taints"      // leaves what the audit finds, in its own files and in others
	fateBlocked = "blocked"     // says so
	fateSlow    = "slow"        // takes hours
	fateMarks   = "marks"       // leaves conflict markers
	fateUnborn  = "not begun"   // could not be started
	fateLost    = "lost"        // popkit loses hold of it while it runs
	fateQuota   = "no quota"    // its service refuses to go on
	fateSilent  = "says naught" // works, reports nothing
	fateSneaks  = "sneaks"      // calls a tool past the guard
	fateMute    = "mute"        // has a hook that never answers
)

var badFates = []string{
	fateDies, fateHangs, fateFails, fateLies, fateIdle, fateStrays, fateTaints, fateBlocked, fateSlow, fateMarks, fateUnborn, fateSilent, fateLost,
	fateSneaks, fateMute, fateQuota, fatePlanless,
}

// start begins an agent's process.
func (w *world) start(o engine.Order) {
	s := w.s
	if w.procs[o.Agent] != nil || w.spaces[o.Agent] == nil {
		s.fail("%s is started twice, or without a workspace", o.Agent)
		return
	}
	p := &proc{w: w, o: o, life: s.life}
	switch {
	case s.Nature[o.Task].FailFirst > w.finished[o.Task]:
		p.fate = fateFails
	case s.chance(s.Odds.Agent):
		p.fate = badFates[s.rng.IntN(len(badFates))]
	}
	if p.fate == fateUnborn {
		w.report(o.Asked, event.AgentExited{Effect: o.Key, Agent: o.Agent, Reason: event.ExitNotStarted, Code: -1, Detail: "no such file"}, time.Second, p.life)
		return
	}
	w.procs[o.Agent] = p
	if n := s.maxProcs(); len(w.procs) > n {
		s.fail("%d agents run at once, %d may", len(w.procs), n)
	}
	p.guarded = s.rng.IntN(3) == 0 || p.fate == fateSneaks
	p.hook = p.guarded && s.rng.IntN(2) == 0 || p.fate == fateMute
	p.plan()
	// The agent may speak before popkit has noted that it runs.
	started := event.AgentStarted{Effect: o.Key, Agent: o.Agent, PID: 1000 + len(w.ends), Hook: p.hook}
	s.after(s.between(0, 50*time.Millisecond), p.life, func() { s.submit(decide.EffectEnded{Data: started, Asked: o.Asked}, nil) })
	s.after(s.between(0, 100*time.Millisecond), p.life, p.next)
}

func (s *sim) maxProcs() int {
	if s.Created.Settings.Sequential {
		return 1
	}
	return s.Created.Settings.MaxAgents
}

// plan makes up what the process will do, step by step.
func (p *proc) plan() {
	s := p.w.s
	add := func(f func()) { p.steps = append(p.steps, f) }
	if p.guarded {
		add(p.canary)
	}
	for range s.rng.IntN(8) {
		switch s.rng.IntN(20) {
		case 2: // a question whose answer it does not wait for
			add(func() { s.submit(decide.Ask{Agent: p.o.Agent, Text: "by the way?"}, nil) })
		case 0:
			add(p.checkIn)
		case 1:
			add(p.insight)
		case 3, 4, 5, 6, 7:
			add(p.limited())
		case 8: // its process was killed, and the runtime goes on in another
			again := decide.EffectEnded{Asked: p.o.Asked, Data: event.AgentResumed{Effect: p.o.Key, Agent: p.o.Agent, PID: 2000, Why: "its process was killed"}}
			add(func() { s.submit(again, nil) })
		default:
			if p.fate != fateMute { // its hook stands for its tools
				add(p.tool)
			}
		}
	}
	if p.o.Role.PlanRequired && p.fate != fatePlanless {
		p.steps = append([]func(){p.present}, p.steps...)
	}
	switch p.fate {
	case fateDies:
		add(func() { p.exit(event.AgentExited{Reason: event.ExitKilled, Signal: "SIGKILL", Code: -1}) })
		return
	case fateSneaks:
		add(p.sneak)
	case fateQuota:
		add(p.quota)
		return
	case fateHangs:
		add(func() { p.asked = "nothing" }) // waits for what never comes
		return
	}
	if s.Nature[p.o.Task].Asks && p.o.Request.Purpose == event.PurposeWork {
		add(p.ask)
	}
	if p.fate != fateIdle {
		add(p.work)
	}
	if p.fate != fateSilent && s.rng.IntN(2) == 0 {
		add(func() { s.submit(decide.Report{Agent: p.o.Agent, Report: p.result()}, nil) })
	}
}

// result is what it reports.
func (p *proc) result() event.Report {
	r := event.Report{Status: event.ReportDone, Summary: p.o.Task + " is done"}
	if p.fate == fateBlocked {
		r.Status, r.Summary = event.ReportBlocked, "it can't be done"
	}
	return r
}

// next does one step; after the last it exits.
func (p *proc) next() {
	if p.gone || p.asked != "" {
		return
	}
	if p.w.frozen {
		p.stood = true
		return
	}
	if len(p.steps) == 0 {
		p.finish()
		return
	}
	step := p.steps[0]
	p.steps = p.steps[1:]
	step()
	if p.asked != "" {
		return // the answer lets it go on
	}
	d := p.w.s.between(time.Second, 2*time.Minute)
	if p.fate == fateSlow { // with a sign of life in between
		d *= 60
		seen := decide.EffectEnded{Data: event.AgentSeen{Effect: p.o.Key, Agent: p.o.Agent}, Asked: p.o.Asked}
		p.w.s.after(d/2, p.life, func() { p.w.s.submit(seen, nil) })
	}
	p.w.s.after(d, p.life, p.next)
}

func (p *proc) finish() {
	end := event.AgentExited{Reason: event.ExitExited}
	if p.fate == fateFails || p.fate == fateLies {
		end.Code = 1
	}
	if p.fate != fateSilent {
		r := p.result()
		end.Report = &r
	}
	p.w.finished[p.o.Task]++
	if p.fate == fateLost {
		p.gone = true
		delete(p.w.procs, p.o.Agent)
		p.w.report(p.o.Asked, event.EffectFailed{Key: p.o.Key, Error: "panic: nil map", Final: true}, 0, p.life)
		return
	}
	p.exit(end)
}

// exit ends the process, and then its effect.
func (p *proc) exit(end event.AgentExited) {
	if p.gone {
		return
	}
	p.gone = true
	delete(p.w.procs, p.o.Agent)
	end.Effect, end.Agent = p.o.Key, p.o.Agent
	p.w.report(p.o.Asked, end, p.w.s.between(0, 100*time.Millisecond), p.life)
}

func (p *proc) checkIn() {
	s := p.w.s
	in := decide.CheckIn{Agent: p.o.Agent, Doing: "working"}
	if s.rng.IntN(2) == 0 {
		in.Need = fmt.Sprintf("where is model %d", s.rng.IntN(4))
	}
	s.submit(in, nil)
}

func (p *proc) insight() {
	s := p.w.s
	kinds := []string{"", event.InsightPattern, event.InsightBlocker, event.InsightQuestion, event.InsightAnswer}
	s.submit(decide.ShareInsight{
		Agent: p.o.Agent, Kind: kinds[s.rng.IntN(len(kinds))], Tags: []string{[]string{"auth", "model", "ui"}[s.rng.IntN(3)]},
		Content: fmt.Sprintf("model %d is at src/models/%d", s.rng.IntN(4), s.rng.IntN(3)),
	}, nil)
}

// ask asks a question and waits for its answer.
func (p *proc) ask() {
	s := p.w.s
	p.asked = "not known yet"
	s.submit(decide.Ask{Agent: p.o.Agent, Text: "which database?", Options: []string{"one", "two"}, Default: "one"}, func(r engine.Result) {
		p.asked = ""
		for _, e := range r.Events {
			if q, ok := e.Data.(event.QuestionAsked); ok {
				p.asked = q.ID
			}
		}
		if p.asked == "" { // refused: it goes on without
			s.after(time.Second, p.life, p.next)
		}
	})
}

// work changes the files of the workspace.
func (p *proc) work() {
	t, n, task := p.w.spaces[p.o.Agent].tree, p.w.s.Nature[p.o.Task], p.o.Task
	mine := "src/" + task + "/work"
	switch p.o.Request.Purpose {
	case event.PurposeFix:
		t[mine] = without(t[mine], "bug") + "fixed\n"
	case event.PurposeResolve:
		if p.fate == fateMarks {
			return
		}
		for f := range t {
			t[f] = lines(t[f])
		}
	default:
		if p.o.Def.NoCode && p.fate == fateGood {
			return
		}
		if t[mine] != "" {
			t[mine] += "again\n" // a retry of work that is in the tree
			break
		}
		t[mine] = task + "\n"
		if n.Bug != "" {
			t[mine] += n.Bug + " of " + task + "\n"
		}
		if n.Shared {
			t["src/shared"] = lines(t["src/shared"], task+"\n")
		}
	}
	switch {
	case p.fate == fateStrays:
		t["other/"+task] = "stray\n"
	case p.fate == fateTaints || n.Taints && p.o.Request.Attempt == 1:
		t[mine] += taint + p.o.Agent + "\n"
		for i := range 4 {
			t[fmt.Sprintf("src/%s/tainted-%d", task, i)] = taint + p.o.Agent + "\n"
		}
	}
}
