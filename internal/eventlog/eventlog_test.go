package eventlog_test

import (
	"errors"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
)

func TestEncode(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 30, 18, 0, time.FixedZone("CET", 3600))
	evs := []event.Event{
		{Seq: 8, Time: at, Data: event.RunResumed{By: "a\nb"}},
		{Seq: 9, Time: at, Data: event.PeopleChanged{Attached: 2}},
	}
	lines, err := eventlog.Encode(7, evs)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		`{"v":1,"seq":8,"time":"2026-11-22T09:30:18Z","type":"run.resumed","data":{"by":"a\nb"}}`,
		`{"v":1,"seq":9,"time":"2026-11-22T09:30:18Z","type":"people.changed","data":{"attached":2}}`,
	} {
		if got := string(lines[i]); got != want {
			t.Errorf("line %d is %s, want %s", i, got, want)
		}
	}
	if _, err := eventlog.Encode(6, evs); !errors.Is(err, eventlog.ErrSequence) || err.Error() != "events are not numbered in sequence: event 8 where 7 belongs" {
		t.Errorf("error is %v", err)
	}
	if lines, err := eventlog.Encode(6, nil); err != nil || len(lines) != 0 {
		t.Errorf("no events: %q, %v", lines, err)
	}
}

// TestMessages: what a person reads.
func TestMessages(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&eventlog.HeldError{Path: "/r/log.jsonl", PID: 123, Host: "box", Run: "01J"}, "run 01J is held by process 123 on box"},
		{&eventlog.HeldError{Path: "/r/log.jsonl", PID: 123, Host: "box"}, "event log /r/log.jsonl is held by process 123 on box"},
		{&eventlog.HeldError{Path: "/r/log.jsonl", PID: 123, Run: "01J"}, "run 01J is held by process 123"},
		{&eventlog.HeldError{Path: "/r/log.jsonl"}, "event log /r/log.jsonl is held by another process"},
		{&eventlog.CorruptError{Path: "/r/log.jsonl", Line: 17, Reason: "not valid JSON"}, "event log /r/log.jsonl is damaged at line 17: not valid JSON"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("message is %q, want %q", got, c.want)
		}
	}
}
