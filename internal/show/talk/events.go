package talk

import (
	"fmt"
	"slices"
	"strings"

	"popkit/internal/core/event"
	"popkit/internal/core/transcript"
	"popkit/internal/show"
)

// Events says what the run's events say of one agent. It has to see all of them,
// from the first on.
type Events struct {
	Workspace string // the agent's; "" as long as it has none

	agent    string
	insights map[string]event.InsightShared
	messages map[string]event.MessageSent
	asked    map[string]bool   // questions about the agent
	calls    map[string]string // question → the tool call that waits for it
}

// NewEvents tells of the agent.
func NewEvents(agent string) *Events {
	return &Events{
		agent: agent, insights: map[string]event.InsightShared{}, messages: map[string]event.MessageSent{}, asked: map[string]bool{}, calls: map[string]string{},
	}
}

// Tell returns what an event says of the agent: nothing, where it is about another,
// or a step on the way.
func (t *Events) Tell(e event.Event) []transcript.Entry {
	var out []transcript.Entry
	for _, say := range []func(event.Data) []transcript.Entry{t.talk, t.people, t.life, t.track} {
		out = append(out, say(e.Data)...)
	}
	for i := range out {
		out[i].At = e.Time
	}
	return out
}

func entry(kind transcript.Kind, format string, args ...any) []transcript.Entry {
	return []transcript.Entry{{Kind: kind, Text: fmt.Sprintf(format, args...)}}
}

func (t *Events) talk(d event.Data) []transcript.Entry {
	switch d := d.(type) {
	case event.AgentRequested:
		if d.Agent != t.agent {
			return nil
		}
		out := t.given(d.Insights)
		for i := range out {
			out[i].Text = "with its prompt: " + out[i].Text
		}
		return out
	case event.InsightShared:
		t.insights[d.ID] = d
		if d.Agent == t.agent {
			return entry(Shared, "%s", insightText(d))
		}
	case event.InsightConfirmed:
		if d.Agent == t.agent {
			return entry(Shared, "the same as %s", t.byOther(d.ID))
		}
	case event.InsightDelivered:
		if d.Agent == t.agent {
			return t.given(d.IDs)
		}
	case event.MessageSent:
		t.messages[d.ID] = d
	case event.MessageDelivered:
		if d.Agent == t.agent {
			return t.told(d.IDs)
		}
	case event.CheckedIn:
		if d.Agent != t.agent {
			return nil
		}
		out := t.given(d.Known)
		if !d.Auto {
			out = slices.Insert(out, 0, entry(CheckIn, "%s", checkIn(d))...)
		}
		return out
	case event.Reported:
		if d.Agent == t.agent {
			return entry(Report, "%s: %s%s", d.Report.Status, d.Report.Summary, followUps(d.Report))
		}
	}
	return nil
}

func followUps(r event.Report) string {
	var b strings.Builder
	for _, f := range r.FollowUps {
		b.WriteString("\nfollow-up: " + show.Line(f))
	}
	return b.String()
}

func insightText(d event.InsightShared) string {
	text := fmt.Sprintf("%s, %s", d.ID, d.Kind)
	if len(d.Tags) > 0 {
		text += " [" + show.Line(strings.Join(d.Tags, ", ")) + "]"
	}
	return text + ": " + d.Content
}

// byOther is an insight with who shared it.
func (t *Events) byOther(id string) string {
	d, ok := t.insights[id]
	if !ok {
		return id
	}
	return fmt.Sprintf("%s by %s", d.ID, d.Agent) + strings.TrimPrefix(insightText(d), d.ID)
}

func (t *Events) given(ids []string) []transcript.Entry {
	var out []transcript.Entry
	for _, id := range ids {
		out = append(out, transcript.Entry{Kind: Insight, Text: t.byOther(id)})
	}
	return out
}

func (t *Events) told(ids []string) []transcript.Entry {
	var out []transcript.Entry
	for _, id := range ids {
		d, ok := t.messages[id]
		text := id
		if ok {
			text = fmt.Sprintf("%s by %s: %s", d.ID, d.From, d.Text)
		}
		if d.Urgent {
			text = "urgent, " + text
		}
		out = append(out, transcript.Entry{Kind: Message, Text: text})
	}
	return out
}

func checkIn(d event.CheckedIn) string {
	var parts []string
	if d.Progress != nil {
		parts = append(parts, fmt.Sprintf("%d %%", int(*d.Progress*100)))
	}
	if d.Doing != "" {
		parts = append(parts, d.Doing)
	}
	if d.Need != "" {
		parts = append(parts, "needs: "+d.Need)
	}
	return strings.Join(parts, "; ")
}

