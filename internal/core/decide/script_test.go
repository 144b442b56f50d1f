package decide

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
)

// words are the parts of a command: bare ones in order, and key=value pairs.
type words struct {
	bare  []string
	value map[string]string
}

func (w words) at(i int) string {
	if i < len(w.bare) {
		return w.bare[i]
	}
	return ""
}

func (w words) from(i int) string { return strings.Join(w.bare[min(i, len(w.bare)):], " ") }

func (w words) list(key string) []string {
	if w.value[key] == "" {
		return nil
	}
	return strings.Split(w.value[key], ",")
}

func (w words) has(word string) bool {
	for _, b := range w.bare {
		if b == word {
			return true
		}
	}
	return false
}

// split cuts a command at blanks; "quoted text" is one word, also as a value.
func split(line string) words {
	w := words{value: map[string]string{}}
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		key := ""
		if i := strings.IndexAny(line, "= \""); i > 0 && line[i] == '=' {
			key, line = line[:i], line[i+1:]
		}
		var word string
		if strings.HasPrefix(line, `"`) {
			word, line, _ = strings.Cut(line[1:], `"`)
		} else {
			word, line, _ = strings.Cut(line, " ")
		}
		if key != "" {
			w.value[key] = word
		} else {
			w.bare = append(w.bare, word)
		}
	}
	return w
}

// command carries out one line of a script.
//
//	set max_agents=2 …                        settings and policies of the plan
//	phase NAME · check COMMAND · task ID …    the plan
//	start · crash                             an engine starts; one dies and another starts
//	outside conflict=TASK:FILES · checks … · hook    what effects will bring; hold=KIND: the script ends these itself
//	exit AGENT [code=N] [reason=R] [files=A,B] [report=done] …
//	  [findings=SEVERITY:RULE:PATH:KEY,…] [unlisted=N]   what the audit finds in its work
//	end KIND … · fail KEY [final]             ends of effects that are held
//	tool · check-in · insight · pull · ask · present · report    what agents say
//	judge AGENT VERDICT [rule= subject= digest= call= flags=RULE:PATH:REASON,…] [canary] · breach AGENT KIND    what the guard finds
//	use · looked · seen                       what agents use, what popkit sees of them
//	answer · always · retry · skip · edit · widen · tell · stop · resume · attend · pause · unpause · boundary · reassign    what people do
//	after DURATION                            time passes
//	show effects · show waiting TASK · show all · show task ID · show prompt AGENT
func (s *stage) command(line string) {
	s.t.Helper()
	w := split(line)
	verb := w.bare[0]
	w.bare = w.bare[1:]
	for _, f := range []func(string, words) bool{s.plan, s.life, s.agent, s.person} {
		if f(verb, w) {
			return
		}
	}
	s.t.Fatalf("no command %q", line)
}

func (s *stage) plan(verb string, w words) bool {
	p := &s.created.Plan
	switch verb {
	case "set":
		for key, value := range w.value {
			s.set(key, value)
		}
	case "phase":
		p.Phases = append(p.Phases, objective.Phase{Name: w.at(0)})
	case "check":
		ph := &p.Phases[len(p.Phases)-1]
		ph.Checks = append(ph.Checks, objective.Check{Run: w.from(0)})
	case "task":
		ph := &p.Phases[len(p.Phases)-1]
		t := objective.Task{
			ID: w.at(0), Role: "implementer", Title: "do " + w.at(0), Prompt: "do " + w.at(0), Tags: w.list("tags"),
			Runtime: w.value["runtime"], Needs: w.list("needs"), Scope: w.list("scope"), NoCode: w.has("no_code"),
		}
		if r := w.value["role"]; r != "" {
			t.Role = r
		}
		ph.Tasks = append(ph.Tasks, t)
	default:
		return false
	}
	return true
}

