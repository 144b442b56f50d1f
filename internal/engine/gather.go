package engine

import (
	"context"
	"time"

	"popkit/internal/core/decide"
)

// Each append costs a sync of the disk, and each arrival that wakes the engine a
// switch of threads. Where a crowd of agents talks, what they say shares both:
// mere talk has a queue of its own, and is left in it until talkSpan after the
// last batch, or until something else comes. The first thing said after a
// silence is never held back; and where waiting brought nothing (one agent that
// says one thing after the other) it is left off, for longer each time.
const (
	talkSpan  = 8 * time.Millisecond // so that it is visible within 10
	maxMisses = 8
	// someTalk is what makes it worth waiting: a few agents that each call one tool after
	// the other would wait for each other at every call, and save next to nothing.
	someTalk = 6
)

// gatherer is when talk was waited for and what came of it.
type gatherer struct {
	last   time.Time // the end of the last batch
	misses int       // how often in a row nothing came
	skip   int       // batches that are not held back
}

// queueOf returns the queue that a request goes to.
func (e *Engine) queueOf(r request) chan<- request {
	if r.in != nil && decide.OnlyTalk(r.in) {
		return e.talk
	}
	return e.queue
}

// gather makes a batch of the first talk and of what comes while it is worth
// waiting.
func (e *Engine) gather(ctx context.Context, first request) []request {
	g := &e.crowd
	batch := []request{first}
	wait := time.Until(g.last.Add(talkSpan))
	switch {
	case wait <= 0:
		return e.drain(batch)
	case g.skip > 0:
		g.skip--
		return e.drain(batch)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case r := <-e.queue:
		return e.drain(batch, r)
	case <-timer.C:
	case <-ctx.Done():
	}
	batch = e.drain(batch)
	if awaited(batch) >= someTalk {
		g.misses = 0
	} else {
		g.misses = min(g.misses+1, maxMisses)
		g.skip = 1 << g.misses
	}
	return batch
}

// awaited counts the requests whose senders wait for an answer. What was only posted
// has its agent's next word right behind it, and makes no crowd of one agent.
func awaited(batch []request) int {
	n := 0
	for _, r := range batch {
		if r.done != nil {
			n++
		}
	}
	return n
}

// drain takes what else waits, up to a batch: talk first, so that what an agent
// said is not overtaken by its end. others were taken from the queue already.
func (e *Engine) drain(batch []request, others ...request) []request {
	batch = take(batch, e.talk)
	return take(append(batch, others...), e.queue)
}

func take(batch []request, queue <-chan request) []request {
	for len(batch) < batchSize {
		select {
		case r := <-queue:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}
