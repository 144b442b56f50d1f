package server

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"popkit/internal/api"
	"popkit/internal/core/view"
)

// heard is what an agent was given, by ID.
type heard struct {
	mu  sync.Mutex
	ids []string
}

func (h *heard) add(d view.Delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, i := range d.Insights {
		h.ids = append(h.ids, i.ID)
	}
	for _, m := range d.Messages {
		h.ids = append(h.ids, m.ID)
	}
}

// listen streams what is urgent for an agent until it has ended.
func (w *world) listenUrgent(c api.Caller, each func(view.Delivery)) {
	for raw, err := range c.Stream(w.t.Context(), api.OpUrgent, nil) {
		if err != nil {
			w.t.Errorf("urgent: %v", err)
			return
		}
		var d view.Delivery
		if err := json.Unmarshal(raw, &d); err != nil {
			w.t.Error(err)
		}
		each(d)
	}
}

// TestUrgent: blockers and what people say come by themselves, the rest with the
// next answer to a tool call that takes what is quiet; the stream ends with its agent.
func TestUrgent(t *testing.T) {
	for _, how := range []string{"socket", "process"} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			one, two := api.Caller(w.as("implementer-1")), w.as("implementer-2")
			if how == "process" {
				one = w.server.Agent("implementer-1")
			}
			w.must(two, api.OpShare, api.ShareArgs{Content: "the model is in src/models", Tags: []string{"auth"}}, nil)
			w.must(two, api.OpShare, api.ShareArgs{Type: "blocker", Content: "the tests need a database"}, nil)
			w.must(w.person(), api.OpTell, api.TellArgs{To: "implementer-1", By: "ada", Text: "leave the old route"}, nil)
			var quiet view.Delivery
			w.must(one, api.OpTool, api.ToolArgs{Tool: "Read", Take: api.TakeNothing}, &quiet)
			if !quiet.Empty() {
				t.Errorf("nothing is %+v", quiet)
			}
			w.must(one, api.OpTool, api.ToolArgs{Tool: "Read", Take: api.TakeQuiet}, &quiet)
			if len(quiet.Insights) != 1 || quiet.Insights[0].ID != "i-1" || len(quiet.Messages) != 0 {
				t.Errorf("quiet is %+v", quiet)
			}
			came, ended := make(chan view.Delivery, 9), make(chan struct{})
			go func() { defer close(ended); w.listenUrgent(one, func(d view.Delivery) { came <- d }) }()
			d := <-came
			if len(d.Insights) != 1 || d.Insights[0].ID != "i-2" || len(d.Messages) != 1 || d.Messages[0].Text != "leave the old route" {
				t.Errorf("urgent is %+v", d)
			}
			w.must(w.person(), api.OpTell, api.TellArgs{By: "ada", Text: "all of you: hurry"}, nil)
			if d = <-came; len(d.Insights) != 0 || len(d.Messages) != 1 || d.Messages[0].Text != "all of you: hurry" {
				t.Errorf("urgent is %+v", d)
			}
			w.hands.finish("implementer-1")
			<-ended
			err := two.Call(t.Context(), api.OpMine, api.PullArgs{Take: "loud"}, nil)
			if kindOf(err) != api.KindUsage || !strings.Contains(err.Error(), "loud") {
				t.Errorf("an unknown part: %v", err)
			}
		})
	}
}

// TestUrgentOnce: of several that ask for an agent at once each thing gets to one.
func TestUrgentOnce(t *testing.T) {
	w := newWorld(t)
	one, two := w.server.Agent("implementer-1"), w.server.Agent("implementer-2")
	var got heard
	var listeners, others sync.WaitGroup
	for range 3 {
		listeners.Go(func() { w.listenUrgent(one, got.add) })
	}
	const each = 20
	for n := range each {
		others.Go(func() {
			w.must(two, api.OpShare, api.ShareArgs{Type: "blocker", Content: fmt.Sprintf("gate%d of wall%d is shut", n, n*7)}, nil)
		})
		others.Go(func() {
			w.must(w.person(), api.OpTell, api.TellArgs{To: "implementer-1", By: "ada", Text: fmt.Sprint("no ", n)}, nil)
		})
		others.Go(func() {
			var d view.Delivery
			w.must(one, api.OpTool, api.ToolArgs{Tool: "Read"}, &d)
			got.add(d)
		})
	}
	others.Wait()
	for {
		var d view.Delivery
		if w.must(one, api.OpMine, nil, &d); d.Empty() {
			break
		}
		got.add(d)
	}
	w.hands.finish("implementer-1")
	listeners.Wait()
	slices.Sort(got.ids)
	if once := slices.Compact(slices.Clone(got.ids)); len(once) != 2*each || len(got.ids) != 2*each {
		t.Errorf("%d things were given in %d deliveries, want %d", len(once), len(got.ids), 2*each)
	}
}
