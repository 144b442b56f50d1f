package audit

import (
	"fmt"
	"path"
	"strings"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// kinds judges what kind of thing a file is, and how that changed.
func (j *judge) kinds() {
	for i := range j.diff.Changes {
		c := &j.diff.Changes[i]
		if c.Commit != "" {
			continue
		}
		switch {
		case c.Old.Mode == ModeModule || c.New.Mode == ModeModule:
			j.add(found{rule: Submodule, change: c, text: module(c)})
		case c.New.Mode == ModeSymlink && (c.Old.Mode != ModeSymlink || c.Old.Object != c.New.Object):
			j.symlink(c)
		}
		j.mode(c)
	}
}

func module(c *Change) string {
	switch {
	case c.New.Mode != ModeModule:
		return "is a submodule no more"
	case c.Old.Mode != ModeModule:
		return "becomes a submodule, at commit " + short(c.New.Object)
	}
	return fmt.Sprintf("is a submodule that moves from commit %s to %s", short(c.Old.Object), short(c.New.Object))
}

func (j *judge) mode(c *Change) {
	before, after := c.Old.Mode, c.New.Mode
	switch {
	case !c.New.There() || before == after || after == ModeModule:
	case !c.Old.There():
		if after == ModeExec {
			j.add(found{rule: ModeChange, change: c, text: "is new and executable", note: true})
		}
	case before == ModeFile && after == ModeExec:
		j.add(found{rule: ModeChange, change: c, text: "becomes executable"})
	case before == ModeExec && after == ModeFile:
		j.add(found{rule: ModeChange, change: c, text: "is executable no more"})
	default:
		j.add(found{rule: ModeChange, change: c, text: fmt.Sprintf("was %s and is %s", kind(before), kind(after))})
	}
}

func kind(mode string) string {
	switch mode {
	case ModeFile, ModeExec:
		return "a file"
	case ModeSymlink:
		return "a symbolic link"
	case ModeModule:
		return "a submodule"
	}
	return "of mode " + mode
}

func (j *judge) symlink(c *Change) {
	if !c.New.Read {
		j.add(found{rule: Unread, change: c, text: "is a symbolic link whose target was not read"})
		return
	}
	if why := leads(c.Path, c.New.Content, j.rules.Protected); why != "" {
		j.add(found{rule: Symlink, change: c, same: c.New.Content, text: fmt.Sprintf("is a symbolic link to %s, which %s", ShowPath(c.New.Content), why)})
	}
}

// leads says what is wrong with where a link leads, or "".
func leads(link, target string, protected []string) string {
	if target == "" || strings.ContainsRune(target, 0) {
		return "is no path"
	}
	if strings.HasPrefix(target, "/") || strings.HasPrefix(target, "~") || strings.ContainsRune(target, '\\') || len(target) > 1 && target[1] == ':' {
		return "is outside of the tree"
	}
	down := false
	for seg := range strings.SplitSeq(target, "/") {
		switch {
		case seg == ".." && down:
			return "goes up from a directory that may be a link itself" // and then leads anywhere
		case seg != ".." && seg != "." && seg != "":
			down = true
		}
	}
	to := path.Join(parent(link), target)
	if to == ".." || strings.HasPrefix(to, "../") {
		return "is outside of the tree"
	}
	for seg := range strings.SplitSeq(to, "/") {
		if gitDir(seg) {
			return "is in git's own directory"
		}
	}
	if len(objective.Audit([]string{to}, objective.Bounds{Protected: protected})) > 0 {
		return "is protected (guardrails.protected_paths)"
	}
	return ""
}

// sizes judges files that nobody can read, or would.
func (j *judge) sizes() {
	limit := FileLimit(j.rules.AuditRules)
	for i := range j.diff.Changes {
		c := &j.diff.Changes[i]
		if !c.New.Regular() || c.Old.Object == c.New.Object {
			continue
		}
		if c.New.Size > limit {
			j.add(found{rule: Huge, change: c, same: c.New.Object,
				text: fmt.Sprintf("has %s, more than %s (guardrails.audit.max_file_bytes), and was not read", size(c.New.Size), size(limit))})
		} else if c.New.Read && binary(c.New.Content) {
			verb := "is a new binary file"
			if c.Old.There() {
				verb = "is a binary file that changed"
			}
			j.add(found{rule: Binary, change: c, same: c.New.Object,
				text: fmt.Sprintf("%s of %s%s", verb, size(c.New.Size), magic(c.New.Content))})
		}
	}
}

func size(n int64) string {
	if n >= 10<<20 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

var magics = []struct{ begins, is string }{
	{"\x7fELF", "a Linux program or library"}, {"MZ", "a Windows program or library"},
	{"\xcf\xfa\xed\xfe", "a macOS program or library"}, {"\xca\xfe\xba\xbe", "a Java class or macOS program"},
	{"\x00asm", "a WebAssembly program"}, {"PK\x03\x04", "an archive"}, {"\x1f\x8b", "compressed"}, {"!<arch>\n", "a library"},
	{"\x89PNG", "an image"}, {"\xff\xd8\xff", "an image"}, {"GIF8", "an image"}, {"SQLite format 3", "a database"}, {"%PDF", "a PDF document"},
}

func magic(content string) string {
	for _, m := range magics {
		if strings.HasPrefix(content, m.begins) {
			return ", " + m.is
		}
	}
	return ""
}

// unread says what there was and was not read. A file that is too large to be
// read is the matter of rule huge_file.
func (j *judge) unread() {
	if j.diff.MoreCommits {
		j.add(found{rule: Unread, text: "the agent made more commits of its own than are looked into"})
	}
	limit := FileLimit(j.rules.AuditRules)
	for i := range j.diff.Changes {
		c := &j.diff.Changes[i]
		same := c.Old.Object == c.New.Object
		if c.New.Regular() && !c.New.Read && c.New.Size <= limit && !same {
			why := "the diff is too large (guardrails.audit.max_read_bytes)"
			if c.New.Missing {
				why = "the repository is a partial clone that does not have it"
			}
			j.add(found{rule: Unread, change: c, same: c.New.Object, text: "was not read: " + why})
		} else if c.New.Regular() && c.New.Read && c.Old.Regular() && !c.Old.Read && !same && c.Commit == "" {
			j.add(found{rule: Unread, change: c, same: c.New.Object, text: fmt.Sprintf("changed, and what it held before (%s) was not read", size(c.Old.Size))})
		}
	}
}

// ReadsContent reports whether Judge can make use of a side's content.
func ReadsContent(s Side, r event.AuditRules) bool {
	return !s.Missing && (s.Regular() && s.Size <= FileLimit(r) || s.Mode == ModeSymlink && s.Size <= 4096)
}
