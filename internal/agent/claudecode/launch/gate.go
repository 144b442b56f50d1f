package launch

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// What starting costs, as measured: a CLI takes more than a second of a processor
// to start, and 300 MB of memory at its peak.
const (
	AtOnce    = 2         // CLIs that may be starting; more of them only make all of them late
	Footprint = 400 << 20 // bytes that have to be free for each that starts
	Spare     = 4 << 30   // and for one that is started ahead

	memoryLook  = time.Second     // the kernel tells nobody when memory gets free
	memoryLimit = 5 * time.Minute // for which a start waits; then it has failed, and is tried again later
)

// Gate lets agents start a few at a time, and while there is memory.
type Gate struct {
	slots  chan struct{}
	memory func() (free int64, known bool)
	note   func(text string)

	mu       sync.Mutex
	starting int // in slots, past the wait for memory
	running  int // started, not ended
}

func newGate(memory func() (int64, bool), note func(string)) *Gate {
	if note == nil {
		note = func(string) {}
	}
	return &Gate{slots: make(chan struct{}, AtOnce), memory: memory, note: note}
}

// Pass is what an agent has that was let in. Its methods may be called more than
// once.
type Pass struct {
	// Started says that the CLI has answered, so that the next one may start; Ended
	// that its process is gone.
	Started, Ended func()
}

// Enter waits until one more CLI may start. While that waits for memory, a person is
// told so. An agent that is the only one waits for nobody.
func (g *Gate) Enter(ctx context.Context) (Pass, error) {
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		return Pass{}, fmt.Errorf("wait for a start: %w", ctx.Err())
	}
	if err := g.waitForMemory(ctx); err != nil {
		<-g.slots
		return Pass{}, err
	}
	return g.pass(), nil
}

// EnterAhead waits until a CLI may start that nobody waits for yet: while no other one is
// starting, and much more memory is left than it takes.
func (g *Gate) EnterAhead(ctx context.Context) (Pass, error) {
	look := time.NewTicker(memoryLook)
	defer look.Stop()
	for {
		if pass, ok := g.tryAhead(); ok {
			return pass, nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return Pass{}, fmt.Errorf("wait for a time to start ahead: %w", ctx.Err())
		}
	}
}

func (g *Gate) tryAhead() (Pass, bool) {
	select {
	case g.slots <- struct{}{}:
	default:
		return Pass{}, false
	}
	free, known := g.memory()
	g.mu.Lock()
	ok := known && g.starting == 0 && free >= Spare
	if ok {
		g.starting++
	}
	g.mu.Unlock()
	if !ok {
		<-g.slots
		return Pass{}, false
	}
	return g.pass(), true
}

// pass is that of a CLI that has a slot and counts as starting.
func (g *Gate) pass() Pass {
	started := sync.OnceFunc(func() {
		g.count(-1, +1)
		<-g.slots
	})
	ended := sync.OnceFunc(func() {
		started()
		g.count(0, -1)
	})
	return Pass{Started: started, Ended: ended}
}

func (g *Gate) count(starting, running int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.starting += starting
	g.running += running
}

// waitForMemory returns once there is enough for one more, which then counts as
// starting.
func (g *Gate) waitForMemory(ctx context.Context) error {
	free, ok := g.enough()
	if ok {
		return nil
	}
	g.note(fmt.Sprintf("an agent waits for memory: %d MB are free, starting takes %d MB", free>>20, Footprint>>20))
	look, limit := time.NewTicker(memoryLook), time.NewTimer(memoryLimit)
	defer look.Stop()
	defer limit.Stop()
	for {
		select {
		case <-look.C:
			if free, ok = g.enough(); ok {
				g.note("memory is free again: the agent that waited starts")
				return nil
			}
		case <-limit.C:
			return fmt.Errorf("not enough memory for one more agent in %s: %d MB are free, starting takes %d MB (limits.max_parallel_agents)",
				memoryLimit, free>>20, Footprint>>20)
		case <-ctx.Done():
			return fmt.Errorf("wait for memory: %w", ctx.Err())
		}
	}
}

// enough reports whether there is memory for one more besides those that are
// starting and have not taken theirs yet.
func (g *Gate) enough() (free int64, ok bool) {
	free, known := g.memory()
	g.mu.Lock()
	defer g.mu.Unlock()
	alone := g.starting+g.running == 0
	if known && !alone && free < Footprint*int64(1+g.starting) {
		return free, false
	}
	g.starting++
	return free, true
}
