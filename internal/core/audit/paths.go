package audit

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"popkit/internal/core/objective"
)

// bounds judges where the files lie.
func (j *judge) bounds() {
	names := make([]string, len(j.diff.Changes))
	at := map[string][]*Change{}
	for i := range j.diff.Changes {
		c := &j.diff.Changes[i]
		names[i] = c.Path
		at[c.Path] = append(at[c.Path], c)
	}
	slices.Sort(names)
	for _, f := range objective.Audit(slices.Compact(names), j.rules.Bounds) {
		for _, c := range at[f.File] {
			if c.Commit != "" && (f.Rule != ProtectedPath || len(at[f.File]) > 1 && at[f.File][0].Commit == "") {
				continue // what an earlier commit did there is the result's matter, or is told already
			}
			j.add(found{rule: f.Rule, change: c, text: strings.TrimPrefix(f.Text, f.File+" "), same: c.New.Object + "-"})
		}
	}
	for i := range j.diff.Changes {
		c := &j.diff.Changes[i]
		if objective.Protected(c.Path, j.rules.Sensitive) && !objective.Protected(c.Path, j.rules.Protected) {
			j.add(found{rule: ProtectedPath, change: c, same: c.New.Object + "-", text: "is usually secret or production's (guardrails.sensitive_paths)"})
		}
	}
}

// deletions judges how much is deleted, moves aside.
func (j *judge) deletions() {
	moved := j.moves()
	var gone []*Change
	for i := range j.diff.Changes {
		if c := &j.diff.Changes[i]; c.Commit == "" && !c.New.There() && moved[c] == nil {
			gone = append(gone, c)
		}
	}
	if j.rules.BulkFiles == 0 || len(gone) <= j.rules.BulkFiles {
		return
	}
	for _, c := range gone {
		j.add(found{rule: BulkDelete, change: c, same: c.Old.Object, text: fmt.Sprintf("is deleted, and %d others", len(gone)-1)})
	}
}

// paths judges the names of new files.
func (j *judge) paths() {
	for i := range j.diff.Changes {
		c := &j.diff.Changes[i]
		if !c.New.There() || c.Old.There() {
			continue
		}
		if why := unportable(c.Path); why != "" {
			j.add(found{rule: Unportable, change: c, text: why})
		}
	}
}

// unportable says why a path can't be checked out everywhere, or "".
func unportable(p string) string {
	if !utf8.ValidString(p) {
		return "has a name that is not UTF-8: other systems can't hold it"
	}
	for seg := range strings.SplitSeq(p, "/") {
		switch {
		case gitDir(seg):
			return "has a name that some systems take for git's own directory"
		case seg == "" || seg == "." || seg == "..":
			return "has a name that leads elsewhere"
		case len(seg) > 255:
			return fmt.Sprintf("has a name of %d bytes: most systems hold 255", len(seg))
		case strings.ContainsAny(seg, `<>:"|?*\`) || strings.ContainsFunc(seg, func(r rune) bool { return r < ' ' || r == 0x7f }):
			return "has a name with characters that other systems can't hold"
		case strings.HasSuffix(seg, ".") || strings.HasSuffix(seg, " "):
			return "has a name that ends in a dot or a blank, which other systems leave off"
		case device(seg):
			return "has a name that Windows takes for a device"
		case strings.ContainsFunc(seg, func(r rune) bool { return r >= 0x300 && r <= 0x36f }):
			return "has a name in letters and marks of their own, which other systems put together"
		case hidingName(seg):
			return "has a name with characters that nobody sees"
		}
	}
	return ""
}

// gitDir reports whether a file system takes the name for .git: case, HFS's
// characters that do not count, NTFS's short names, streams and trailing dots.
func gitDir(seg string) bool {
	for part := range strings.SplitSeq(seg, `\`) {
		part, _, _ = strings.Cut(part, ":")
		part = strings.ToLower(strings.TrimRight(strings.Map(func(r rune) rune {
			if r >= 0x200c && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x206a && r <= 0x206f || r == 0xfeff {
				return -1
			}
			return r
		}, part), ". "))
		if part == ".git" || part == "git~1" {
			return true
		}
	}
	return false
}

// device reports whether Windows opens a device of that name.
func device(seg string) bool {
	name, _, _ := strings.Cut(strings.ToLower(seg), ".")
	name = strings.TrimRight(name, " ")
	if n := strings.TrimRight(name, "123456789"); len(n) == 3 && len(name) == 4 {
		return n == "com" || n == "lpt"
	}
	return slices.Contains([]string{"con", "prn", "aux", "nul"}, name)
}

func hidingName(seg string) bool {
	_, why := firstHidden(seg, false)
	return why != "" || Visible(seg) != seg
}

// collisions finds new names that are there already where case does not count.
func (j *judge) collisions() {
	folded := map[string]map[string][]string{} // directory → folded name → names
	for dir, names := range j.diff.Names {
		m := map[string][]string{}
		for _, n := range names {
			m[fold(n)] = append(m[fold(n)], n)
		}
		folded[dir] = m
	}
	for i := range j.diff.Changes {
		c := &j.diff.Changes[i]
		if c.Commit != "" || !c.New.There() || c.Old.There() {
			continue
		}
		for p := c.Path; p != "." && p != ""; p = parent(p) {
			for _, n := range folded[parent(p)][fold(path.Base(p))] {
				if n != path.Base(p) {
					j.add(found{rule: Collision, change: c,
						text: fmt.Sprintf("and %s are one and the same where case does not count", ShowPath(path.Join(parent(p), n)))})
				}
			}
		}
	}
	if j.diff.NamesLeft > 0 {
		j.add(found{rule: Unread, text: fmt.Sprintf("%d directories were not looked through for names that differ in case only", j.diff.NamesLeft)})
	}
}

// parent is the directory of a path, "" for the top.
func parent(p string) string {
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		return p[:i]
	}
	return ""
}

// Parents returns the directories whose names Judge wants to know.
func Parents(changes []Change) []string {
	set := map[string]bool{}
	for _, c := range changes {
		if c.Commit != "" || !c.New.There() || c.Old.There() {
			continue
		}
		for p := parent(c.Path); !set[p]; p = parent(p) {
			set[p] = true
		}
	}
	out := make([]string, 0, len(set))
	for p := range set {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

func fold(s string) string { return strings.ToLower(strings.ToUpper(s)) }
