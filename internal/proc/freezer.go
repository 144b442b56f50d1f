package proc

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// How processes are made to stand still, best first.
const (
	ByCgroup  = "cgroup"  // the kernel's freezer holds them, and all that they would start
	BySignals = "signals" // SIGSTOP to each, until nothing new appears
)

// Freezer makes everything below its commands stand still, and go on again. The
// init helpers themselves are left running: they have to notice the engine's end. A
// command that is started meanwhile waits until the thaw. A nil Freezer never
// freezes.
type Freezer struct {
	mu      sync.Mutex
	thawed  chan struct{} // closed while nothing stands still
	members map[*Process]ice
	clocks  map[*clock]bool
}

// NewFreezer returns one in which everything goes on.
func NewFreezer() *Freezer {
	f := &Freezer{thawed: make(chan struct{}), members: map[*Process]ice{}, clocks: map[*clock]bool{}}
	close(f.thawed)
	return f
}

// Frozen is what a Freeze came to.
type Frozen struct {
	How       []string // ByCgroup, BySignals or both; none when nothing ran
	Processes int
	Left      error // what goes on all the same
}

// Freeze makes all commands stand still. It returns once they do. Called again it
// does the same for what has appeared since.
func (f *Freezer) Freeze() Frozen {
	if f == nil {
		return Frozen{Left: errors.New("nothing is there to freeze them by")}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open() {
		f.thawed = make(chan struct{})
		for c := range f.clocks {
			c.hold()
		}
	}
	var out Frozen
	for p := range f.members {
		i, n, err := freezeBelow(p.ident, f.members[p])
		f.members[p] = i
		out.Processes += n
		out.Left = errors.Join(out.Left, err)
		if i.how != "" && !slices.Contains(out.How, i.how) {
			out.How = append(out.How, i.how)
		}
	}
	slices.Sort(out.How)
	return out
}

// Thaw lets all go on.
func (f *Freezer) Thaw() error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open() {
		return nil
	}
	var errs []error
	for _, p := range slices.Collect(maps.Keys(f.members)) {
		errs = append(errs, f.members[p].thaw())
		f.members[p] = ice{}
	}
	for c := range f.clocks {
		c.letGo()
	}
	close(f.thawed)
	return errors.Join(errs...)
}

// open reports whether nothing stands still; mu is held.
func (f *Freezer) open() bool {
	select {
	case <-f.thawed:
		return true
	default:
		return false
	}
}

// admit waits until nothing stands still.
func (f *Freezer) admit(ctx context.Context) error {
	for f != nil {
		f.mu.Lock()
		gate, open := f.thawed, f.open()
		f.mu.Unlock()
		if open {
			return nil
		}
		select {
		case <-gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// add makes a process one of those that are frozen; at once, when a Freeze came
// between its start and this.
func (f *Freezer) add(p *Process) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.members[p] = ice{}
	if !f.open() {
		// What can't be frozen is said by the next Freeze; it has just begun.
		f.members[p], _, _ = freezeBelow(p.ident, ice{})
	}
}

// remove forgets a process that has ended.
func (f *Freezer) remove(p *Process) {
	if f == nil {
		return
	}
	f.mu.Lock()
	i := f.members[p]
	delete(f.members, p)
	f.mu.Unlock()
	i.melt()
}

// WithTimeout is context.WithTimeout by a clock that stands still while commands
// do. context.Cause is then context.DeadlineExceeded.
func (f *Freezer) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	c := &clock{left: d, end: func() { cancel(context.DeadlineExceeded) }}
	if f == nil {
		c.letGo()
		return ctx, func() { c.hold(); cancel(context.Canceled) }
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clocks[c] = true
	if f.open() {
		c.letGo()
	}
	return ctx, func() {
		f.mu.Lock()
		delete(f.clocks, c)
		c.hold()
		f.mu.Unlock()
		cancel(context.Canceled)
	}
}

// clock is a timer that can be held. Its Freezer's mu guards it.
type clock struct {
	left  time.Duration
	since time.Time
	timer *time.Timer // nil while it is held
	end   func()
}

func (c *clock) hold() {
	if c.timer == nil {
		return
	}
	c.timer.Stop()
	c.timer, c.left = nil, c.left-time.Since(c.since)
}

func (c *clock) letGo() {
	if c.timer == nil {
		c.since, c.timer = time.Now(), time.AfterFunc(max(0, c.left), c.end)
	}
}
