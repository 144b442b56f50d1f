package statefile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"popkit/internal/core/view"
)

// ErrStopped is returned by calls that need a Watch when it has returned.
var ErrStopped = errors.New("the state files are no longer written")

// Change is something that somebody else did to the files. Exactly one of
// StateRemoved, Imported and Problem is set.
type Change struct {
	// Agent is whose workspace it was found in, whatever the entries say; "" is
	// the repository.
	Agent string
	// StateRemoved: power-state.json is gone, so the run is to stop. It comes
	// once, and the file is not written again.
	StateRemoved bool
	// Imported are entries that are none of the run's, or equal to one but by
	// another agent. Type and Agent may be "".
	Imported []Entry
	// Problem is one line about a file that can't be read or written.
	Problem string
}

// Files keeps one repository's files. Its methods may be called by any
// goroutine, at any time.
type Files struct {
	repo, run string
	grace     time.Duration // how long an unreadable file may be half-written
	wake      chan struct{} // holds one token while there is something wanted
	stopped   chan struct{} // closed when Watch returns

	mu       sync.Mutex
	insights []view.Insight // wanted, not yet taken by Watch
	state    []byte         // wanted, nil when nothing new
	calls    []*call
}

// call is something to be done by Watch's goroutine.
type call struct {
	do    func(*watch) error // nil for a flush
	flush bool               // done when nothing is left to write
	done  chan error         // gets one value
}

// grace is how long after its last change a file that can't be read is waited
// for.
const grace = 500 * time.Millisecond

// New returns the files of a repository for a run; nothing is read or written
// before Watch. EnsureDir must have made the directory.
func New(repo, run string) *Files {
	return &Files{repo: repo, run: run, grace: grace, wake: make(chan struct{}, 1), stopped: make(chan struct{})}
}

// WriteInsights adds the insights to those that insights.json shows, or puts
// them in the place of those with the same ID: passing what is new or changed is
// enough. On resume pass all before Watch, so that they are known.
func (f *Files) WriteInsights(insights []view.Insight) {
	f.mu.Lock()
	f.insights = append(f.insights, insights...)
	f.mu.Unlock()
	f.signal()
}

// WriteState makes v, as JSON, the content of power-state.json. Of several the
// newest is written. It is written no more once somebody else removed the file.
func (f *Files) WriteState(v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", stateName, err)
	}
	f.mu.Lock()
	f.state = append(data, '\n')
	f.mu.Unlock()
	f.signal()
	return nil
}

// ClearState removes power-state.json, as at the end of a run. It is no Change.
func (f *Files) ClearState(ctx context.Context) error {
	return f.call(ctx, &call{do: func(w *watch) error { return w.clearState() }})
}

// AddWorkspace keeps a copy of insights.json in an agent's workspace from now on
// and takes in what is added there; it returns when the copy is there.
func (f *Files) AddWorkspace(ctx context.Context, root, agent string) error {
	return f.call(ctx, &call{do: func(w *watch) error { return w.addWorkspace(root, agent) }})
}

// RemoveWorkspace takes in what was added in the workspace and forgets it. The
// copy stays there. It is to be called before the workspace is removed.
func (f *Files) RemoveWorkspace(ctx context.Context, root string) error {
	return f.call(ctx, &call{do: func(w *watch) error { return w.removeWorkspace(root) }})
}

// Flush returns when everything that was wanted before is in the files, or the
// error that prevents it.
func (f *Files) Flush(ctx context.Context) error {
	return f.call(ctx, &call{flush: true})
}

// call has Watch's goroutine do something and waits until it is done.
func (f *Files) call(ctx context.Context, c *call) error {
	c.done = make(chan error, 1)
	f.mu.Lock()
	f.calls = append(f.calls, c)
	f.mu.Unlock()
	f.signal()
	select {
	case err := <-c.done:
		return err
	case <-f.stopped:
		// It may have been done just before.
		select {
		case err := <-c.done:
			return err
		default:
			return ErrStopped
		}
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *Files) signal() {
	select {
	case f.wake <- struct{}{}:
	default: // there is one already
	}
}

// take returns what is wanted since the last time.
func (f *Files) take() (insights []view.Insight, state []byte, calls []*call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	insights, state, calls = f.insights, f.state, f.calls
	f.insights, f.state, f.calls = nil, nil, nil
	return insights, state, calls
}
