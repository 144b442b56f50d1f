package state

import (
	"errors"
	"strings"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// story is a valid log: two tasks, one merged, one at work, whose agent asks.
func story() []event.Data {
	plan := objective.Plan{Phases: []objective.Phase{
		{Name: "one", Tasks: []objective.Task{{ID: "a", Role: "implementer"}, {ID: "b", Role: "implementer", Tags: []string{"x"}}},
			Checks: []objective.Check{{Run: "make test"}}},
		{Name: "two", Tasks: []objective.Task{{ID: "c", Role: "implementer"}}},
	}}
	want := func(kind event.EffectKind, key, agent, task string) event.EffectRequested {
		return event.EffectRequested{Key: key, Kind: kind, Agent: agent, Task: task, Epoch: 1}
	}
	return []event.Data{
		event.RunCreated{Run: "R", Base: "base", Plan: plan, Settings: event.Settings{MaxAgents: 2, PhaseAware: true, MaxAttempts: 3}},
		event.EngineStarted{Epoch: 1},
		event.PhaseStarted{Phase: 0, Name: "one", Base: "base"},
		event.AgentRequested{Agent: "implementer-1", Task: "a", Attempt: 1, Role: "implementer", Purpose: event.PurposeWork, Base: "base"},
		event.AgentRequested{Agent: "implementer-2", Task: "b", Attempt: 1, Role: "implementer", Purpose: event.PurposeWork, Base: "base"},
		want(event.EffectPrepare, "prepare:implementer-1", "implementer-1", "a"),
		want(event.EffectPrepare, "prepare:implementer-2", "implementer-2", "b"),
		event.AgentPrepared{Effect: "prepare:implementer-1", Agent: "implementer-1"},
		event.AgentPrepared{Effect: "prepare:implementer-2", Agent: "implementer-2"},
		want(event.EffectRun, "run:implementer-1", "implementer-1", "a"),
		want(event.EffectRun, "run:implementer-2", "implementer-2", "b"),
		event.AgentStarted{Effect: "run:implementer-1", Agent: "implementer-1"},
		event.AgentStarted{Effect: "run:implementer-2", Agent: "implementer-2"},
		event.AgentExited{Effect: "run:implementer-1", Agent: "implementer-1", Reason: event.ExitExited},
		want(event.EffectCollect, "collect:implementer-1", "implementer-1", "a"),
		event.AgentCollected{Effect: "collect:implementer-1", Agent: "implementer-1", Commit: "w1", Changed: 1},
		event.TaskAccepted{Task: "a", Agent: "implementer-1", Purpose: event.PurposeWork, Commit: "w1"},
		want(event.EffectRelease, "release:implementer-1", "implementer-1", "a"),
		want(event.EffectMerge, "merge:a.1", "implementer-1", "a"),
		event.TaskMerged{Effect: "merge:a.1", Task: "a", Agent: "implementer-1", Onto: "base", Commit: "m1"},
		event.QuestionAsked{ID: "q-1", Kind: event.AskAgent, Text: "?", Agent: "implementer-2", Task: "b"},
	}
}

// tell folds events that happen a minute apart; check is asked after each.
func tell(t *testing.T, data []event.Data) *State {
	t.Helper()
	s := New()
	for i, d := range data {
		if err := next(s, d); err != nil {
			t.Fatalf("event %d: %v", i+1, err)
		}
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func next(s *State, d event.Data) error {
	at := time.Date(2026, 3, 1, 9, int(s.Seq)%60, 0, 0, time.UTC)
	return s.Apply(event.Event{Seq: s.Seq + 1, Time: at, Data: d})
}

func TestStory(t *testing.T) {
	s := tell(t, story())
	a, b := s.Tasks["a"], s.Tasks["b"]
	if a.Status != TaskMerged || b.Status != TaskRunning || s.Head != "m1" || s.Agents["implementer-2"].Question != "q-1" {
		t.Fatalf("%+v %+v", a, b)
	}
	// An agent waits for a person, but a workspace is still being removed, so the run
	// is busy. The minute before the first engine does not count.
	if !s.Busy() || s.Active != 19*time.Minute {
		t.Errorf("busy %v, active %s", s.Busy(), s.Active)
	}
	if err := next(s, event.AgentReleased{Effect: "release:implementer-1", Agent: "implementer-1"}); err != nil {
		t.Fatal(err)
	}
	if a := s.Agents["implementer-1"]; a.Seen != nil || a.Inbox != nil || a.Needs != nil {
		t.Error("a released agent's memory is kept")
	}
	if s.Busy() || s.Running() || s.ActiveAt(s.Time.Add(time.Hour)) != s.Active {
		t.Errorf("while a person is asked the run's clock goes on: busy %v", s.Busy())
	}
}

// TestResumed: another process of the attempt takes the place of the first.
func TestResumed(t *testing.T) {
	s := tell(t, story())
	if err := next(s, event.AgentResumed{Effect: "run:implementer-2", Agent: "implementer-2", PID: 8, StartTime: 9, Boot: "b", Why: "killed"}); err != nil {
		t.Fatal(err)
	}
	a := s.Agents["implementer-2"]
	if a.Status != AgentRunning || a.Process.PID != 8 || a.Process.StartTime != 9 || a.Process.Boot != "b" || a.LastSeen != s.Time || !a.StartedAt.Before(s.Time) {
		t.Errorf("the agent is %s in %+v, seen %v", a.Status, a.Process, a.LastSeen)
	}
}

// TestApplyRefuses: a log that can't be is noticed at the event that can't be.
func TestApplyRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		d    event.Data
		text string
	}{
		"created twice":            {event.RunCreated{}, "first event"},
		"an epoch left out":        {event.EngineStarted{Epoch: 3}, "epoch 3 after 1"},
		"a phase too early":        {event.PhaseStarted{Phase: 1}, "the current one is 0"},
		"no such phase":            {event.BarrierTimedOut{Phase: 7}, "no phase 7"},
		"an agent twice":           {event.AgentRequested{Agent: "implementer-1", Task: "a"}, "there already"},
		"an agent of no task":      {event.AgentRequested{Agent: "x-1", Task: "zzz"}, "no task"},
		"two agents for a task":    {event.AgentRequested{Agent: "x-1", Task: "b", Attempt: 2}, "is running"},
		"started twice":            {event.AgentStarted{Agent: "implementer-2"}, "can't become running"},
		"resumed after its end":    {event.AgentResumed{Agent: "implementer-1"}, "can't become running"},
		"nobody":                   {event.ToolCalled{Agent: "x-1"}, "no agent"},
		"collected while it runs":  {event.AgentCollected{Agent: "implementer-2", Effect: "collect:implementer-2"}, "can't become collected"},
		"an end nobody asked for":  {event.AgentExited{Agent: "implementer-2", Effect: "run:zzz"}, "was not asked for"},
		"an effect twice":          {event.EffectRequested{Key: "run:implementer-2"}, "is under way"},
		"failed, not under way":    {event.EffectFailed{Key: "zzz"}, "not under way"},
		"unknown, not under way":   {event.EffectUnknown{Key: "zzz"}, "not under way"},
		"accepted without result":  {event.TaskAccepted{Task: "b", Agent: "implementer-2"}, "has no result"},
		"accepted again":           {event.TaskAccepted{Task: "a", Agent: "implementer-1"}, "has no result"},
		"merged unaccepted":        {event.TaskMerged{Task: "b", Agent: "implementer-2", Onto: "m1"}, "not accepted"},
		"skipped when settled":     {event.TaskSkipped{Task: "a"}, "is merged"},
		"rejected when accepted":   {event.AgentRejected{Agent: "implementer-1"}, "is decided"},
		"released while it runs":   {event.AgentReleased{Agent: "implementer-2"}, "is running"},
		"a question twice":         {event.QuestionAsked{ID: "q-1"}, "there already"},
		"an answer to nothing":     {event.QuestionAnswered{ID: "q-9"}, "not open"},
		"an unknown insight":       {event.InsightConfirmed{ID: "i-9"}, "no insight"},
		"delivered to nobody":      {event.InsightDelivered{Agent: "x-1"}, "no agent"},
		"a barrier without a wish": {event.BarrierOpened{Effect: "publish:0"}, "was not asked for"},
		"a check that is not":      {event.CheckEnded{Check: 4}, "no check 4"},
		"blame of the unmerged":    {event.CheckBlamed{Task: "b"}, "not merged"},
		"the wrong tree":           {event.TaskMerged{Task: "a", Agent: "implementer-1", Onto: "zzz"}, "is merged, not accepted"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := next(tell(t, story()), c.d); err == nil || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("got %v, want …%s…", err, c.text)
			}
		})
	}
	s := tell(t, story())
	if err := s.Apply(event.Event{Seq: s.Seq + 2, Data: event.StopRequested{}}); !errors.Is(err, ErrGap) {
		t.Errorf("a gap: %v", err)
	}
	if err := New().Apply(event.Event{Seq: 1, Data: event.EngineStarted{Epoch: 1}}); err == nil {
		t.Error("a log that begins with anything was taken")
	}
	if err := next(New(), event.RunCreated{}); err == nil {
		t.Error("a plan without phases was taken")
	}
}

