package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
	"popkit/internal/engine"
	"popkit/internal/statefile"
)

// stateEvery is the least time between two writings of power-state.json: a view
// of a thousand agents is not made for each of their reports. stateShare is how
// many times as long as it takes is waited, at least, but no longer than stateLatest.
const (
	stateEvery  = 200 * time.Millisecond
	stateShare  = 200
	stateLatest = 2 * time.Second
)

// observe keeps the files that people know in step with the log. It is called
// by the engine's goroutine.
func (d *daemon) observe(s *state.State, events []event.Event) {
	if changed := changedInsights(s, events); len(changed) > 0 {
		d.files.WriteInsights(changed)
	}
	d.heedRules(s, events)
	d.tellPeople(s, events)
	if d.Observe != nil {
		d.Observe(events)
	}
	select {
	case d.news <- struct{}{}:
	default: // there is some already
	}
}

// writeState writes power-state.json when there is news, until ctx ends.
func (d *daemon) writeState(ctx context.Context) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
		select {
		case <-d.news:
		case <-ctx.Done():
			return
		}
		var status view.Status
		var began time.Time
		err := d.engine.Query(ctx, func(s *state.State) {
			began = time.Now()
			status = view.Make(s, began, d.aboutNow(s))
		})
		if err != nil {
			return // the run has ended; its last state is written by finished
		}
		if err := d.files.WriteState(status); err != nil {
			d.log.Error("power-state.json", "err", err)
		}
		pause.Reset(min(max(stateEvery, stateShare*time.Since(began)), stateLatest))
	}
}

// aboutNow says which engine this is.
func (d *daemon) aboutNow(s *state.State) *view.Engine {
	about := d.about
	about.Epoch = s.Engine.Epoch
	return &about
}

func changedInsights(s *state.State, events []event.Event) []view.Insight {
	var out []view.Insight
	for _, e := range events {
		switch d := e.Data.(type) {
		case event.InsightShared:
			out = append(out, view.InsightByID(s, d.ID)...)
		case event.InsightConfirmed:
			out = append(out, view.InsightByID(s, d.ID)...)
		}
	}
	return out
}

// changed hands in what somebody else did to the files.
func (d *daemon) changed(ctx context.Context) func(statefile.Change) {
	return func(c statefile.Change) {
		switch {
		case c.StateRemoved:
			d.submit(ctx, decide.Stop{By: "a person", Reason: "power-state.json was removed"})
		case c.Problem != "":
			d.note("insights.json", c.Problem)
		default:
			for _, in := range c.Imported {
				d.take(ctx, c.Agent, in)
			}
		}
	}
}

// take hands in an entry of a file. One that is refused stays in the file, and
// the run's problems say why it went no further.
func (d *daemon) take(ctx context.Context, agent string, in statefile.Entry) {
	err := d.engine.Submit(ctx, imported(agent, in), nil)
	if err != nil && ctx.Err() == nil {
		d.note("insights.json", fmt.Sprintf("an entry of insights.json was not taken: %v", err))
	}
}

// imported makes an input of an entry that was found in a file. One found in an
// agent's workspace is that agent's.
func imported(agent string, in statefile.Entry) decide.ShareInsight {
	return decide.ShareInsight{
		Agent: agent, Author: in.Agent, Kind: in.Type, Content: in.Content, Tags: in.Tags,
		Confidence: in.Confidence, Phase: in.Phase, Source: "file", Found: in.Timestamp,
	}
}

// note records a problem in the run's log. It returns at once. Before the engine
// runs it is kept for its start; after its end it is only said.
func (d *daemon) note(source, text string) {
	d.log.Warn(text, "source", source)
	in := decide.Note{Problem: event.Problem{Source: source, Text: text}}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.begun { // or it has ended
		d.early = append(d.early, in)
		return
	}
	d.notes.Go(func() { // the engine's end ends it
		err := d.engine.Submit(context.Background(), in, nil)
		switch {
		case errors.Is(err, engine.ErrEnded): // just now: as one that came after it
			d.mu.Lock()
			defer d.mu.Unlock()
			d.early = append(d.early, in)
		case err != nil:
			d.log.Warn("not taken", "input", in, "err", err)
		}
	})
}

// beginNotes hands out the notes from before the engine; later ones are handed
// in.
func (d *daemon) beginNotes() []decide.Input {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begun = true
	early := d.early
	d.early = nil
	return early
}

// endNotes waits for those that are being handed in.
func (d *daemon) endNotes() {
	d.mu.Lock()
	d.begun = false
	d.mu.Unlock()
	d.notes.Wait()
}

// tooLate says what somebody did to the files of a run that is done.
func (d *daemon) tooLate(c statefile.Change) {
	d.log.Warn("the run is done: not taken", "change", fmt.Sprintf("%+v", c))
}

func (d *daemon) submit(ctx context.Context, in decide.Input) {
	if err := d.engine.Submit(ctx, in, nil); err != nil {
		d.log.Warn("not taken", "input", in, "err", err)
	}
}
