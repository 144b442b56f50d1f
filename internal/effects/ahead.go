package effects

import (
	"context"
	"sync"
	"time"

	"popkit/internal/engine"
)

// settled is how long an agent works before anything is made ahead: what ends
// at once leaves no time for it.
const settled = 100 * time.Millisecond

// stock has checkouts made ahead while an agent works, when the machine has
// time, until the returned function is called.
func (e *Effects) stock(ctx context.Context, o engine.Order) (stop func()) {
	if o.Ahead == (engine.Ahead{}) {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		timer := time.NewTimer(settled)
		defer timer.Stop()
		select {
		case <-timer.C:
			e.cfg.Work.Stock(ctx, o.Request.Base, o.Ahead.Workspaces, o.Ahead.Checks)
		case <-ctx.Done():
		}
	})
	return func() { cancel(); wg.Wait() }
}
