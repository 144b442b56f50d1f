package decide

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"popkit/internal/core/approval"
	"popkit/internal/core/event"
	"popkit/internal/core/inbox"
	"popkit/internal/core/insight"
	"popkit/internal/core/state"
	"popkit/internal/core/watch"
)

// MaxText bounds what an agent or a person can put into one field, in bytes.
const MaxText = 16 << 10

// PersonAuthor is the author of insights that a person adds.
const PersonAuthor = "person"

// agentSays turns what an agent reports into events.
func agentSays(s *state.State, now time.Time, in Input) ([]event.Data, error) {
	if share, ok := in.(ShareInsight); ok {
		return shareInsight(s, share)
	}
	a, err := speaker(s, in)
	if err != nil {
		return nil, err
	}
	switch in := in.(type) {
	case CheckIn:
		return checkIn(s, a, in)
	case CallTool:
		in.Tool, in.Call = clip(in.Tool, 200), clip(in.Call, 200)
		out := append(unguarded(a, in), event.ToolCalled{Agent: a.Agent, Tool: in.Tool, Call: in.Call, Subject: clip(in.Subject, maxSubject)})
		if n := s.Settings.CheckinEvery; n > 0 && (a.Tools+1)%n == 0 {
			out = append(out, event.CheckedIn{Agent: a.Agent, Doing: in.Tool, Auto: true})
		}
		return append(out, inbox.Take(s, a, inbox.Want{Part: in.Take, Via: "tool", Needs: a.Needs})...), nil
	case Pull:
		return inbox.Take(s, a, inbox.Want{Part: in.Take, Via: in.Via, Max: in.Max, Needs: a.Needs, These: in.These}), nil
	case Ask:
		return ask(s, a, in)
	case PresentPlan:
		out, r := approval.Present(s, a, in.Plan)
		return out, refused(r)
	case Report:
		return report(s, now, a, in)
	case Use:
		return use(a, in)
	case Judge:
		return judgeCall(s, a, in), nil
	}
	return nil, fmt.Errorf("no rule for input %T", in)
}

// speaker returns the agent an input comes from, if it may still speak.
func speaker(s *state.State, in Input) (*state.Agent, error) {
	id := agentOf(in)
	a, ok := s.Agents[id]
	if !ok {
		return nil, refuse("", "no agent %q in this run", id)
	}
	if a.Exit != nil || a.Rejected != nil {
		return nil, refuse("", "agent %s has ended", id)
	}
	return a, nil
}

// agentOf returns the agent that an input comes from, or "".
func agentOf(in Input) string {
	switch in := in.(type) {
	case CheckIn:
		return in.Agent
	case CallTool:
		return in.Agent
	case Pull:
		return in.Agent
	case Ask:
		return in.Agent
	case PresentPlan:
		return in.Agent
	case Report:
		return in.Agent
	case Use:
		return in.Agent
	case Judge:
		return in.Judged.Agent
	}
	return ""
}

func shareInsight(s *state.State, in ShareInsight) ([]event.Data, error) {
	if in.Kind == "" {
		in.Kind = event.InsightDiscovery
	}
	if err := insight.Validate(in.Kind, in.Content, in.Tags, in.Confidence); err != nil {
		return nil, refuse("", "%s", err)
	}
	author, task := author(s, in)
	if id, ok := s.Insights.Find(in.Kind, in.Content); ok {
		known := s.Insights.Get(id)
		if known.Agent == author || slices.Contains(known.Confirmed, author) {
			return nil, nil
		}
		return []event.Data{event.InsightConfirmed{ID: id, Agent: author}}, nil
	}
	if n := s.Settings.MaxInsights; n > 0 && s.Insights.Len() >= n {
		return nil, refuse("raise limits.max_insights", "this run has %d insights already", n)
	}
	e := event.InsightShared{
		ID: fmt.Sprintf("i-%d", s.Insights.Len()+1), Agent: author, Task: task, Phase: in.Phase, Kind: in.Kind,
		Content: strings.TrimSpace(in.Content), Tags: in.Tags, Confidence: in.Confidence, Source: in.Source, Found: in.Found,
		Similar: s.Insights.Similar(in.Content),
	}
	if e.Phase == "" {
		e.Phase = phaseName(s)
	}
	out := []event.Data{e}
	if in.Kind == event.InsightBlocker {
		out = append(out, event.Problem{Source: "blocker from " + author, Text: e.Content, Agent: in.Agent, Task: task})
	}
	return out, nil
}

func author(s *state.State, in ShareInsight) (name, task string) {
	if a, ok := s.Agents[in.Agent]; ok {
		return in.Agent, a.Task
	}
	if in.Author != "" {
		return clip(in.Author, 100), ""
	}
	return PersonAuthor, ""
}

