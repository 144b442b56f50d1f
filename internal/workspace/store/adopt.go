package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"popkit/internal/workspace/git"
)

// unpackLimit is the number of objects from which a transfer is kept as a pack
// instead of single files, as git fetch does.
const unpackLimit = 100

// Adopt brings what the agent's commits hold into the user's repository:
// everything that wants reach and haves don't. Each object is hashed and
// checked on the way, and in the end everything that wants need must be there.
// An error of git's own means that the agent's objects are not usable.
func (st *Store) Adopt(ctx context.Context, agents string, wants, haves []string) error {
	if len(wants) == 0 {
		return nil
	}
	if agents != "" {
		revs := revisions(wants, haves)
		if err := st.patient(ctx, agents, func(ctx context.Context) error { return st.transfer(ctx, agents, revs) }); err != nil {
			return err
		}
	}
	_, err := st.Run(ctx, Call{Args: []string{"rev-list", "--objects", "--quiet", "--stdin"}, Stdin: strings.NewReader(revisions(wants, haves))})
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
func (st *Store) transfer(ctx context.Context, agents, revs string) error {
	pr, pw := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		_, err := st.Run(ctx, Call{
			Args:   []string{"pack-objects", "--revs", "--stdout", "--thin", "--delta-base-offset", "-q"},
			Stdin:  strings.NewReader(revs),
			Stdout: pw, Agents: agents,
		})
		pw.CloseWithError(err) // a nil error is the end of the pack
		packed <- err
	}()
	err := st.unpack(ctx, pr)
	pr.CloseWithError(errors.New("the reader is gone"))
	perr := <-packed
	switch {
	case err == nil && perr == nil:
		return nil
	case err == nil, perr != nil && (!ran(err) || git.Said(err, "early EOF", "end of file")):
		return fmt.Errorf("read the agent's commits: %w", perr) // the pack was cut off
	default:
		return fmt.Errorf("take over the agent's commits: %w", err)
	}
}

// ran reports whether err is about a git that ran.
func ran(err error) bool {
	var e *git.Error
	return errors.As(err, &e)
}

func (st *Store) unpack(ctx context.Context, pack io.Reader) error {
	head := make([]byte, 12)
	if _, err := io.ReadFull(pack, head); err != nil {
		return err
	}
	count := binary.BigEndian.Uint32(head[8:])
	args := []string{"unpack-objects", "-q", "--strict"}
	if count >= unpackLimit {
		args = []string{"index-pack", "--stdin", "--fix-thin", "--strict"}
	}
	_, err := st.Run(ctx, Call{Args: args, Stdin: io.MultiReader(bytes.NewReader(head), pack)})
	return err
}

// Descends reports whether commit is base or comes after it.
func (st *Store) Descends(ctx context.Context, base, commit string) (bool, error) {
	if base == commit {
		return true, nil
	}
	res, err := st.Run(ctx, Call{Args: []string{"merge-base", "--is-ancestor", base, commit}, OK: []int{1}})
	return err == nil && res.Code == 0, err
}

// TreeOf returns the tree of a commit.
func (st *Store) TreeOf(ctx context.Context, commit string) (string, error) {
	return st.Line(ctx, "rev-parse", "--verify", "--end-of-options", commit+"^{tree}")
}

// CommitArgs are the arguments that make git write a commit of a tree.
func CommitArgs(tree string, parents []string) []string {
	args := []string{"commit-tree", tree}
	for _, p := range parents {
		args = append(args, "-p", p)
	}
	return args
}

// SetEntries sets or removes entries of an index.
func (st *Store) SetEntries(ctx context.Context, t Tree, entries []git.Entry) error {
	in := strings.NewReader(string(git.IndexInfo(entries, st.idLen())))
	_, err := st.Run(ctx, Call{Tree: t, Args: []string{"update-index", "-z", "--index-info"}, Stdin: in})
	return err
}

func (st *Store) idLen() int {
	if st.Src.Format == "sha256" {
		return 64
	}
	return 40
}

// ParentsOf returns a commit's parents.
func (st *Store) ParentsOf(ctx context.Context, commit string) ([]string, error) {
	line, err := st.Line(ctx, "rev-list", "--no-walk", "--parents", commit)
	if err != nil {
		return nil, err
	}
	return strings.Fields(line)[1:], nil
}

// SameCommit reports whether two commits have the same tree and parents.
func (st *Store) SameCommit(ctx context.Context, a, b string) (bool, error) {
	if a == b {
		return true, nil
	}
	out, err := st.Line(ctx, "log", "--no-walk=unsorted", "--format=%T %P", a, b, "--")
	if err != nil {
		return false, err
	}
	one, two, _ := strings.Cut(out, "\n")
	return one == two, nil
}

// Novel returns those of the tips that haves don't reach, by name.
func (st *Store) Novel(ctx context.Context, agents string, tips map[string]string, haves []string) (finds []Find, broken bool, err error) {
	err = st.patient(ctx, agents, func(ctx context.Context) (err error) {
		finds, broken, err = st.novel(ctx, agents, tips, haves)
		return err
	})
	return finds, broken, err
}

func (st *Store) novel(ctx context.Context, agents string, tips map[string]string, haves []string) (finds []Find, broken bool, err error) {
	ids := slices.Sorted(maps.Keys(tips))
	in := strings.Join(ids, "^{commit}\n") + "^{commit}\n"
	res, err := st.Run(ctx, Call{Agents: agents, Stdin: strings.NewReader(in), Args: []string{"cat-file", "--batch-check=%(objectname) %(objecttype)"}})
	if git.Failed(err) {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	commits := map[string]string{}
	sc := bufio.NewScanner(bytes.NewReader(res.Out))
	for i := 0; sc.Scan() && i < len(ids); i++ {
		id, kind, _ := strings.Cut(sc.Text(), " ")
		if kind == "commit" && git.IsID(id) {
			commits[id] = tips[ids[i]]
		} else {
			broken = true
		}
	}
	if len(commits) == 0 {
		return nil, broken, sc.Err()
	}
	res, err = st.Run(ctx, Call{Agents: agents, Args: []string{"rev-list", "--stdin"}, Stdin: strings.NewReader(revisions(slices.Sorted(maps.Keys(commits)), haves))})
	if err != nil && !git.Failed(err) {
		return nil, broken, err
	}
	lost := map[string]bool{}
	for line := range strings.Lines(string(res.Out)) {
		lost[strings.TrimSpace(line)] = true
	}
	for _, id := range slices.Sorted(maps.Keys(commits)) {
		if lost[id] || err != nil { // what can't be walked is looked at one by one
			finds = append(finds, Find{Commit: id, What: commits[id]})
		}
	}
	slices.SortFunc(finds, func(a, b Find) int { return strings.Compare(a.What+a.Commit, b.What+b.Commit) })
	return finds, broken, nil
}

// Find is a commit that would be lost, and in words what holds it.
type Find struct {
	Commit, What string
}
