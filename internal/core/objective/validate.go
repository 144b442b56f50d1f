package objective

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"popkit/internal/core/nearest"
)

// Problem is a mistake in a plan.
type Problem struct {
	Path string // where, e.g. "phases[1].tasks[0].needs[2]"
	Text string // what is wrong, in words
	Hint string // what to do about it; may be ""
}

// String is the problem on one line.
func (p Problem) String() string {
	s := p.Path + ": " + p.Text
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}

// Bounds of names. Task IDs and roles become parts of refs, socket paths and
// directories.
const (
	maxID    = 64
	maxRole  = 32
	maxPhase = 64
	maxTitle = 200
)

// MaxTasks bounds a plan: more tasks than any run could start agents for.
const MaxTasks = 1000

const idHint = "lower case letters, digits, '.', '_' and '-', beginning with a letter or digit"

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

// Validate returns every mistake in p, in the plan's order; none means that the
// plan can run. Any role is allowed, as long as it is a name.
func Validate(p Plan) []Problem {
	v := &validator{plan: p}
	v.objective()
	v.phases()
	v.limits()
	v.choice("on_conflict", string(p.OnConflict), conflictPolicies)
	v.choice("on_barrier_timeout", string(p.OnBarrierTimeout), barrierPolicies)
	return v.problems
}

var (
	conflictPolicies = []string{string(ConflictAgent), string(ConflictHuman), string(ConflictFirstWins)}
	barrierPolicies  = []string{string(BarrierHuman), string(BarrierPartial)}
)

type validator struct {
	plan     Plan
	problems []Problem
}

func (v *validator) add(path, text, hint string) {
	v.problems = append(v.problems, Problem{path, text, hint})
}

// choice allows "" and the known words.
func (v *validator) choice(path, word string, known []string) {
	if word == "" {
		return
	}
	for _, k := range known {
		if word == k {
			return
		}
	}
	v.add(path, fmt.Sprintf("unknown value %q", word),
		nearest.Hint(word, known, "one of "+strings.Join(known, ", ")))
}

func (v *validator) objective() {
	o := v.plan.Objective
	if blank(o.Description) {
		v.add("objective.description", "the objective has no description", "say what is to be built")
	}
	for i, c := range o.SuccessCriteria {
		path := fmt.Sprintf("objective.success_criteria[%d]", i)
		if blank(c.Text) {
			v.add(path+".text", "a success criterion without text", "say how we know that it is met")
		}
		if c.Check != nil {
			v.check(path+".check", *c.Check)
		}
	}
	for i, g := range o.Boundaries.FilePatterns {
		v.glob(fmt.Sprintf("objective.boundaries.file_patterns[%d]", i), g)
	}
	for i, tool := range o.Boundaries.RestrictedTools {
		if blank(tool) {
			v.add(fmt.Sprintf("objective.boundaries.restricted_tools[%d]", i), "an empty tool name", "")
		}
	}
}

func (v *validator) glob(path, pattern string) bool {
	if err := CheckGlob(pattern); err != nil {
		v.add(path, err.Error(), globHint(pattern))
		return false
	}
	return true
}

func globHint(pattern string) string {
	if rest := strings.TrimLeft(pattern, "/"); rest != pattern && CheckGlob(rest) == nil {
		return fmt.Sprintf("write %q", rest)
	}
	return ""
}

func (v *validator) check(path string, c Check) {
	if blank(c.Run) {
		v.add(path+".run", "a check without a command", "e.g. run: make test")
	}
	if _, err := regexp.Compile(c.Expect); err != nil {
		v.add(path+".expect", "not a regular expression: "+strings.TrimPrefix(err.Error(), "error parsing regexp: "),
			"RE2 syntax, as in package regexp of Go")
	}
	if c.Timeout < 0 {
		v.add(path+".timeout", "a negative time", "e.g. timeout: 10m")
	}
}

