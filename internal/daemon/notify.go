package daemon

import (
	"context"
	"strings"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/notify"
)

// openNotify begins to tell people of questions.
func (d *daemon) openNotify(ctx context.Context) {
	cfg := d.env.cfg.Notify
	d.notifier = notify.New(context.WithoutCancel(ctx), notify.Config{
		Command: cfg.Command, Webhook: cfg.Webhook, Dir: d.Run.Place.Repo, Env: d.env.vars, Redactor: d.env.redactor,
		Timeout: time.Duration(cfg.TimeoutSeconds * float64(time.Second)), Failed: func(text string) { d.note("notify", text) },
	})
	d.later(func() error { d.notifier.Close(); return nil })
}

// tellPeople tells of the questions among the events that wait for a person. It is
// called by the engine's goroutine.
func (d *daemon) tellPeople(s *state.State, events []event.Event) {
	for _, e := range events {
		asked, ok := e.Data.(event.QuestionAsked)
		if !ok || !s.Questions[asked.ID].IsOpen() { // answered by the policy
			continue
		}
		q := notify.Question{
			Run: d.Run.ID, Objective: s.Created.Plan.Objective.Description, Repo: d.Run.Place.Repo, ID: asked.ID, Kind: string(asked.Kind),
			Text: asked.Text, Options: asked.Options, Agent: asked.Agent, Task: asked.Task, Rule: asked.Rule, Asked: e.Time,
			Answer: "popkit power decide " + asked.ID + " " + answerHint(asked.Options),
		}
		if asked.Kind == event.AskGuard {
			q.Subject = asked.Subject
		}
		if asked.Phase < len(s.Phases) {
			q.Phase = s.Phases[asked.Phase].Name
		}
		if asked.Timeout > 0 && asked.Default != "" {
			q.Default, q.Expires = asked.Default, e.Time.Add(asked.Timeout)
		}
		d.notifier.Tell(q)
	}
}

func answerHint(options []string) string {
	if len(options) == 0 {
		return `"ANSWER"`
	}
	return strings.Join(options, "|")
}

// closeNotify waits until people are told: a run that parks ends right after its
// question. What failed meanwhile goes to the log, which nobody else writes now.
func (d *daemon) closeNotify(ctx context.Context) error {
	d.notifier.Close()
	d.mu.Lock()
	late := d.early
	d.early = nil
	d.mu.Unlock()
	for _, in := range late {
		if _, err := d.st.Record(context.WithoutCancel(ctx), time.Now(), in); err != nil {
			return err
		}
	}
	return nil
}
