package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// tree is the content of a commit: file → lines.
type tree map[string]string

// git is a model of a repository: commits are never changed or lost.
type git struct {
	trees map[string]tree
	next  int
}

func newGit() *git { return &git{trees: map[string]tree{}} }

// commit stores a tree and returns its new name.
func (g *git) commit(t tree) string {
	g.next++
	name := fmt.Sprintf("%012x", g.next)
	g.trees[name] = maps.Clone(t)
	return name
}

// conflictMark begins the content of a file whose merge conflicted.
const conflictMark = "<<<<<<<\n"

// merge is the three-way merge of ours and theirs over their base, by whole
// files: a file that both sides changed, each in its own way, conflicts.
func merge(base, ours, theirs tree) (merged tree, conflicts []string) {
	merged = maps.Clone(ours)
	for _, f := range slices.Sorted(maps.Keys(union(ours, theirs))) {
		b, o, t := base[f], ours[f], theirs[f]
		switch {
		case o == t || t == b:
		case o == b:
			merged[f] = t
		default:
			conflicts = append(conflicts, f)
			merged[f] = conflictMark + o + t
		}
		if merged[f] == "" {
			delete(merged, f)
		}
	}
	return merged, conflicts
}

func union(a, b tree) tree {
	u := maps.Clone(a)
	maps.Copy(u, b)
	return u
}

// changed returns the files in which two trees differ, sorted.
func changed(a, b tree) []string {
	var out []string
	for _, f := range slices.Sorted(maps.Keys(union(a, b))) {
		if a[f] != b[f] {
			out = append(out, f)
		}
	}
	return out
}

// lines returns the distinct lines of a file's content, sorted: what a resolver
// that keeps both sides leaves, in whatever order the sides came.
func lines(contents ...string) string {
	set := map[string]bool{}
	for _, c := range contents {
		for l := range strings.Lines(strings.ReplaceAll(c, conflictMark, "")) {
			set[l] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), "")
}

// without drops the lines that begin with the prefix.
func without(content, prefix string) string {
	var b strings.Builder
	for l := range strings.Lines(content) {
		if !strings.HasPrefix(l, prefix) {
			b.WriteString(l)
		}
	}
	return b.String()
}

// holds reports whether a file of the tree has a line that begins with the prefix.
func (t tree) holds(prefix string) bool {
	for _, c := range t {
		for l := range strings.Lines(c) {
			if strings.HasPrefix(l, prefix) {
				return true
			}
		}
	}
	return false
}