func phaseName(s *state.State) string {
	if s.Phase < len(s.Phases) {
		return s.Phases[s.Phase].Name
	}
	return s.Phases[len(s.Phases)-1].Name
}

func checkIn(s *state.State, a *state.Agent, in CheckIn) ([]event.Data, error) {
	if in.Progress != nil && (*in.Progress < 0 || *in.Progress > 1 || *in.Progress != *in.Progress) {
		return nil, refuse("popkit check-in --progress 0.4 \"…\"", "progress %v is not between 0 and 1", *in.Progress)
	}
	told := event.CheckedIn{Agent: a.Agent, Progress: in.Progress, Doing: clip(in.Doing, MaxText), Need: clip(in.Need, MaxText)}
	if in.Need == "" {
		return append([]event.Data{told}, inbox.Take(s, a, inbox.Want{Part: in.Take, Via: "check-in", Needs: a.Needs})...), nil
	}
	need := insight.Need{Text: in.Need, Tags: s.Tasks[a.Task].Tags}
	needs := append(slices.Clone(a.Needs), need)
	news, known := inbox.Answers(s, a, need)
	if known != "" {
		told.Known = []string{known}
	}
	out := []event.Data{told}
	if !news && known == "" {
		share := ShareInsight{Agent: a.Agent, Kind: event.InsightQuestion, Content: clip(in.Need, 4000), Tags: need.Tags, Source: "need"}
		asked, err := shareInsight(s, share)
		if err != nil { // the check-in itself is good, and the need stays open
			asked = []event.Data{event.Problem{
				Source: "agent " + a.Agent, Agent: a.Agent, Task: a.Task, Text: "its need was not passed on to others: " + err.Error(),
			}}
		}
		out = append(out, asked...)
	}
	return append(out, inbox.Take(s, a, inbox.Want{Part: in.Take, Via: "check-in", Needs: needs})...), nil
}

func ask(s *state.State, a *state.Agent, in Ask) ([]event.Data, error) {
	if strings.TrimSpace(in.Text) == "" {
		return nil, refuse(`popkit ask "which database?"`, "the question is empty")
	}
	if n := s.Settings.MaxQuestions; n > 0 && a.Questions >= n {
		return nil, refuse("raise limits.max_questions_per_agent", "agent %s has asked %d questions already", a.Agent, n)
	}
	if in.Default != "" && len(in.Options) > 0 && !slices.Contains(in.Options, in.Default) {
		return nil, refuse("", "the default %q is none of the options", in.Default)
	}
	def := in.Default
	if def == "" {
		def = AnswerNone
	}
	return []event.Data{event.QuestionAsked{
		ID: questionID(s), Kind: event.AskAgent, Text: clip(in.Text, MaxText), Options: in.Options,
		Default: def, Timeout: s.Settings.DecisionTimeout, Agent: a.Agent, Task: a.Task, Phase: a.Phase,
	}}, nil
}

// AnswerNone is what an agent is told when nobody answered in time and it named
// no default.
const AnswerNone = "no answer"

func questionID(s *state.State) string { return s.QuestionID() }

func report(s *state.State, now time.Time, a *state.Agent, in Report) ([]event.Data, error) {
	switch in.Report.Status {
	case event.ReportDone, event.ReportFailed, event.ReportBlocked, event.ReportQuota:
	default:
		return nil, refuse("popkit report --status done|failed|blocked|quota", "unknown status %q", in.Report.Status)
	}
	if u := in.Report.Usage; u != nil {
		if err := checkUsage(*u); err != nil {
			return nil, err
		}
	}
	in.Report.Summary = clip(in.Report.Summary, MaxText)
	out := []event.Data{event.Reported{Agent: a.Agent, Report: in.Report}}
	if in.Report.Status == event.ReportQuota {
		out = append(out, watch.QuotaHit(s, now, a.Agent, in.Report.Summary, in.Report.ResetsAt)...)
	}
	return out, nil
}

// use takes in what an agent's model has used. What it says is not proved: an agent
// can only make its budget smaller.
func use(a *state.Agent, in Use) ([]event.Data, error) {
	if err := checkUsage(in.Used); err != nil {
		return nil, err
	}
	if in.Used == (event.Usage{}) {
		return nil, nil
	}
	return []event.Data{event.AgentUsed{Agent: a.Agent, Used: in.Used}}, nil
}

func checkUsage(u event.Usage) error {
	if event.SaneUsage(u) {
		return nil
	}
	return refuse("popkit usage --input 12000 --output 800 --cost 0.12", "usage can't be %d and %d tokens for %v dollars", u.InputTokens, u.OutputTokens, u.CostUSD)
}

// clip cuts text to at most n bytes at a rune's end.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	text = text[:n]
	for len(text) > 0 && !utf8.ValidString(text[max(0, len(text)-utf8.UTFMax):]) {
		text = text[:len(text)-1]
	}
	return text
}
