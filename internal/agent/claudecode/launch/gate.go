package launch

import (
	"context"
	"fmt"
)

// AtOnce is how many CLIs may be starting at once: each takes more than a second of
// a processor, and more of them only make all of them late.
const AtOnce = 2

// Gate lets agents start one after the other.
type Gate struct {
	slots chan struct{}
}

func newGate() *Gate { return &Gate{slots: make(chan struct{}, AtOnce)} }

// Enter waits until one more may start, and returns what says that it has started.
// While it waits for long, note is told why.
func (g *Gate) Enter(ctx context.Context, note func(text string)) (started func(), err error) {
	select {
	case g.slots <- struct{}{}:
		return func() { <-g.slots }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a start: %w", ctx.Err())
	}
}