func (s *stage) set(key, value string) {
	c := &s.created.Settings
	number := func() int {
		n, err := strconv.Atoi(value)
		if err != nil {
			s.t.Fatal(err)
		}
		return n
	}
	length := func() time.Duration {
		d, err := time.ParseDuration(value)
		if err != nil {
			s.t.Fatal(err)
		}
		return d
	}
	switch key {
	case "max_agents":
		c.MaxAgents = number()
	case "max_attempts":
		c.MaxAttempts = number()
	case "max_fixes":
		c.MaxFixes = number()
	case "max_started":
		c.MaxStarted = number()
	case "max_questions":
		c.MaxQuestions = number()
	case "plan_required":
		for _, role := range strings.Split(value, ",") {
			c.Roles[role] = event.Role{PlanRequired: true}
		}
	case "role_runtime":
		role, runtime, _ := strings.Cut(value, ":")
		c.RoleRuntimes = map[string]string{role: runtime}
	case "canary":
		c.Guard.CanaryTimeout = length()
	case "max_insights":
		c.MaxInsights = number()
	case "sequential":
		c.Sequential = value == "yes"
	case "phase_aware":
		c.PhaseAware = value == "yes"
	case "audit_scope":
		c.AuditScope = value == "yes"
	case "unattended":
		c.CloseWhenUnattended = value == "park"
	case "barrier_timeout":
		c.BarrierTimeout = length()
	case "decision_timeout":
		c.DecisionTimeout = length()
	case "agent_timeout":
		c.AgentTimeout = length()
	case "silence":
		c.SilenceTimeout = length()
	case "retry_delay":
		c.RetryDelay = length()
	case "max_runtime":
		c.MaxRuntime = length()
	case "quota_backoff":
		c.QuotaBackoff = length()
	case "task_tokens":
		c.Budgets.Task.Tokens = number()
	case "task_time":
		c.Budgets.Task.Time = length()
	case "task_agents":
		c.Budgets.Task.Agents = number()
	case "phase_calls":
		c.Budgets.Phase.ToolCalls = number()
	case "run_cost":
		c.Budgets.Run.CostUSD = float64(number())
	case "drift":
		c.DriftDetection = true
		c.Drift.Action = value
	case "repeated":
		c.Drift.Repeated = number()
	case "no_progress_calls":
		c.Drift.NoProgressCalls = number()
	case "no_progress":
		c.Drift.NoProgress = length()
	case "silent":
		c.Drift.Silent = length()
	case "boundaries":
		s.created.Plan.Objective.Boundaries.FilePatterns = strings.Split(value, ",")
	case "protected":
		c.ProtectedPaths = strings.Split(value, ",")
	case "on_conflict":
		s.created.Plan.OnConflict = objective.ConflictPolicy(value)
	case "on_barrier_timeout":
		s.created.Plan.OnBarrierTimeout = objective.BarrierPolicy(value)
	case "auto":
		parts := strings.SplitN(value, ":", 3)
		aa := event.AutoAnswer{Kind: event.QuestionKind(parts[0]), Answer: parts[1]}
		if len(parts) == 3 {
			aa.Match = parts[2]
		}
		c.AutoAnswers = append(c.AutoAnswers, aa)
	default:
		s.t.Fatalf("no setting %q", key)
	}
}

func (s *stage) life(verb string, w words) bool {
	switch verb {
	case "start":
		first := event.Event{Seq: 1, Time: s.now, Data: s.created}
		s.log = []event.Event{first}
		s.apply(first)
		s.step(EngineStart{PID: 1})
	case "crash": // a new engine folds the log
		s.state = state.New()
		for _, e := range s.log {
			s.apply(e)
		}
		s.step(EngineStart{PID: 2})
	case "after":
		d, err := time.ParseDuration(w.at(0))
		if err != nil {
			s.t.Fatal(err)
		}
		s.pass(d)
	case "outside":
		s.outside.expect(w)
	case "exit":
		s.exit(w)
	case "end":
		s.step(EffectEnded{Data: s.held(w)})
	case "fail":
		s.step(EffectEnded{Data: event.EffectFailed{Key: w.at(0), Error: "no space left on device", Final: w.has("final")}})
	case "show":
		s.show(w)
	default:
		return false
	}
	return true
}

// pass lets time pass, as the engine does: from deadline to deadline.
func (s *stage) pass(d time.Duration) {
	end := s.now.Add(d)
	for {
		at, ok := NextWake(s.state, s.now)
		if !ok || at.After(end) {
			break
		}
		s.now = at
		s.step(Tick{})
	}
	s.now = end
	s.step(Tick{})
}

// expect notes what effects will bring.
func (o *outside) expect(w words) {
	if task, files, ok := strings.Cut(w.value["conflict"], ":"); ok {
		o.conflicts[task] = strings.Split(files, ",")
	}
	if run, results, ok := strings.Cut(w.value["checks"], ":"); ok {
		o.checks[run] = strings.Split(results, ",")
	}
	if run, task, ok := strings.Cut(w.value["blame"], ":"); ok {
		o.blames[run] = task
	}
	if task := w.value["stubborn"]; task != "" {
		o.stubborn[task] = true
	}
	if w.has("hook") {
		o.hook = true
	}
	for _, kind := range w.list("hold") {
		o.held[event.EffectKind(kind)] = true
	}
	for _, kind := range w.list("free") {
		delete(o.held, event.EffectKind(kind))
	}
}

