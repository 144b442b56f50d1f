package audit

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// The modes that git has for what is in a tree.
const (
	ModeFile    = "100644"
	ModeExec    = "100755"
	ModeSymlink = "120000"
	ModeModule  = "160000"
)

// Side is a file before or after the change.
type Side struct {
	Mode    string // "": it is not there
	Object  string // git's name of the content; of a submodule, its commit
	Size    int64  // bytes; of a submodule 0
	Missing bool   // the repository does not have it: a partial clone
	Read    bool   // Content is there
	Content string // of a symlink, its target
}

// There reports whether there is a file.
func (s Side) There() bool { return s.Mode != "" }

// Regular reports whether it is a file with content, not a link or a submodule.
func (s Side) Regular() bool { return s.Mode == ModeFile || s.Mode == ModeExec }

// Change is a file that differs.
type Change struct {
	Path     string // as git has it: any bytes but NUL
	Old, New Side
	// Commit is set where the change is not part of the result but of an earlier
	// commit of the agent's own, which would be merged with it.
	Commit string
}

// Diff is an agent's work.
type Diff struct {
	Changes []Change
	// Names are what the result's directories hold, by directory ("" is the top):
	// those in which something was added, and the ones above them.
	Names map[string][]string
	// NamesLeft: directories that were not read, for their number.
	NamesLeft int
	// MoreCommits: the agent made more commits than were looked into.
	MoreCommits bool
}

// Rules are what a diff is judged by.
type Rules struct {
	objective.Bounds
	Sensitive []string // globs of files that are usually secret or production's
	BulkFiles int      // how many files may be deleted; 0: none is too many
	event.AuditRules
	// Redact takes secrets that are known by their value out of a line; nil: none are.
	Redact func(line string) string
}

// Bounds of what is read, where AuditRules set none.
const (
	DefaultMaxFile = 1 << 20  // bytes of one file
	DefaultMaxRead = 64 << 20 // bytes of a whole diff
)

// FileLimit is how large a file may be.
func FileLimit(r event.AuditRules) int64 { return cmp.Or(r.MaxFile, DefaultMaxFile) }

// ReadLimit is how much of a diff is read.
func ReadLimit(r event.AuditRules) int64 { return cmp.Or(r.MaxRead, DefaultMaxRead) }

// found is a finding in the making.
type found struct {
	rule   string
	change *Change
	path   string // where there is no change
	line   int    // 0: the file
	old    bool   // line is one of the old side
	text   string // after the path, which begins it
	same   string // what makes it the same finding when the line moves; "" = text
	note   bool   // never more than a note
}

// Judge returns what is wrong with the diff: the findings that block first, then
// by path and line. Rules that are off are left out.
func Judge(r Rules, d Diff) []event.Finding {
	if r.Redact == nil {
		r.Redact = func(line string) string { return line }
	}
	j := &judge{rules: r, diff: &d, seen: map[string]int{}, lines: map[string]*several{}}
	for _, rule := range judges {
		rule(j)
	}
	for _, m := range j.lines {
		if more := m.n - perFile; more > 0 {
			f := &j.out[m.last]
			f.Text += fmt.Sprintf(" (and %d more in this file)", more)
			f.Key = key(f.Key, fmt.Sprint(more)) // it stands for others, too
		}
	}
	slices.SortStableFunc(j.out, func(a, b event.Finding) int {
		return cmp.Or(
			cmp.Compare(a.Severity, b.Severity), // "block" before "note"
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Rule, b.Rule))
	})
	return j.out
}

// judges in the order in which they look.
var judges = []func(*judge){
	(*judge).bounds, (*judge).deletions, (*judge).paths, (*judge).collisions, (*judge).kinds, (*judge).sizes,
	(*judge).smells, (*judge).configuration, (*judge).attributes, (*judge).hidden, (*judge).unread,
}

type judge struct {
	rules Rules
	diff  *Diff
	out   []event.Finding
	seen  map[string]int
	lines map[string]*several // rule and path → its findings with lines

	compared *Change // the last one that lines were compared of, and how
	edits    []edit
}

// several are the findings of one rule in one file.
type several struct{ n, last int }

// perFile bounds how many findings of one rule one file has: the rest is counted
// in the last of them.
const perFile = 8

func (j *judge) add(f found) {
	severity := SeverityOf(j.rules.AuditRules, f.rule)
	if severity == "" {
		return
	}
	if f.note {
		severity = event.SeverityNote
	}
	path, text := f.path, f.text
	if c := f.change; c != nil {
		path = ShowPath(c.Path)
		if !strings.HasPrefix(text, ":") {
			path += " "
		}
		text, path = path+text, ShowPath(c.Path)
		if c.Commit != "" {
			text += ", in an earlier commit of the agent's own (" + short(c.Commit) + "), which would be merged with the rest"
		}
	}
	out := event.Finding{
		Key: key(f.rule, path, cmp.Or(f.same, f.text)), Rule: f.rule, Path: path, Line: f.line,
		Text: Visible(j.rules.Redact(text)), Severity: severity,
	}
	j.seen[out.Key]++
	if n := j.seen[out.Key]; n > 1 && f.line == 0 {
		return // said already
	} else if n > 1 { // the same line twice in a file is two findings
		out.Key = key(out.Key, path, strings.Repeat("+", n))
	}
	if f.line > 0 && j.enough(f.rule+"\x00"+path) {
		return
	}
	out.Hunk = j.hunk(f)
	j.out = append(j.out, out)
}

// enough counts a finding and reports whether it is one too many to be listed.
func (j *judge) enough(of string) bool {
	m := j.lines[of]
	if m == nil {
		m = &several{}
		j.lines[of] = m
	}
	if m.n++; m.n > perFile {
		return true
	}
	m.last = len(j.out)
	return false
}

// compare compares a change's sides line by line; most often it is asked for the
// same change as before.
func (j *judge) compare(c *Change) []edit {
	if j.compared != c {
		j.compared, j.edits = c, compare(c.Old.Content, c.New.Content)
	}
	return j.edits
}

// added returns the lines that the change adds.
func (j *judge) added(c *Change) []edit {
	var out []edit
	for _, e := range j.compare(c) {
		if e.op == '+' {
			out = append(out, e)
		}
	}
	return out
}

// key names a finding by what it is about.
func key(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}

func short(commit string) string { return commit[:min(10, len(commit))] }
