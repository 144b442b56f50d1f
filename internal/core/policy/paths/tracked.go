package paths

import (
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"popkit/internal/core/objective"
)

// Tracked counts the files at or below a path, of which only globs are known: many
// where it can hold some.
func Tracked(globs []string, many int) func(rel string) int {
	return func(rel string) int {
		n := 0
		for _, g := range globs {
			switch {
			case rel == "." || rel == "**" || rel == "":
				n += many
			case strings.ContainsAny(rel, "*?[{"):
				if globsMeet(rel, g) {
					n += many
				}
			case strings.HasPrefix(g, rel+"/"):
				n += many
			case objective.InScope(rel, []string{g}):
				if n++; path.Ext(rel) == "" {
					n += many
				}
			}
		}
		return n
	}
}

// globsMeet reports whether a glob of what is deleted meets one of tracked files by
// more than wildcards: in a folder that is tracked, or by the same kind of name.
func globsMeet(rel, tracked string) bool {
	dir, base := literalDir(rel)
	top, name := literalDir(tracked)
	switch {
	case dir != "" && top != "" && UnderAny(dir, []string{top}):
		return name == "**" || strings.Trim(base, "*") == "" || base == name
	case strings.Trim(base, "*") == "":
		return top != "" && (dir == "" || UnderAny(top, []string{dir}))
	}
	if !strings.ContainsAny(base, "*?[{") {
		return strings.Trim(name, "*") != "" && doublestar.MatchUnvalidated(name, base)
	}
	return strings.Trim(name, "*") != "" && objective.ScopesOverlap([]string{base}, []string{name})
}

// literalDir is the folder before the first wildcard, and the last segment.
func literalDir(glob string) (dir, base string) {
	base = path.Base(glob)
	for seg := range strings.SplitSeq(path.Dir(glob), "/") {
		if strings.ContainsAny(seg, "*?[{") {
			break
		}
		dir = path.Join(dir, seg)
	}
	if dir == "." {
		dir = ""
	}
	return dir, base
}
