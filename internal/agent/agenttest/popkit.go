package agenttest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"popkit/internal/core/event"
)

// Popkit is a popkit that agents can talk to, in memory: it keeps what it is told
// and answers as it was set up. The zero value answers every question with its
// first option, or "yes". It is safe for use by several goroutines.
type Popkit struct {
	ForMe   []event.InsightShared // what ListInsights returns
	Answers map[string]string     // by the question's text
	Tell    []string              // told one by one, at each check-in and tool call
	Denied  []string              // what no tool call may have in its input
	Plans   []string              // said to one plan after the other, "ANSWER: NOTE"; then "approve"
	Err     error                 // when set, everything fails with it

	mu    sync.Mutex
	calls []string
}

// Calls returns what was called so far, in words.
func (p *Popkit) Calls() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.calls...)
}

func (p *Popkit) called(ctx context.Context, format string, args ...any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, fmt.Sprintf(format, args...))
	if p.Err != nil {
		return p.Err
	}
	return ctx.Err()
}

func (p *Popkit) next() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.Tell) == 0 {
		return ""
	}
	told := p.Tell[0]
	p.Tell = p.Tell[1:]
	return told
}

// ShareInsight records it.
func (p *Popkit) ShareInsight(ctx context.Context, i event.InsightShared) error {
	return p.called(ctx, "insight %s %q %v %v", i.Kind, i.Content, i.Tags, i.Confidence)
}

// ListInsights returns ForMe.
func (p *Popkit) ListInsights(ctx context.Context) ([]event.InsightShared, error) {
	return p.ForMe, p.called(ctx, "insights")
}

// CheckIn returns the next of Tell.
func (p *Popkit) CheckIn(ctx context.Context, c event.CheckedIn) (string, error) {
	progress := "none"
	if c.Progress != nil {
		progress = fmt.Sprint(*c.Progress)
	}
	if err := p.called(ctx, "check-in %s %q %q", progress, c.Doing, c.Need); err != nil {
		return "", err
	}
	return p.next(), nil
}

// Ask returns the answer of Answers, the first option, or "yes".
func (p *Popkit) Ask(ctx context.Context, q event.QuestionAsked) (string, error) {
	err := p.called(ctx, "ask %q %v", q.Text, q.Options)
	if answer, ok := p.Answers[q.Text]; ok {
		return answer, err
	}
	if len(q.Options) > 0 {
		return q.Options[0], err
	}
	return "yes", err
}

// Present returns the next of Plans.
func (p *Popkit) Present(ctx context.Context, plan string) (answer, note string, err error) {
	err = p.called(ctx, "plan %q", plan)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.Plans) == 0 {
		return "approve", "", err
	}
	answer, note, _ = strings.Cut(p.Plans[0], ": ")
	p.Plans = p.Plans[1:]
	return answer, note, err
}

// Report records it.
func (p *Popkit) Report(ctx context.Context, r event.Report) error {
	return p.called(ctx, "report %s %q no code %t", r.Status, r.Summary, r.NoCode)
}

// Use records it.
func (p *Popkit) Use(ctx context.Context, u event.Usage) error {
	return p.called(ctx, "use %d %d %g", u.InputTokens, u.OutputTokens, u.CostUSD)
}

// Tool returns the next of Tell.
func (p *Popkit) Tool(ctx context.Context, name, id, on string) (string, error) {
	if id != "" {
		name += " " + id
	}
	if on != "" {
		name += " on " + on
	}
	if err := p.called(ctx, "tool %s", name); err != nil {
		return "", err
	}
	return p.next(), nil
}

// Judge denies what has one of Denied in its input.
func (p *Popkit) Judge(ctx context.Context, tool, id string, input []byte) (allowed bool, reason string, err error) {
	err = p.called(ctx, "judge %s %s %s", tool, id, input)
	for _, text := range p.Denied {
		if strings.Contains(string(input), text) {
			return false, text + " is protected", err
		}
	}
	return true, "", err
}
