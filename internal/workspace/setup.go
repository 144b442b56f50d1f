package workspace

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"popkit/internal/workspace/copyin"
	"popkit/internal/workspace/git"
	"popkit/internal/workspace/store"
)

// leftover is a file that the setup command changed. As long as the agent
// leaves it as it is, it is no work of the agent's.
type leftover struct {
	Path   string `json:"path"`
	Before object `json:"before"` // zero: it was not there
	After  object `json:"after"`  // zero: it is gone
}

// object is a file's content and mode in git's words.
type object struct {
	Mode string `json:"mode,omitempty"`
	ID   string `json:"id,omitempty"`
}

// SetupError is a setup command that did not end with 0, or in time.
type SetupError struct {
	Command  string
	ExitCode int
	Limit    time.Duration // that it has outlasted; 0: it has not
	Output   string        // its end
}

func (e *SetupError) Error() string {
	reason, output := e.CouldNotRun()
	return reason + ": " + output
}

// CouldNotRun says why a check could not run in a tree without its setup.
func (e *SetupError) CouldNotRun() (reason, output string) {
	if e.Limit > 0 {
		return fmt.Sprintf("setup command %q took longer than %s (limits.agent_timeout_minutes)", e.Command, e.Limit), e.Output
	}
	return fmt.Sprintf("setup command %q ended with exit status %d", e.Command, e.ExitCode), e.Output
}

// setup runs the user's setup command in a new workspace.
func (w *Run) setup(ctx context.Context, dir string) error {
	if w.opts.Setup == "" {
		return nil
	}
	out := &lastBytes{limit: 4 << 10}
	timed, cancel := ctx, context.CancelFunc(func() {})
	if w.opts.SetupLimit > 0 {
		timed, cancel = context.WithTimeout(ctx, w.opts.SetupLimit)
	}
	defer cancel()
	code, err := w.opts.Exec(timed, dir, w.opts.Setup, out)
	failed := &SetupError{Command: w.opts.Setup, ExitCode: code, Output: strings.TrimSpace(out.String())}
	switch {
	case err == nil && code == 0:
		return nil
	case ctx.Err() == nil && timed.Err() != nil:
		failed.Limit = w.opts.SetupLimit
		return failed
	case err != nil:
		return fmt.Errorf("setup command %q: %w", w.opts.Setup, err)
	}
	return failed
}

// setupAgent is setup in an agent's workspace, and what the command changed of
// what git would take for work.
func (w *Run) setupAgent(ctx context.Context, st *place, t store.Tree, agent string) ([]leftover, error) {
	if w.opts.Setup == "" {
		return nil, nil
	}
	before, err := st.entries(ctx, t)
	if err != nil {
		return nil, err
	}
	merged, err := st.Scan(ctx, t) // of a workspace with a merge under way
	if err != nil {
		return nil, err
	}
	if err := w.setup(ctx, t.Work); err != nil {
		return nil, err
	}
	copied := store.Tree{Work: t.Work, Index: filepath.Join(w.keepDir(agent), "setup.index")}
	if err := copyin.File(t.Index, copied.Index); err != nil {
		return nil, err
	}
	snap, err := st.Snapshot(ctx, copied, nil)
	if err != nil {
		return nil, fmt.Errorf("see what the setup command changed: %w", err)
	}
	after, err := st.entries(ctx, copied)
	if err != nil {
		return nil, err
	}
	was := map[string]bool{}
	for _, path := range merged.Paths {
		was[path] = true
	}
	var out []leftover
	for _, path := range snap.Scan.Paths {
		if !was[path] && before[path] != after[path] {
			out = append(out, leftover{path, before[path], after[path]})
		}
	}
	return out, store.RemoveIfThere(copied.Index)
}

// entries lists the files in an index.
func (st *place) entries(ctx context.Context, t store.Tree) (map[string]object, error) {
	res, err := st.Run(ctx, store.Call{Tree: t, Args: []string{"ls-files", "-s", "-z"}})
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	list, err := git.ParseEntries(git.Fields(res.Out))
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	out := make(map[string]object, len(list))
	for _, e := range list {
		if e.Stage == 0 {
			out[e.Path] = object{e.Mode, e.Object}
		}
	}
	return out, nil
}

// snapshot is the store's, without what the setup command left and nobody has
// changed since.
func (w *Run) snapshot(ctx context.Context, st *place, t store.Tree, rec record, also []string) (store.Snapshot, error) {
	snap, err := st.Snapshot(ctx, t, also)
	if err != nil || len(rec.Setup) == 0 {
		return snap, err
	}
	now, err := st.entries(ctx, t)
	if err != nil {
		return snap, err
	}
	var gone, back []git.Entry // a directory may have taken a file's place: room first
	for _, l := range rec.Setup {
		if now[l.Path] != l.After {
			continue
		}
		if l.Before.ID == "" {
			gone = append(gone, git.Entry{Path: l.Path})
		} else {
			back = append(back, git.Entry{Mode: l.Before.Mode, Object: l.Before.ID, Path: l.Path})
		}
	}
	for _, part := range [][]git.Entry{gone, back} {
		if len(part) == 0 {
			continue
		}
		if err := st.SetEntries(ctx, t, part); err != nil {
			return snap, err
		}
	}
	snap.Tree, err = st.WriteTree(ctx, t)
	return snap, err
}