// people tells what is asked of people about the agent, and what they answer.
func (t *Events) people(d event.Data) []transcript.Entry {
	switch d := d.(type) {
	case event.QuestionAsked:
		if d.Agent != t.agent {
			return nil
		}
		t.asked[d.ID] = true
		text := fmt.Sprintf("%s (%s): %s", d.ID, d.Kind, d.Text)
		if len(d.Options) > 0 {
			text += " [" + strings.Join(d.Options, ", ") + "]"
		}
		return entry(Asks, "%s", text)
	case event.QuestionAnswered:
		if !t.asked[d.ID] {
			return nil
		}
		text := fmt.Sprintf("%s: %s, by %s", d.ID, d.Answer, d.By)
		if d.Always {
			text += ", always"
		}
		if d.Note != "" {
			text += ": " + d.Note
		}
		out := entry(Answer, "%s", text)
		out[0].Call, out[0].Bad = t.calls[d.ID], d.Answer == "deny"
		return out
	case event.QuestionWithdrawn:
		if t.asked[d.ID] {
			return entry(Answer, "%s: not needed any more (%s)", d.ID, d.Reason)
		}
	}
	return nil
}

// life tells how the agent began and ended, and what became of its work.
func (t *Events) life(d event.Data) []transcript.Entry {
	switch d := d.(type) {
	case event.AgentPrepared:
		if d.Agent == t.agent {
			t.Workspace = d.Workspace
		}
	case event.AgentStarted:
		if d.Agent == t.agent {
			return entry(Started, "%s", strings.Trim(strings.TrimPrefix(show.Event(d), d.Agent+" started "), "()"))
		}
	case event.AgentResumed:
		if d.Agent == t.agent {
			return entry(Warning, "its process is gone, and another one goes on: %s", d.Why)
		}
	case event.AgentExited:
		if d.Agent == t.agent {
			return entry(Ended, "%s", strings.TrimPrefix(strings.TrimPrefix(show.Event(d), d.Agent+" "), "ended with "))
		}
	case event.AgentCollected:
		if d.Agent == t.agent {
			return entry(Left, "%s", strings.TrimPrefix(show.Event(d), d.Agent+" left "))
		}
	case event.TaskAccepted:
		if d.Agent == t.agent {
			return entry(Left, "accepted as the result of task %s", d.Task)
		}
	case event.AgentRejected:
		if d.Agent == t.agent {
			return entry(Left, "not taken: %s", d.Reason)
		}
	case event.TaskMerged:
		if d.Agent == t.agent {
			return entry(Left, "merged as %s", show.Commit(d.Commit))
		}
	}
	return nil
}

// track tells what was denied to the agent, and what else went wrong with it.
func (t *Events) track(d event.Data) []transcript.Entry {
	switch d := d.(type) {
	case event.GuardJudged:
		if d.Agent == t.agent && d.Verdict == event.VerdictAsk {
			t.calls[d.Question] = d.Call
		}
		if d.Agent == t.agent && d.Verdict == event.VerdictDeny && !d.Canary {
			return []transcript.Entry{{Kind: transcript.Denied, Tool: d.Tool, Subject: d.On, Text: why(d), Call: d.Call, Bad: true}}
		}
	case event.AgentDrifted:
		if d.Agent == t.agent {
			return entry(Warning, "off its track, %s: %s", strings.ReplaceAll(string(d.Kind), "_", " "), d.Evidence)
		}
	case event.AgentBreached:
		if d.Agent == t.agent {
			return entry(Warning, "got around the guard: %s", d.Reason)
		}
	case event.AgentStopRequested:
		if d.Agent == t.agent {
			return entry(Warning, "told to stop: %s", d.Reason)
		}
	}
	return nil
}

// why is the rule, the reason and what to do instead.
func why(d event.GuardJudged) string {
	text := d.Rule
	if reason := strings.TrimPrefix(d.Reason, d.Rule+": "); reason != "" {
		text += ": " + reason
	}
	if d.Hint != "" {
		text += " (" + d.Hint + ")"
	}
	return strings.TrimPrefix(text, ": ")
}

// Knows reports whether what popkit told the agent is a message or an insight: the
// event of its delivery says so, too.
func (t *Events) Knows(text string) bool {
	within := func(content string) bool {
		content, _, _ = strings.Cut(strings.TrimSpace(content), "\n")
		return content != "" && strings.Contains(text, content)
	}
	for _, m := range t.messages {
		if (m.To == t.agent || m.To == "") && strings.Contains(text, m.ID) && within(m.Text) {
			return true
		}
	}
	for _, in := range t.insights {
		if in.Agent != t.agent && strings.Contains(text, in.ID) && within(in.Content) {
			return true
		}
	}
	return false
}

// Besides reports whether a transcript's entry says what the events do not say: they
// have what popkit denies and gives, and what the agent says by popkit's tools.
func Besides(e transcript.Entry) bool {
	switch e.Kind {
	case transcript.Denied, transcript.Given:
		return false
	case transcript.Call:
		return !popkits(e.Tool)
	case transcript.Result:
		return e.Bad || !popkits(e.Tool)
	}
	return true
}

// popkits reports whether a tool is one of popkit's own, which events tell of.
func popkits(tool string) bool { return strings.HasPrefix(tool, "mcp__popkit__") }
