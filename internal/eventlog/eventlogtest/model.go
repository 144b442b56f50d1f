package eventlogtest

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
)

// model is what a log must look like from outside: a list, and who reads it.
type model struct {
	t      *testing.T
	opener Opener
	log    eventlog.Log
	reader ReadCloser // or nil
	want   []int      // want[i] is the content of event i+1
	next   int
}

// testModel plays random histories on a log and on a list.
func testModel(t *testing.T, open func(t *testing.T) Opener) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{t: t, opener: open(t)}
		m.log = m.opener.Open(t)
		defer func() { mustClose(t, m.log) }()
		if m.opener.OpenReader != nil {
			m.reader = m.opener.OpenReader(t)
			defer mustClose(t, m.reader)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"append":   m.append,
			"conflict": m.conflict,
			"misnumber": func(rt *rapid.T) {
				evs := m.batch(m.tail(), rapid.IntRange(1, 5).Draw(rt, "count"))
				evs[rapid.IntRange(0, len(evs)-1).Draw(rt, "which")].Seq += int64(rapid.SampledFrom([]int{-1, 1, 7}).Draw(rt, "off"))
				m.refuses(rt, m.tail(), evs, eventlog.ErrSequence)
			},
			"reopen": func(rt *rapid.T) {
				if err := m.log.Close(); err != nil {
					rt.Fatal(err)
				}
				m.log = m.opener.Open(t)
			},
			"": m.check,
		})
	})
}

func (m *model) tail() int64 { return int64(len(m.want)) }

func (m *model) batch(after int64, count int) []event.Event {
	evs := make([]event.Event, count)
	for i := range evs {
		m.next++
		seq := after + 1 + int64(i)
		evs[i] = event.Event{Seq: seq, Time: At(seq), Data: event.PeopleChanged{Attached: m.next}}
	}
	return evs
}

func (m *model) append(rt *rapid.T) {
	evs := m.batch(m.tail(), rapid.IntRange(0, 8).Draw(rt, "count"))
	if err := m.log.Append(m.t.Context(), m.tail(), evs); err != nil {
		rt.Fatal(err)
	}
	for _, e := range evs {
		m.want = append(m.want, e.Data.(event.PeopleChanged).Attached)
	}
}

func (m *model) conflict(rt *rapid.T) {
	after := rapid.Int64Range(0, m.tail()+3).Filter(func(n int64) bool { return n != m.tail() }).Draw(rt, "after")
	m.refuses(rt, after, m.batch(after, rapid.IntRange(0, 3).Draw(rt, "count")), eventlog.ErrConflict)
}

func (m *model) refuses(rt *rapid.T, after int64, evs []event.Event, want error) {
	if err := m.log.Append(m.t.Context(), after, evs); !errors.Is(err, want) {
		rt.Fatalf("append after %d: error is %v, want %v", after, err, want)
	}
}

// check compares what everybody sees, from a random event on.
func (m *model) check(rt *rapid.T) {
	from := rapid.Int64Range(1, m.tail()+2).Draw(rt, "from")
	readers := []eventlog.Reader{m.log}
	if m.reader != nil {
		readers = append(readers, m.reader)
	}
	for _, r := range readers {
		if tail, err := r.Tail(m.t.Context()); err != nil || tail != m.tail() {
			rt.Fatalf("tail is %d (%v), want %d", tail, err, m.tail())
		}
		seq := from
		for e, err := range r.Read(m.t.Context(), from) {
			if err != nil {
				rt.Fatal(err)
			}
			if e.Seq != seq || seq > m.tail() || e.Data != (event.PeopleChanged{Attached: m.want[seq-1]}) {
				rt.Fatalf("event %d of %d is %s", seq, m.tail(), Describe(e))
			}
			seq++
		}
		if seq != max(from, m.tail()+1) {
			rt.Fatalf("read from %d ended before %d, want %d", from, seq, m.tail()+1)
		}
	}
}