func (s *stage) exit(w words) {
	id := w.at(0)
	e := event.AgentExited{Effect: "run:" + id, Agent: id, Reason: event.ExitExited, Signal: w.value["signal"]}
	if r := w.value["reason"]; r != "" {
		e.Reason = event.ExitReason(r)
	}
	if c := w.value["code"]; c != "" {
		n, err := strconv.Atoi(c)
		if err != nil {
			s.t.Fatal(err)
		}
		e.Code = n
	}
	if r := w.value["report"]; r != "" {
		e.Report = &event.Report{Status: event.ReportStatus(r), Summary: w.value["summary"]}
	}
	if q := w.value["quota"]; q != "" {
		e.Quota = &event.QuotaSaid{Text: q, Until: s.when(w.value["until"])}
	}
	if e.Report != nil && e.Report.Status == event.ReportQuota {
		e.Report.ResetsAt = s.when(w.value["until"])
	}
	s.outside.files[id], s.outside.unsolved[id] = w.list("files"), w.list("unresolved")
	s.outside.audits[id] = s.audit(w)
	if n := w.value["changed"]; n != "" {
		s.outside.changed[id], _ = strconv.Atoi(n) // a script's mistake shows in its transcript
	}
	s.step(EffectEnded{Data: e})
}

// audit is what a script says that the audit found; nil where it says nothing.
func (s *stage) audit(w words) *event.Audit {
	if w.value["findings"] == "" {
		return nil
	}
	a := &event.Audit{}
	for _, f := range w.list("findings") {
		parts := strings.Split(f, ":")
		if len(parts) != 4 {
			s.t.Fatalf("a finding is SEVERITY:RULE:PATH:KEY, not %q", f)
		}
		a.Findings = append(a.Findings, event.Finding{
			Severity: event.Severity(parts[0]), Rule: parts[1], Path: parts[2], Key: parts[3], Text: parts[2] + " has " + parts[3],
		})
	}
	a.Blocking, a.Notes = count(a.Findings)
	if n := w.value["unlisted"]; n != "" {
		more, err := strconv.Atoi(n)
		if err != nil {
			s.t.Fatal(err)
		}
		a.Blocking += more
	}
	return a
}

func count(found []event.Finding) (blocking, notes int) {
	for _, f := range found {
		if f.Blocks() {
			blocking++
		} else {
			notes++
		}
	}
	return blocking, notes
}

// when is a time that long from now; zero for "".
func (s *stage) when(d string) time.Time {
	if d == "" {
		return time.Time{}
	}
	length, err := time.ParseDuration(d)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.now.Add(length)
}

// held is the end of an effect that the script holds.
func (s *stage) held(w words) event.Data {
	key := w.at(0)
	ef := s.state.Effects[key]
	if ef == nil {
		s.t.Fatalf("effect %q is not under way", key)
	}
	held := s.outside.held
	s.outside.held = map[event.EffectKind]bool{}
	end := s.outside.end(s.state, ef.EffectRequested)
	s.outside.held = held
	return end
}

func (s *stage) show(w words) {
	switch w.at(0) {
	case "all":
		s.all = true
	case "task":
		t := s.state.Tasks[w.at(1)]
		fmt.Fprintf(&s.out, "task %s is %s, %d attempts, %d failed\n", t.ID, t.Status, t.Attempts, t.Tries)
	case "prompt":
		for l := range strings.Lines(s.state.Agents[w.at(1)].Prompt) {
			if l = strings.TrimRight(l, "\n"); strings.Contains(l, w.at(2)) {
				fmt.Fprintf(&s.out, "prompt: %s\n", l)
			}
		}
	case "effects":
		for _, key := range keysOf(s.state, func(*state.Effect) bool { return true }) {
			fmt.Fprintf(&s.out, "under way: %s\n", key)
		}
	case "waiting":
		fmt.Fprintf(&s.out, "waiting: %s\n", Waiting(s.state, s.state.Tasks[w.at(1)], s.now))
	}
}

