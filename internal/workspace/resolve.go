package workspace

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"popkit/internal/workspace/agentgit"
	"popkit/internal/workspace/copyin"
	"popkit/internal/workspace/git"
	"popkit/internal/workspace/store"
)

// conflict is a path that a merge left for an agent to resolve.
type conflict struct {
	Path    string `json:"path"`
	Markers bool   `json:"markers,omitempty"` // the merge put conflict markers into it
	// Left is what the merge left on disk, "" for nothing; see fingerprint.
	Left string `json:"left,omitempty"`
}

// startMerge merges the spec's MergeCommit in a new workspace and returns what
// is in conflict. The workspace is still popkit's alone, so its own .git is used.
func (w *Run) startMerge(ctx context.Context, st *place, t store.Tree, s PrepareSpec) ([]conflict, error) {
	gitDir := filepath.Join(t.Work, ".git")
	// What merges by itself is written where popkit's index looks for it.
	env := []string{"GIT_DIR=" + gitDir, "GIT_WORK_TREE=" + t.Work, "GIT_OBJECT_DIRECTORY=" + st.Src.Objects,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"}
	merge := git.Cmd{Dir: t.Work, Env: env, OK: []int{1}, Args: []string{"-c", "merge.conflictStyle=diff3",
		"merge", "--quiet", "--no-commit", "--no-ff", "--no-verify", "--no-gpg-sign", "-m", "Merge " + s.MergeCommit, s.MergeCommit}}
	res, err := w.repo.Git.Run(ctx, merge)
	if err != nil {
		return nil, fmt.Errorf("merge %s: %w", s.MergeCommit, err)
	}
	if err := copyin.File(filepath.Join(gitDir, "index"), t.Index); err != nil {
		return nil, err
	}
	if res.Code == 0 {
		return nil, nil
	}
	res, err = st.Run(ctx, store.Call{Tree: t, Args: []string{"ls-files", "-u", "-z"}})
	if err != nil {
		return nil, err
	}
	entries, err := git.ParseEntries(git.Fields(res.Out))
	if err != nil {
		return nil, err
	}
	var conflicts []conflict
	for _, e := range entries {
		if n := len(conflicts); n > 0 && conflicts[n-1].Path == e.Path {
			continue
		}
		c := conflict{Path: e.Path}
		if c.Left, c.Markers, err = fingerprint(filepath.Join(t.Work, e.Path), s.MergeCommit); err != nil {
			return nil, err
		}
		conflicts = append(conflicts, c)
	}
	return conflicts, nil
}

// unresolved lists the conflicts that are still there: files that hold the
// markers that the merge had put there, and, where it could put none (binary
// files, deletions, modes), paths that are as the merge left them and that the
// agent did not mark as resolved (git add).
func (w *Run) unresolved(ctx context.Context, st *place, t store.Tree, rec record) ([]string, error) {
	if len(rec.Conflicts) == 0 {
		return nil, nil
	}
	unmerged := w.agentUnmerged(ctx, st, t)
	var open []string
	for _, c := range rec.Conflicts {
		left, markers, err := fingerprint(filepath.Join(t.Work, c.Path), rec.Merge)
		if err != nil {
			return nil, err
		}
		if markers || !c.Markers && left == c.Left && unmerged(c.Path) {
			open = append(open, c.Path)
		}
	}
	return open, nil
}

// mergeUndone reports whether an agent gave the merge up (git merge --abort)
// instead of resolving it for the base's side.
func (st *place) mergeUndone(ctx context.Context, t store.Tree, rec record, cut taken) (bool, error) {
	if agentgit.Open(t.Work).Merging() == rec.Merge {
		return false, nil
	}
	if cut.usable == noHistory {
		return true, nil
	}
	has, err := st.Descends(ctx, rec.Merge, cut.at)
	return !has, err
}

func conflictPaths(conflicts []conflict) []string {
	paths := make([]string, len(conflicts))
	for i, c := range conflicts {
		paths[i] = c.Path
	}
	return paths
}

// agentUnmerged reads the agent's own index for paths that it did not mark as
// resolved. One that can't be read vouches for nothing.
func (w *Run) agentUnmerged(ctx context.Context, st *place, t store.Tree) func(path string) bool {
	all := func(string) bool { return true }
	own, err := w.agentIndex(t)
	if err != nil {
		return all
	}
	res, err := st.Run(ctx, store.Call{Tree: store.Tree{Work: t.Work, Index: own}, Args: []string{"ls-files", "-u", "-z"}})
	if err != nil {
		return all
	}
	entries, err := git.ParseEntries(git.Fields(res.Out))
	if err != nil {
		return all
	}
	paths := map[string]bool{}
	for _, e := range entries {
		paths[e.Path] = true
	}
	return func(path string) bool { return paths[path] }
}

// agentIndex copies the agent's own index to where git can't be made to write
// through it, and returns the copy's path.
func (w *Run) agentIndex(t store.Tree) (string, error) {
	data, err := agentgit.ReadSmall(filepath.Join(t.Work, ".git", "index"), 1<<30)
	if err != nil {
		return "", err
	}
	path := t.Index + ".agent"
	return path, store.WriteFile(path, data)
}

// fingerprint tells what is at a path: "" for nothing, else its type, mode and
// a hash of its content; and whether it holds a marker of the merge of commit.
func fingerprint(path, commit string) (print string, markers bool, err error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("look at %s: %w", path, err)
	}
	h := sha256.New()
	fmt.Fprintf(h, "%v\x00", info.Mode())
	switch {
	case info.Mode().IsRegular():
		f, err := agentgit.OpenPlain(path)
		if err != nil {
			return "", false, fmt.Errorf("look for conflict markers: %w", err)
		}
		defer f.Close()
		if markers, err = hasMarkers(io.TeeReader(f, h), commit); err != nil {
			return "", false, fmt.Errorf("look for conflict markers: %w", err)
		}
	case info.Mode()&os.ModeSymlink != 0:
		link, err := os.Readlink(path)
		if err != nil {
			return "", false, fmt.Errorf("look at a conflict: %w", err)
		}
		io.WriteString(h, link)
	}
	return hex.EncodeToString(h.Sum(nil)), markers, nil
}

// hasMarkers looks for "<<<<<<< HEAD" and ">>>>>>> COMMIT" lines (of any marker
// size) as git merge puts them.
func hasMarkers(r io.Reader, commit string) (bool, error) {
	found := false
	br := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := br.ReadSlice('\n')
		if isMarker(bytes.TrimRight(line, "\r\n"), commit) {
			found = true
		}
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = br.ReadSlice('\n')
		}
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			return false, err
		}
	}
}

func isMarker(line []byte, commit string) bool {
	if len(line) < 3 {
		return false
	}
	label := strings.TrimLeft(string(line), string(line[0]))
	switch line[0] {
	case '<':
		return label == " HEAD"
	case '>':
		return label == " "+commit
	}
	return false
}