func (v *validator) limits() {
	l := v.plan.Limits
	for _, n := range []struct {
		key   string
		value float64
	}{
		{"max_parallel_agents", float64(l.MaxParallelAgents)},
		{"max_runtime_minutes", float64(l.MaxRuntimeMinutes)},
		{"max_attempts", float64(l.MaxAttempts)},
		{"max_fix_attempts", float64(l.MaxFixAttempts)},
		{"max_agents_started", float64(l.MaxAgentsStarted)},
		{"max_insights", float64(l.MaxInsights)},
		{"max_insights_per_pull", float64(l.MaxInsightsPerPull)},
		{"max_questions_per_agent", float64(l.MaxQuestionsPerAgent)},
		{"agent_timeout_minutes", float64(l.AgentTimeoutMinutes)},
		{"silence_minutes", float64(l.SilenceMinutes)},
		{"barrier_timeout_minutes", float64(l.BarrierTimeoutMinutes)},
		{"decision_timeout_minutes", float64(l.DecisionTimeoutMinutes)},
		{"check_timeout_minutes", float64(l.CheckTimeoutMinutes)},
		{"retry_delay_seconds", float64(l.RetryDelaySeconds)},
		{"context_bytes", float64(l.ContextBytes)},
		{"transcript_bytes", float64(l.TranscriptBytes)},
		{"max_task_tokens", float64(l.MaxTaskTokens)},
		{"max_task_cost_usd", float64(l.MaxTaskCostUSD)},
		{"max_task_minutes", float64(l.MaxTaskMinutes)},
		{"max_task_tool_calls", float64(l.MaxTaskToolCalls)},
		{"max_task_agents", float64(l.MaxTaskAgents)},
		{"max_phase_tokens", float64(l.MaxPhaseTokens)},
		{"max_phase_cost_usd", float64(l.MaxPhaseCostUSD)},
		{"max_phase_tool_calls", float64(l.MaxPhaseToolCalls)},
		{"max_phase_agents", float64(l.MaxPhaseAgents)},
		{"max_run_tokens", float64(l.MaxRunTokens)},
		{"max_run_cost_usd", float64(l.MaxRunCostUSD)},
		{"max_run_tool_calls", float64(l.MaxRunToolCalls)},
		{"quota_backoff_minutes", float64(l.QuotaBackoffMinutes)},
	} {
		v.limit("limits."+n.key, n.value)
	}
}

// maxLimit keeps every limit, also one in minutes, within a time.Duration.
const maxLimit = 100_000_000

func (v *validator) limit(path string, n float64) {
	switch {
	case math.IsNaN(n) || n > maxLimit:
		v.add(path, "not a usable number", fmt.Sprintf("at most %d", maxLimit))
	case n < 0:
		v.add(path, fmt.Sprintf("a negative limit (%v)", n), "leave it out to use the configuration's")
	}
}

// CheckRuntime says what is wrong with the name of a runtime, or nil. Allowed
// are "exec:COMMAND", "scripted:FILE", "claude", "hosted" and "acp:COMMAND";
// whether the runtime is there to be used is found out at the run's start.
func CheckRuntime(name string) error {
	kind, arg, _ := strings.Cut(name, ":")
	takes, known := runtimeArgs[kind]
	switch {
	case !known:
		return fmt.Errorf("unknown runtime %q (%s)", kind,
			nearest.Hint(kind, runtimeKinds, `e.g. "exec:./agent.sh"`))
	case takes != "" && blank(arg):
		return fmt.Errorf("runtime %s needs a %s (%s:%s)", kind, strings.ToLower(takes), kind, takes)
	case takes == "" && name != kind:
		return fmt.Errorf("runtime %s takes no argument (write %q)", kind, kind)
	}
	return nil
}

var (
	runtimeKinds = []string{"exec", "scripted", "claude", "hosted", "acp"}
	runtimeArgs  = map[string]string{"exec": "COMMAND", "scripted": "FILE", "claude": "", "hosted": "", "acp": "COMMAND"}
)

// CheckID says what is wrong with a task's ID, or nil.
func CheckID(id string) error { return checkName(id, maxID) }

// CheckRole says what is wrong with the name of a role, or nil.
func CheckRole(role string) error { return checkName(role, maxRole) }

func checkName(s string, most int) error {
	switch {
	case s == "":
		return fmt.Errorf("it is empty")
	case len(s) > most:
		return fmt.Errorf("it is longer than %d characters", most)
	case !idForm.MatchString(s):
		return fmt.Errorf("%s", idHint)
	case strings.Contains(s, "..") || strings.HasSuffix(s, ".") || strings.HasSuffix(s, ".lock"):
		return fmt.Errorf(`git allows no "..", no "." and no ".lock" at the end in the name of a ref`)
	}
	return nil
}

func checkPhaseName(s string) (text, hint string) {
	hint = "a short name such as implement"
	switch {
	case blank(s):
		return "a phase without a name", hint
	case len(s) > maxPhase:
		return fmt.Sprintf("a phase name longer than %d bytes", maxPhase), hint
	case s != strings.TrimSpace(s) || strings.ContainsFunc(s, unprintable):
		return fmt.Sprintf("a phase name with blanks at its ends or unprintable characters: %q", s), hint
	}
	return "", ""
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }

func blank(s string) bool { return strings.TrimSpace(s) == "" }
