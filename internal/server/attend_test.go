package server

import (
	"context"
	"encoding/json"
	"net"
	"slices"
	"sync"
	"testing"

	"popkit/internal/api"
	"popkit/internal/core/state"
)

// attend reads a run's progress until its end, and wants every event after the
// first status exactly once.
func attend(t *testing.T, c api.Caller, canAnswer bool, seen func(api.Progress)) (last api.Progress, lines int) {
	t.Helper()
	next := int64(0)
	for raw, err := range c.Stream(t.Context(), api.OpAttend, api.AttendArgs{CanAnswer: canAnswer}) {
		if err != nil {
			t.Errorf("after %d lines: %v", lines, err)
			return last, lines
		}
		last = api.Progress{}
		if err := json.Unmarshal(raw, &last); err != nil {
			t.Error(err)
		}
		for _, e := range last.Events {
			if e.Seq != next {
				t.Errorf("event %d came, want %d", e.Seq, next)
			}
			next = e.Seq + 1
		}
		next = last.Status.Seq + 1
		lines++
		if seen != nil {
			seen(last)
		}
	}
	return last, lines
}

// TestAttendToTheEnd: the last line is there, with the event that ended the run,
// also when the server is closed at once.
func TestAttendToTheEnd(t *testing.T) {
	for range 5 {
		w := newWorld(t)
		first := make(chan struct{})
		var ends sync.WaitGroup
		for _, c := range []api.Caller{w.person(), w.server.Local()} {
			var once sync.Once
			ends.Go(func() {
				last, _ := attend(t, c, false, func(api.Progress) { once.Do(func() { first <- struct{}{} }) })
				if last.Status.State != "done" || len(last.Events) == 0 || last.Events[len(last.Events)-1].Type != "run.ended" {
					t.Errorf("the last line: %s %v", last.Status.State, last.Events)
				}
			})
			<-first
		}
		w.hands.finish("implementer-1")
		w.hands.finish("implementer-2")
		if err := <-w.ended; err != nil {
			t.Fatal(err)
		}
		w.server.Close()
		ends.Wait()
	}
}

// TestAttachedAreCounted: terminals that can answer count, until they hang up.
func TestAttachedAreCounted(t *testing.T) {
	w := newWorld(t)
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	var ends sync.WaitGroup
	for i := range 3 {
		ends.Go(func() {
			for _, err := range w.person().Stream(ctx, api.OpAttend, api.AttendArgs{CanAnswer: i > 0}) {
				if err != nil {
					return // hung up
				}
			}
		})
	}
	w.until(func(s *state.State) bool { return s.Attached == 2 })
	hangUp()
	w.until(func(s *state.State) bool { return s.Attached == 0 })
	ends.Wait()
	// A caller that dies between its request and the first answer counts no more.
	for range 20 {
		conn, err := net.Dial("unix", w.people())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte(`{"v":1,"op":"attend","args":{"can_answer":true}}` + "\n")); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	w.must(w.person(), api.OpTell, api.TellArgs{By: "ada", Text: "x"}, nil)
	w.until(func(s *state.State) bool { return s.Attached == 0 })
}

// TestProgressIsCoalesced: of a thousand reports a terminal sees every event,
// in far fewer lines.
func TestProgressIsCoalesced(t *testing.T) {
	w := newWorld(t)
	first := make(chan struct{})
	var once sync.Once
	lines := 0
	var ends sync.WaitGroup
	ends.Go(func() {
		_, lines = attend(t, w.person(), false, func(api.Progress) { once.Do(func() { close(first) }) })
	})
	<-first
	const reports = 1000
	local := w.server
	var senders sync.WaitGroup
	for i := range 20 {
		senders.Go(func() {
			for range reports / 20 {
				agent := caller([]string{"implementer-1", "implementer-2"}[i%2])
				c := &call{s: local, ctx: t.Context(), who: agent, req: api.Request{Op: api.OpTool, Args: json.RawMessage(`{"tool":"Read"}`)}}
				if _, err := c.tool(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	senders.Wait()
	w.hands.finish("implementer-1")
	w.hands.finish("implementer-2")
	ends.Wait()
	if lines > reports/10 {
		t.Errorf("%d reports in %d lines", reports, lines)
	}
}

// TestFollow: the log as far as it goes, from the middle, and live.
func TestFollow(t *testing.T) {
	w := newWorld(t)
	w.until(func(s *state.State) bool { // nothing more happens by itself
		return len(s.Live) > 0 && !slices.ContainsFunc(s.Live, func(id string) bool { return s.Agents[id].Status != state.AgentRunning })
	})
	read := func(ctx context.Context, a api.FollowArgs, until string) (types []string) {
		next := max(a.From, 1)
		for raw, err := range w.person().Stream(ctx, api.OpFollow, a) {
			if err != nil {
				t.Error(err)
				return types
			}
			var e api.Event
			if err := json.Unmarshal(raw, &e); err != nil || e.Seq != next || e.Time.IsZero() || len(e.Data) == 0 {
				t.Errorf("event %d: %s %v", next, raw, err)
			}
			next++
			if types = append(types, e.Type); e.Type == until {
				return types
			}
		}
		return types
	}
	all := read(t.Context(), api.FollowArgs{}, "")
	if len(all) < 8 || all[0] != "run.created" {
		t.Errorf("the log: %v", all)
	}
	if rest := read(t.Context(), api.FollowArgs{From: 5}, ""); !slices.Equal(rest, all[4:]) {
		t.Errorf("from 5: %v, want %v", rest, all[4:])
	}
	if none := read(t.Context(), api.FollowArgs{From: 10_000}, ""); len(none) != 0 {
		t.Errorf("past the end: %v", none)
	}
	live := make(chan []string, 1)
	go func() { live <- read(t.Context(), api.FollowArgs{Live: true}, "message.sent") }()
	w.must(w.person(), api.OpTell, api.TellArgs{By: "ada", Text: "x"}, nil)
	if got := <-live; len(got) == 0 || got[len(got)-1] != "message.sent" {
		t.Errorf("live: %v", got)
	}
	w.server.Close() // the live stream was left: nothing holds this up
}
