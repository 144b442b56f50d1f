package account

import (
	"slices"
	"time"
)

// span is a stretch of time.
type span struct{ from, to time.Time }

// timeline says where the time went.
func timeline(r Report, active time.Duration) Timeline {
	var work, open []span
	t := Timeline{Makespan: max(0, r.Until.Sub(r.Begun).Seconds()), Active: active.Seconds()}
	for _, a := range r.Agents {
		if !a.Started.IsZero() {
			work = append(work, span{a.Started, a.Started.Add(seconds(a.Seconds))})
			t.Work += a.Seconds
		}
	}
	for _, d := range r.Decisions {
		open = append(open, span{d.Asked, d.Asked.Add(seconds(d.Seconds))})
	}
	t.Busy, t.Peak = covered(work)
	t.People, _ = covered(open)
	if t.Busy > 0 {
		t.Parallel = t.Work / t.Busy
	}
	return t
}

// covered is how long at least one of the spans lasts, and how many there are at
// once.
func covered(spans []span) (secs float64, peak int) {
	type edge struct {
		at   time.Time
		step int
	}
	var edges []edge
	for _, s := range spans {
		if s.to.After(s.from) {
			edges = append(edges, edge{s.from, 1}, edge{s.to, -1})
		}
	}
	slices.SortFunc(edges, func(a, b edge) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return a.step - b.step // one that ends as another begins is not at once with it
	})
	n := 0
	var since time.Time
	for _, e := range edges {
		if n == 0 {
			since = e.at
		}
		n += e.step
		peak = max(peak, n)
		if n == 0 {
			secs += e.at.Sub(since).Seconds()
		}
	}
	return secs, peak
}
