package workspace

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"popkit/internal/workspace/git"
)

// unpackLimit is the number of objects from which a transfer is kept as a pack
// instead of single files, as git fetch does.
const unpackLimit = 100

// adopt brings what the agent's commits hold into the user's repository:
// everything that wants reach and haves don't. Each object is hashed and
// checked on the way, and in the end everything that wants need must be there.
// An error of git's own means that the agent's objects are not usable.
func (st *store) adopt(ctx context.Context, agents string, wants, haves []string) error {
	if len(wants) == 0 {
		return nil
	}
	if agents != "" {
		if err := st.transfer(ctx, agents, revisions(wants, haves)); err != nil {
			return err
		}
	}
	_, err := st.run(ctx, call{args: []string{"rev-list", "--objects", "--quiet", "--stdin"}, stdin: strings.NewReader(revisions(wants, haves))})
	if err != nil {
		return fmt.Errorf("the agent's commits are not complete: %w", err)
	}
	return nil
}

func revisions(wants, haves []string) string {
	var b strings.Builder
	for _, id := range wants {
		b.WriteString(id + "\n")
	}
	for _, id := range haves {
		b.WriteString("^" + id + "\n")
	}
	return b.String()
}

// transfer pipes a pack of the agent's objects into the user's.
func (st *store) transfer(ctx context.Context, agents, revs string) error {
	pr, pw := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		_, err := st.run(ctx, call{
			args:   []string{"pack-objects", "--revs", "--stdout", "--thin", "--delta-base-offset", "-q"},
			stdin:  strings.NewReader(revs),
			stdout: pw, agents: agents,
		})
		pw.CloseWithError(err) // a nil error is the end of the pack
		packed <- err
	}()
	err := st.unpack(ctx, pr)
	pr.CloseWithError(errors.New("the reader is gone"))
	if perr := <-packed; perr != nil {
		return fmt.Errorf("read the agent's commits: %w", perr)
	}
	if err != nil {
		return fmt.Errorf("take over the agent's commits: %w", err)
	}
	return nil
}

func (st *store) unpack(ctx context.Context, pack io.Reader) error {
	head := make([]byte, 12)
	if _, err := io.ReadFull(pack, head); err != nil {
		return err
	}
	count := binary.BigEndian.Uint32(head[8:])
	args := []string{"unpack-objects", "-q", "--strict"}
	if count >= unpackLimit {
		args = []string{"index-pack", "--stdin", "--fix-thin", "--strict"}
	}
	_, err := st.run(ctx, call{args: args, stdin: io.MultiReader(bytes.NewReader(head), pack)})
	return err
}

// descends reports whether commit is base or comes after it.
func (st *store) descends(ctx context.Context, base, commit string) (bool, error) {
	if base == commit {
		return true, nil
	}
	res, err := st.run(ctx, call{args: []string{"merge-base", "--is-ancestor", base, commit}, ok: []int{1}})
	return err == nil && res.Code == 0, err
}

// treeOf returns the tree of a commit.
func (st *store) treeOf(ctx context.Context, commit string) (string, error) {
	return st.line(ctx, "rev-parse", "--verify", "--end-of-options", commit+"^{tree}")
}

// commit makes a commit and returns it. Its author is the run's identity.
func (w *Run) commit(ctx context.Context, st *store, treeID, message string, parents ...string) (string, error) {
	args := []string{"commit-tree", treeID}
	for _, p := range parents {
		args = append(args, "-p", p)
	}
	id := w.opts.Identity
	env := []string{
		"GIT_AUTHOR_NAME=" + id.Name, "GIT_AUTHOR_EMAIL=" + id.Email,
		"GIT_COMMITTER_NAME=" + id.Name, "GIT_COMMITTER_EMAIL=" + id.Email,
	}
	if w.opts.Sign && st.repo != nil {
		res, err := w.repo.run(ctx, git.Cmd{Args: append(args, "-S"), Env: env, Stdin: strings.NewReader(message)})
		return git.Line(res.Out), err
	}
	res, err := st.run(ctx, call{args: args, env: env, stdin: strings.NewReader(message)})
	return git.Line(res.Out), err
}
