package userrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"popkit/internal/workspace/git"
)

// Ref is a ref and the object it holds.
type Ref struct {
	Name   string // full name
	Commit string
}

// RefCommit returns the commit that a ref (full name) holds, "" when there is
// no such ref.
func (r *Repo) RefCommit(ctx context.Context, name string) (string, error) {
	res, err := r.Run(ctx, git.Cmd{Args: []string{"rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}"}, OK: []int{1}})
	if err != nil {
		return "", err
	}
	return git.Line(res.Out), nil
}

// RefExists reports whether there is a ref of that full name.
func (r *Repo) RefExists(ctx context.Context, name string) (bool, error) {
	commit, err := r.RefCommit(ctx, name)
	return commit != "", err
}

// Refs lists the refs at or below prefix, e.g. "refs/popkit/RUN", by name.
func (r *Repo) Refs(ctx context.Context, prefix string) ([]Ref, error) {
	res, err := r.Run(ctx, git.Cmd{Args: []string{"for-each-ref", "--format=%(objectname) %(refname)", prefix}})
	if err != nil {
		return nil, err
	}
	var refs []Ref
	for _, line := range strings.Split(git.Line(res.Out), "\n") {
		if commit, name, ok := strings.Cut(line, " "); ok {
			refs = append(refs, Ref{Name: name, Commit: commit})
		}
	}
	return refs, nil
}

// DeleteRefs removes refs of popkit's own, all or none, each only while it
// still holds its Commit. It does not look whether what they hold is kept
// elsewhere: that is the caller's to prove.
func (r *Repo) DeleteRefs(ctx context.Context, refs []Ref) error {
	var in bytes.Buffer
	for _, ref := range refs {
		if !Own(ref.Name) {
			return fmt.Errorf("delete %s: not a ref of popkit's", ref.Name)
		}
		fmt.Fprintf(&in, "delete %s\x00%s\x00", ref.Name, ref.Commit)
	}
	return r.updateRefs(ctx, in.Bytes())
}

// AnyValue as the old value of SetRef overwrites whatever the ref holds.
const AnyValue = "*"

// SetRef makes a ref of popkit's own hold commit. old is what it must hold
// now: "" for nothing, or AnyValue. It returns ErrRefMoved when it does not.
func (r *Repo) SetRef(ctx context.Context, name, commit, old string) error {
	if !Own(name) {
		return fmt.Errorf("write %s: not a ref of popkit's", name)
	}
	var in bytes.Buffer
	switch old {
	case AnyValue:
		fmt.Fprintf(&in, "update %s\x00%s\x00\x00", name, commit)
	case "":
		fmt.Fprintf(&in, "create %s\x00%s\x00", name, commit)
	default:
		fmt.Fprintf(&in, "update %s\x00%s\x00%s\x00", name, commit, old)
	}
	return r.updateRefs(ctx, in.Bytes())
}

// patience is how long the process that writes refs waits for the next one.
const patience = 2 * time.Second

// updateRefs writes refs, all or none. They come in bursts (each agent's work,
// each merge), so the process that writes them stays for a while.
func (r *Repo) updateRefs(ctx context.Context, in []byte) error {
	if len(in) == 0 {
		return nil
	}
	r.refs.Lock()
	defer r.refs.Unlock()
	if r.idle != nil {
		r.idle.Stop()
	}
	if r.writer == nil {
		w, err := r.Git.Start(ctx, r.here(git.Cmd{Args: []string{"update-ref", "-z", "--stdin"}}))
		if err != nil {
			return err
		}
		r.writer = w
	}
	ask := slices.Concat([]byte("start\x00"), in, []byte("commit\x00"))
	said, err := r.writer.Ask(ctx, ask, 2)
	if err == nil && !slices.Equal(said, []string{"start: ok", "commit: ok"}) {
		err = errors.Join(fmt.Errorf("write refs: git says %q", said), r.writer.Close())
	}
	if err != nil {
		r.writer = nil
	} else {
		r.idle = time.AfterFunc(patience, r.endWriter)
	}
	if git.Said(err, "reference already exists", "but expected", "unable to resolve reference") {
		return fmt.Errorf("%w: %w", ErrRefMoved, err)
	}
	return git.DiskFull(err, r.CommonDir)
}

// endWriter ends the process that writes refs, unless it is asked again just now.
func (r *Repo) endWriter() {
	if !r.refs.TryLock() {
		return
	}
	defer r.refs.Unlock()
	if r.writer != nil {
		_ = r.writer.Close() // it has done what it was asked
		r.writer = nil
	}
}

// Own reports whether popkit may write the ref.
func Own(name string) bool {
	return strings.HasPrefix(name, "refs/popkit/") || strings.HasPrefix(name, "refs/heads/popkit/")
}
