package workspace

import (
	"context"
	"time"

	"popkit/internal/workspace/store"
)

// Look tells what an agent that still runs has changed since it began, and leaves its
// workspace as it is.
func (w *Run) Look(ctx context.Context, agent string, since time.Time) (store.Look, error) {
	st, err := w.mainStore(ctx)
	if err != nil {
		return store.Look{}, err
	}
	return st.Look(ctx, w.agentTree(agent), since)
}