// TestCheck: each invariant notices the state that breaks it.
func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*State)
		text  string
	}{
		"a phase open too early":      {func(s *State) { s.Phases[1].Status = PhaseOpen }, "phase 1 is open"},
		"a phase forgotten":           {func(s *State) { s.Phase = 1 }, "phase 0 is active"},
		"a broken chain of merges":    {func(s *State) { s.Phases[0].Merges[0].Onto = "zzz" }, "the tree was at base"},
		"a tree that no merge made":   {func(s *State) { s.Head = "zzz" }, "ends at zzz"},
		"a barrier before its tasks":  {open, "task b is running"},
		"a barrier without its check": {func(s *State) { open(s); s.Tasks["b"].Status = TaskSkipped }, "is not green"},
		"a barrier on an old check": {func(s *State) {
			open(s)
			s.Tasks["b"].Status = TaskSkipped
			s.Phases[0].Checks[0].Last = passed("base")
		}, "is not green at m1"},
		"running without an attempt":    {func(s *State) { s.Tasks["b"].Agent = "" }, "its attempt"},
		"another task's attempt":        {func(s *State) { s.Tasks["b"].Agent = "implementer-1" }, "can't be that"},
		"merged without a result":       {func(s *State) { s.Tasks["a"].Accepted = nil }, "no accepted result"},
		"merged from nowhere":           {func(s *State) { s.Tasks["a"].Merged = nil }, "how it came to that"},
		"skipped by nobody":             {func(s *State) { s.Tasks["a"].Status = TaskSkipped }, "nobody skipped it"},
		"work before the phase":         {func(s *State) { s.Tasks["c"].Status, s.Tasks["c"].Agent = TaskRunning, "implementer-2" }, "can't be that"},
		"waiting for a closed question": {func(s *State) { s.Tasks["b"].Question = "q-9" }, "which is closed"},
		"a process without an effect":   {func(s *State) { delete(s.Effects, "run:implementer-2") }, "no effect runs it"},
		"both accepted and rejected":    {func(s *State) { s.Agents["implementer-1"].Rejected = &event.AgentRejected{} }, "both accepted and rejected"},
		"a released agent that lives":   {func(s *State) { s.Agents["implementer-1"].Status = AgentReleased }, "it lives on"},
		"more agents than slots": {func(s *State) {
			s.Settings.MaxAgents = 1
			s.Effects["run:implementer-1"] = &Effect{EffectRequested: event.EffectRequested{Key: "run:implementer-1"}}
		}, "2 agents hold slots, 1 may"},
		"a miscounted wait":        {func(s *State) { s.waiting = 0 }, "1 agents wait for an answer, 0 are counted"},
		"a miscounted failure":     {func(s *State) { s.stuck = 1 }, "0 effects are given up"},
		"an effect for nobody":     {func(s *State) { s.Effects["run:implementer-2"].Agent = "x" }, "is for nobody"},
		"an effect of the future":  {func(s *State) { s.Effects["run:implementer-2"].Epoch = 9 }, "of epoch 9"},
		"an open, closed question": {func(s *State) { s.Questions["q-1"].Withdrawn = "moot" }, "is not open"},
		"a question lost":          {func(s *State) { s.Open = nil }, "which is closed"},
		"a question uncounted":     {func(s *State) { s.Asked = 0 }, "0 questions were asked"},
		"an agent uncounted":       {func(s *State) { s.Started = 0 }, "0 agents were started"},
		"agents after the end":     {func(s *State) { s.Ended = &event.RunEnded{} }, "agent implementer-2 runs"},
		"effects after the end": {func(s *State) {
			s.Ended = &event.RunEnded{}
			s.Agents["implementer-2"].Status = AgentPrepared
		}, "under way"},
		"done, and it is not": {func(s *State) {
			s.Ended = &event.RunEnded{Outcome: event.OutcomeDone}
			s.Agents["implementer-2"].Status = AgentPrepared
			clear(s.Effects)
		}, "its work is not"},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell(t, story())
			c.spoil(s)
			if err := s.Check(); err == nil || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("got %v, want …%s…", err, c.text)
			}
		})
	}
	if err := New().Check(); err != nil {
		t.Errorf("before the first event: %v", err)
	}
}

