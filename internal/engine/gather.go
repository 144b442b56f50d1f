package engine

import (
	"context"
	"time"

	"popkit/internal/core/decide"
)

// Each append costs a sync of the disk. Where a crowd of agents talks, what
// they say shares appends: a batch of nothing but talk is held back until
// talkSpan after the last one, as long as more comes within talkGap. The first
// thing said after a silence, and everything that is not mere talk, is never
// held back; and where waiting brought nothing (one agent that says one thing
// after the other) it is left off, for longer each time.
const (
	talkGap   = 2 * time.Millisecond
	talkSpan  = 8 * time.Millisecond // so that it is visible within 10
	maxMisses = 8
)

// gatherer is when talk was waited for and what came of it.
type gatherer struct {
	last   time.Time // the end of the last batch
	misses int       // how often in a row nothing came
	skip   int       // batches that are not held back
}

// gather adds to a batch what comes while it is worth waiting.
func (e *Engine) gather(ctx context.Context, batch []request) []request {
	g := &e.talk
	end := g.last.Add(talkSpan)
	if !talk(batch) || !time.Now().Before(end) {
		return batch
	}
	if g.skip > 0 {
		g.skip--
		return batch
	}
	had := len(batch)
	gap := time.NewTimer(talkGap)
	defer gap.Stop()
	for more := true; more && len(batch) < batchSize; {
		wait := min(talkGap, time.Until(end))
		if wait <= 0 {
			break
		}
		gap.Reset(wait)
		select {
		case r := <-e.queue:
			batch = append(batch, r)
			more = talk(batch[len(batch)-1:])
		case <-gap.C:
			more = false
		case <-ctx.Done():
			more = false
		}
	}
	if len(batch) > had {
		g.misses = 0
	} else {
		g.misses = min(g.misses+1, maxMisses)
		g.skip = 1 << g.misses
	}
	return e.drain(batch)
}

// talk reports whether nobody waits for more than what agents say to be written
// down.
func talk(requests []request) bool {
	for _, r := range requests {
		if r.in == nil || !decide.OnlyTalk(r.in) {
			return false
		}
	}
	return true
}