func (s *stage) agent(verb string, w words) bool {
	id := w.at(0)
	switch verb {
	case "tool":
		n := 1
		if w.value["times"] != "" {
			n, _ = strconv.Atoi(w.value["times"]) // a script's mistake shows in its transcript
		}
		for range n {
			s.step(CallTool{Agent: id, Tool: cmp.Or(w.value["name"], "Edit"), Call: w.value["call"], Subject: w.value["on"]})
		}
	case "judge":
		s.step(Judge{Deed: w.value["deed"], Judged: event.GuardJudged{
			Agent: id, Verdict: event.Verdict(w.at(1)), Tool: cmp.Or(w.value["tool"], "Bash"), Call: w.value["call"], On: w.value["on"], Rule: w.value["rule"], Subject: w.value["subject"],
			Digest: w.value["digest"], Reason: w.value["reason"], Canary: w.has("canary"), Flags: flags(w),
		}})
	case "breach":
		s.step(Breach{Breached: event.AgentBreached{Agent: id, Kind: event.BreachKind(w.at(1)), Reason: "found at the edge"}})
	case "use":
		n, _ := strconv.Atoi(w.value["tokens"]) // likewise
		cost, _ := strconv.ParseFloat(w.value["cost"], 64)
		s.step(Use{Agent: id, Used: event.Usage{InputTokens: int64(n), CostUSD: cost}})
	case "looked":
		files := w.list("files")
		s.step(EffectEnded{Data: event.AgentChanged{Effect: "run:" + id, Agent: id, Files: files, Changed: len(files)}})
	case "seen":
		s.step(EffectEnded{Data: event.AgentSeen{Effect: "run:" + id, Agent: id}})
	case "resumed":
		s.step(EffectEnded{Data: event.AgentResumed{Effect: "run:" + id, Agent: id, PID: 8, Why: "its process was killed"}})
	case "check-in":
		in := CheckIn{Agent: id, Doing: w.value["doing"], Need: w.value["need"]}
		if p := w.value["progress"]; p != "" {
			f, err := strconv.ParseFloat(p, 64)
			if err != nil {
				s.t.Fatal(err)
			}
			in.Progress = &f
		}
		s.step(in)
	case "insight":
		if id == "person" {
			id = ""
		}
		s.step(ShareInsight{Agent: id, Kind: w.value["type"], Tags: w.list("tags"), Content: w.from(1)})
	case "pull":
		s.step(Pull{Agent: id, Via: "pull"})
	case "ask":
		s.step(Ask{Agent: id, Text: w.from(1), Options: w.list("options"), Default: w.value["default"]})
	case "present":
		s.step(PresentPlan{Agent: id, Plan: w.from(1)})
	case "report":
		s.step(Report{Agent: id, Report: event.Report{Status: event.ReportStatus(w.at(1)), Summary: w.from(2), ResetsAt: s.when(w.value["until"])}})
	default:
		return false
	}
	return true
}

// flags are RULE:PATH:REASON, the path most often empty.
func flags(w words) []event.GuardFlag {
	var out []event.GuardFlag
	for _, f := range w.list("flags") {
		parts := strings.SplitN(f+"::", ":", 3)
		out = append(out, event.GuardFlag{Rule: parts[0], Path: parts[1], Reason: strings.TrimRight(parts[2], ":")})
	}
	return out
}

func (s *stage) person(verb string, w words) bool {
	switch verb {
	case "answer":
		s.step(Answer{ID: w.at(0), Answer: w.from(1), By: "ann", Note: w.value["note"], Files: w.list("files")})
	case "always":
		s.step(Answer{ID: w.at(0), Answer: w.from(1), By: "ann", Always: true})
	case "retry":
		s.step(Retry{Task: w.at(0), By: "ann", Reason: w.from(1)})
	case "skip":
		s.step(Skip{Task: w.at(0), By: "ann", Reason: w.from(1)})
	case "edit":
		prompt := w.from(1)
		s.step(Edit{Edited: event.TaskEdited{Task: w.at(0), By: "ann", Prompt: &prompt}})
	case "widen":
		scope := strings.Split(w.at(1), ",")
		s.step(Edit{Edited: event.TaskEdited{Task: w.at(0), By: "ann", Scope: &scope}})
	case "tell":
		to := w.at(0)
		if to == "all" {
			to = ""
		}
		s.step(Tell{To: to, From: "ann", Text: w.from(1)})
	case "pause":
		s.step(Pause{By: "ann", Reason: w.from(0)})
	case "unpause":
		s.step(Unpause{By: "ann"})
	case "boundary":
		s.step(AddBoundary{Glob: w.at(0), Task: w.value["task"], By: "ann"})
	case "reassign":
		s.step(Reassign{Task: w.at(0), Role: w.value["role"], Runtime: w.value["runtime"], By: "ann", Reason: w.from(1)})
	case "stop":
		s.step(Stop{By: "ann", Reason: "lunch", Now: w.has("now")})
	case "resume":
		s.step(Resume{By: "ann"})
	case "attend":
		n, err := strconv.Atoi(w.at(0))
		if err != nil {
			s.t.Fatal(err)
		}
		s.step(Attend{Attached: n})
	default:
		return false
	}
	return true
}
