package policy

import (
	"path"
	"strings"

	"popkit/internal/core/policy/paths"
	"popkit/internal/core/policy/shell"
)

// place is a path of a call, by one of its names.
type place struct {
	abs    shell.Word
	rel    shell.Word // within the workspace; "" for the workspace itself
	inside bool
	tmp    bool // in the agent's TMPDIR, or one that all share
}

func (p place) String() string {
	switch {
	case p.inside && p.rel == "":
		return "."
	case p.inside:
		return p.rel.String()
	}
	return p.abs.String()
}

// places returns a path under each of its names: as written, and as it resolves.
func (j *judge) places(dir, w shell.Word) []place {
	s := string(w)
	switch {
	case s == "~" || strings.HasPrefix(s, "~/"):
		w = shell.Word(j.home()) + shell.Word(s[1:])
	case strings.HasPrefix(s, "~"):
		w = shell.Word("/home/" + s[1:])
	}
	first := j.place(shell.Join(dir, w))
	out := []place{first}
	if j.f.Resolve != nil && first.abs.Known() {
		if real := shell.Word(path.Clean(j.f.Resolve(string(first.abs)))); real != first.abs && real != "." {
			out = append(out, j.place(real))
		}
	}
	return out
}

func (j *judge) home() string {
	if j.f.Home == "" {
		return string(rune(shell.Unknown))
	}
	return j.f.Home
}

func (j *judge) place(abs shell.Word) place {
	p := place{abs: abs}
	for _, top := range []string{j.f.Workspace, j.realTop} {
		if rel, ok := paths.Below(string(abs), top, j.f.FoldCase); ok {
			p.rel, p.inside = shell.Word(rel), true
			return p
		}
	}
	for _, tmp := range []string{j.f.Tmp, j.realTmp} {
		if _, ok := paths.Below(string(abs), tmp, j.f.FoldCase); ok {
			p.tmp = true
			return p
		}
	}
	if _, ok := paths.Below(string(abs), j.f.Home, j.f.FoldCase); ok {
		return p // also where that is in a folder that all share
	}
	for _, tmp := range []string{"/tmp", "/var/tmp", "/private/tmp"} {
		rel, ok := paths.Below(string(abs), tmp, false)
		if ok && rel != "" && !strings.HasPrefix(rel, "popkit") {
			p.tmp = true
		}
	}
	return p
}