// open lets the first barrier open whether it may or not.
func open(s *State) {
	p := s.Phases[0]
	p.Status, p.Opened, s.Phase = PhaseOpen, &event.BarrierOpened{Commit: s.Head}, 1
}

func passed(commit string) *event.CheckEnded {
	return &event.CheckEnded{Commit: commit, Status: event.CheckPassed}
}

// TestTwoQuestions: an agent that asked twice waits until both are answered, and
// the time counts once.
func TestTwoQuestions(t *testing.T) {
	s := tell(t, append(story(), event.QuestionAsked{ID: "q-2", Kind: event.AskAgent, Text: "?", Agent: "implementer-2", Task: "b"}))
	a := s.Agents["implementer-2"]
	for _, id := range []string{"q-2", "q-1"} {
		if a.Question == "" {
			t.Fatalf("it does not wait for %s", id)
		}
		if err := next(s, event.QuestionAnswered{ID: id, Answer: "x"}); err != nil {
			t.Fatal(err)
		}
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
	}
	if a.Question != "" || a.Waited != 3*time.Minute {
		t.Errorf("it waits for %q, waited %s", a.Question, a.Waited)
	}
}

// TestNoteOfAnAnswer: what a person says beside an answer is the reason, too.
func TestNoteOfAnAnswer(t *testing.T) {
	s := tell(t, append(story(), event.QuestionAsked{ID: "q-2", Kind: event.AskAttempts, Text: "?", Task: "b", Options: []string{AnswerSkip}}))
	if err := next(s, event.QuestionAnswered{ID: "q-2", Answer: AnswerSkip, By: "ann", Note: "not needed"}); err != nil {
		t.Fatal(err)
	}
	if got := s.Tasks["b"].Skipped; got == nil || got.Reason != "answer to q-2: not needed" {
		t.Errorf("skipped: %+v", got)
	}
}

