package agentgit

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"popkit/internal/workspace/git"
)

// Dir is an agent's own git dir, read as plain files: no git runs in it.
// What is missing or makes no sense is taken as not there.
type Dir struct {
	path string // "" when there is none that can be read
}

// Limits for what an agent may have written.
const (
	maxRefFile    = 4 << 10
	maxPackedRefs = 64 << 20
	maxLog        = 16 << 20
	maxRefDepth   = 32
)

// Open finds the git dir of a work tree: a real directory called .git.
// A file or a link that points elsewhere is not followed; where it points to is
// either in the workspace, and then kept as files, or not popkit's to remove.
func Open(work string) Dir {
	dir := filepath.Join(work, ".git")
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return Dir{}
	}
	return Dir{path: dir}
}

// None reports that there is no git dir that can be read.
func (g Dir) None() bool { return g.path == "" }

// Objects is the agent's object directory, "" when there is none.
func (g Dir) Objects() string {
	if g.path == "" {
		return ""
	}
	dir := filepath.Join(g.path, "objects")
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

// Head returns the commit that is checked out, "" when that can't be told.
func (g Dir) Head() string {
	if g.path == "" {
		return ""
	}
	return g.resolve("HEAD", g.packed())
}

// Merging returns the commit that a merge under way brings in, "" for none.
func (g Dir) Merging() string {
	if g.path == "" {
		return ""
	}
	return g.firstLine("MERGE_HEAD")
}

// resolve follows a ref to the object it holds.
func (g Dir) resolve(name string, packed map[string]string) string {
	for range 5 {
		data, err := ReadSmall(filepath.Join(g.path, filepath.FromSlash(name)), maxRefFile)
		if err != nil {
			return packed[name]
		}
		text := strings.TrimSpace(string(data))
		next, symbolic := strings.CutPrefix(text, "ref:")
		if !symbolic {
			if git.IsID(text) {
				return text
			}
			return ""
		}
		name = strings.TrimSpace(next)
		if !strings.HasPrefix(name, "refs/") || !filepath.IsLocal(filepath.FromSlash(name)) {
			return ""
		}
	}
	return ""
}

// packed reads packed-refs.
func (g Dir) packed() map[string]string {
	refs := map[string]string{}
	data, err := ReadSmall(filepath.Join(g.path, "packed-refs"), maxPackedRefs)
	if err != nil {
		return refs
	}
	for line := range strings.Lines(string(data)) {
		id, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if ok && git.IsID(id) {
			refs[name] = id
		}
	}
	return refs
}

// pseudoRefs are files of a git dir that hold a commit which no branch need
// have: a merge, a cherry-pick or a rebase under way, what a reset left behind.
var pseudoRefs = []string{
	"MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD", "ORIG_HEAD",
	"rebase-merge/orig-head", "rebase-merge/stopped-sha", "rebase-merge/autostash",
	"rebase-apply/orig-head", "rebase-apply/autostash", "MERGE_AUTOSTASH",
}

// Tips returns every object that the agent's refs hold, with the name of the
// ref: branches, tags, HEAD, every stash entry, operations under way, and the
// HEADs of worktrees that the agent made.
func (g Dir) Tips() map[string]string {
	tips := map[string]string{}
	if g.path == "" {
		return tips
	}
	add := func(name, id string) {
		if id != "" && tips[id] == "" {
			tips[id] = name
		}
	}
	packed := g.packed()
	add("HEAD", g.resolve("HEAD", packed))
	loose := map[string]bool{}
	g.walk("refs", 0, func(name string) {
		loose[name] = true
		add(name, g.resolve(name, packed))
	})
	for _, name := range slices.Sorted(maps.Keys(packed)) {
		if !loose[name] {
			add(name, packed[name])
		}
	}
	for _, name := range pseudoRefs {
		add(name, g.firstLine(name))
	}
	for _, id := range g.logged("logs/refs/stash") {
		add("refs/stash", id)
	}
	worktrees, err := os.ReadDir(filepath.Join(g.path, "worktrees"))
	if err != nil {
		return tips // there are none
	}
	for _, d := range worktrees {
		sub := Dir{path: filepath.Join(g.path, "worktrees", d.Name())}
		if data, err := ReadSmall(filepath.Join(sub.path, "HEAD"), maxRefFile); err == nil {
			add("worktrees/"+d.Name()+"/HEAD", idOrEmpty(strings.TrimSpace(string(data))))
		}
	}
	return tips
}

// walk calls found with the name of each loose ref below dir.
func (g Dir) walk(dir string, depth int, found func(name string)) {
	entries, err := os.ReadDir(filepath.Join(g.path, filepath.FromSlash(dir)))
	if err != nil || depth > maxRefDepth {
		return
	}
	for _, e := range entries {
		name := dir + "/" + e.Name()
		switch {
		case e.IsDir():
			g.walk(name, depth+1, found)
		case e.Type() == fs.FileMode(0):
			found(name)
		}
	}
}

// firstLine reads a pseudo-ref: its first line, when that is an object's name.
func (g Dir) firstLine(name string) string {
	data, err := ReadSmall(filepath.Join(g.path, filepath.FromSlash(name)), maxRefFile)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return idOrEmpty(strings.TrimSpace(line))
}

// logged returns the objects that a reflog's entries set.
func (g Dir) logged(name string) []string {
	data, err := ReadSmall(filepath.Join(g.path, filepath.FromSlash(name)), maxLog)
	if err != nil {
		return nil
	}
	var ids []string
	for line := range strings.Lines(string(data)) {
		if parts := strings.SplitN(line, " ", 3); len(parts) == 3 && git.IsID(parts[1]) {
			ids = append(ids, parts[1])
		}
	}
	return ids
}

func idOrEmpty(s string) string {
	if git.IsID(s) {
		return s
	}
	return ""
}