// TestBounds: what grows with a run is bounded, or counted.
func TestBounds(t *testing.T) {
	s := tell(t, story())
	for i := range 3 * MaxProblems {
		need := strings.Repeat("x", i%15+1)
		for _, d := range []event.Data{event.Problem{Text: "p"}, event.CheckedIn{Agent: "implementer-2", Need: need}} {
			if err := next(s, d); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(s.Problems) != MaxProblems || len(s.Agents["implementer-2"].Needs) != MaxNeeds {
		t.Errorf("%d problems, %d needs", len(s.Problems), len(s.Agents["implementer-2"].Needs))
	}
}

// TestPlanningCounts: what making the plan has used is the beginning of the run's budget, and
// of nobody else's; a log from before it was recorded begins with nothing.
func TestPlanningCounts(t *testing.T) {
	for _, planning := range []event.Usage{{}, {InputTokens: 700, OutputTokens: 50, CostUSD: 0.75, Turns: 3}} {
		told := story()
		created := told[0].(event.RunCreated)
		created.Settings.Planning = planning
		created.Settings.Budgets.Run = event.Allowance{Tokens: 1000, CostUSD: 1}
		told[0] = created
		told = append(told, event.AgentUsed{Agent: "implementer-2", Used: event.Usage{InputTokens: 100, CostUSD: 0.25}})
		s := tell(t, told)
		used := map[string]float64{}
		for _, l := range s.Budgets(s.Time) {
			used[l.Key()] = l.Used
		}
		if used["run//tokens"] != float64(planning.Tokens()+100) || used["run//cost_usd"] != planning.CostUSD+0.25 {
			t.Errorf("planned with %+v: %v", planning, used)
		}
		if got := s.Phases[0].Spent.Usage.Tokens(); got != 100 {
			t.Errorf("the phase used %d tokens", got)
		}
	}
}
