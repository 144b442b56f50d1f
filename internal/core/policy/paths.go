package policy

import (
	"path"
	"strings"

	"popkit/internal/core/policy/paths"
	"popkit/internal/core/policy/shell"
	"popkit/internal/core/smell"
)

// write judges a change of a file by all its names.
func (j *judge) write(dir, w shell.Word) {
	for _, p := range j.places(dir, w) {
		j.writePlace(p)
	}
}

func (j *judge) writePlace(p place) {
	abs := string(p.abs)
	switch {
	case paths.Harmless(p.abs):
	case p.abs.Open():
		j.openPath(p, "written")
	case strings.HasPrefix(abs, "/proc/sysrq"), strings.HasPrefix(abs, "/sys/power"):
		j.found(ruleDestructive, abs, "%s works on the machine itself", p)
	case strings.HasPrefix(abs, "/dev/"):
		j.found(ruleDestructive, abs, "%s is a device", p)
	case p.inside:
		j.writeInside(p)
	case p.tmp:
	default:
		j.writeOutside(p, abs)
	}
}

func (j *judge) writeOutside(p place, abs string) {
	_, named := paths.Covering(j.r.protected, shell.Word(path.Base(abs)), j.f.FoldCase)
	switch {
	case paths.HomeSecret(j.f.Home, abs) && j.found(ruleProtected, abs, "%s is outside the workspace, and decides what your account runs or may do", p):
	case paths.UnderAny(abs, paths.SystemDirs) && j.found(ruleProtected, abs, "%s belongs to the system", p):
	case named && j.found(ruleProtected, abs, "%s is outside the workspace, and protected by name", p):
	default:
		j.found(ruleOutside, abs, "%s is outside the workspace", p)
	}
}

// openPath judges a path of which some is not known: by what is.
func (j *judge) openPath(p place, done string) {
	base := p.abs.Base()
	rel := p.abs
	if strings.HasPrefix(string(rel), string(shell.Unknown)) {
		rel = rel[len(string(shell.Unknown)):]
	}
	if c, ok := paths.Covering(j.r.protected, shell.Word(strings.Trim(string(rel), "/")), j.f.FoldCase); ok && len(strings.Trim(string(base), "\uE000")) > 1 &&
		j.found(ruleProtected, p.String(), "%s may be protected (%s)", p, c.Text) {
		return
	}
	j.found(ruleUnknown, p.String(), "which file is %s is not known: %s", done, p)
}

func (j *judge) writeInside(p place) {
	rel, fold := p.rel, j.f.FoldCase
	if rel == "" {
		return // a folder that is there
	}
	if paths.GitDir(string(rel)) && j.found(ruleProtected, string(rel), "%s is git's own", p) {
		return
	}
	if c, ok := paths.Covering(j.r.protected, rel, fold); ok && j.found(ruleProtected, p.String(), "%s is protected (%s)", p, c.Text) {
		return
	}
	if c, ok := paths.Covering(j.r.sensitive, rel, fold); ok {
		j.softer(ruleProtected, p.String(), "%s looks like a secret or production's (%s)", p, c.Text)
	}
	if len(j.r.boundaries) > 0 && !j.unbounded && !j.bounded(rel) {
		j.found(ruleBoundary, p.String(), "%s is outside the objective's boundaries (%s)", p, strings.Join(j.r.spec.Boundaries, ", "))
	}
	if why := paths.Security(string(rel)); why != "" {
		j.found(ruleSecurity, p.String(), "%s %s", p, why)
	}
	if paths.Payment(string(rel)) {
		j.found(rulePayment, p.String(), "%s is payment code", p)
	}
}

// bounded reports whether a path lies within the boundaries, with all that is not
// known of it.
func (j *judge) bounded(rel shell.Word) bool {
	for _, b := range j.r.boundaries {
		if b.Within(rel, j.f.FoldCase) {
			return true
		}
	}
	return false
}

// read judges the reading of a file by all its names.
func (j *judge) read(dir, w shell.Word) {
	for _, p := range j.places(dir, w) {
		j.readPlace(p)
	}
}

func (j *judge) readPlace(p place) {
	abs := string(p.abs)
	switch {
	case p.abs.Open():
		if c, ok := paths.Covering(j.r.reads, p.abs.Base(), j.f.FoldCase); ok && len(strings.Trim(string(p.abs.Base()), "\uE000")) > 1 {
			j.found(ruleCredentials, p.String(), "%s may hold credentials (%s)", p, c.Text)
			return
		}
		j.found(ruleUnknown, p.String(), "which file is read is not known: %s", p)
	case paths.HomeCredential(j.f.Home, abs) || paths.SystemSecret(abs):
		j.found(ruleCredentials, abs, "%s holds credentials", p)
	case p.inside && p.rel != "":
		if c, ok := paths.Covering(j.r.reads, p.rel, j.f.FoldCase); ok {
			j.found(ruleCredentials, p.String(), "%s may hold credentials (%s)", p, c.Text)
		}
	case !p.inside:
		if c, ok := paths.Covering(j.r.reads, p.abs.Base(), j.f.FoldCase); ok && !paths.UnderAny(abs, []string{"/usr", "/lib", "/etc/ssl"}) {
			j.found(ruleCredentials, p.String(), "%s may hold credentials (%s)", p, c.Text)
		}
	}
}

// looksProtected reports whether an argument of a command that is not known names a
// file with credentials.
func (j *judge) looksProtected(dir, w shell.Word) bool {
	if w == "" || !w.Known() || len(w) > 1000 || strings.ContainsAny(string(w), "\n{}()") {
		return false
	}
	n := len(j.findings)
	j.read(dir, w)
	return len(j.findings) > n
}

// remove judges a deletion. deep says that all below goes, too.
func (j *judge) remove(dir, w shell.Word, deep bool) {
	for i, p := range j.places(dir, w) {
		j.removePlace(p, deep, i == 0)
	}
}

func (j *judge) removePlace(p place, deep, first bool) {
	abs := string(p.abs)
	top := everythingIn(abs)
	switch {
	case paths.Harmless(p.abs):
	case p.abs.Open():
		j.openPath(p, "deleted")
	case p.inside:
		j.removeInside(p, deep, first)
	case p.tmp && len(strings.Trim(abs, "/")) > len("tmp") && strings.Trim(string(p.abs.Base()), string(shell.Name)) != "":
	case p.tmp:
		if j.f.Tmp == "" || !strings.HasPrefix(abs, j.f.Tmp) {
			j.softer(ruleOutside, abs, "%s is everybody's", p)
		}
	case top == "/" || strings.HasPrefix(abs, "/"+string(shell.Deep)) || strings.HasPrefix(abs, "/"+string(shell.Name)) || paths.UnderAny(top, paths.SystemDirs) || strings.Count(top, "/") == 1 || j.f.Home != "" && paths.UnderAny(j.f.Home, []string{top}):
		j.found(ruleDestructive, abs, "%s would be deleted", p)
	case paths.HomeSecret(j.f.Home, abs) && j.found(ruleProtected, abs, "%s is outside the workspace, and decides what your account runs or may do", p):
	default:
		if j.f.Workspace != "" && paths.UnderAny(j.f.Workspace, []string{abs}) {
			j.found(ruleDestructive, abs, "%s holds the workspace, and more", p)
			return
		}
		j.found(ruleOutside, abs, "%s is outside the workspace", p)
	}
}

// everythingIn takes wildcards off the end of a path that stand for all in a folder.
func everythingIn(abs string) string {
	for abs != "." && abs != "/" {
		dir, base := path.Split(abs)
		if base == "" || strings.Trim(base, ".*?"+string(shell.Name)+string(shell.Deep)+string(shell.Char)) != "" {
			return abs
		}
		abs = path.Clean(dir)
	}
	return abs
}

func (j *judge) removeInside(p place, deep, first bool) {
	rel := string(p.rel)
	everything := strings.Trim(rel, "/"+string(shell.Name)+string(shell.Deep)+string(shell.Char)) == ""
	if everything {
		j.deleted += 1 << 20
		j.targets = append(j.targets, "everything in the workspace")
		return
	}
	if paths.GitDir(rel) && j.found(ruleProtected, rel, "%s is git's own", p) {
		return
	}
	if c, ok := paths.Covering(j.r.protected, p.rel, j.f.FoldCase); ok && j.found(ruleProtected, p.String(), "%s is protected (%s)", p, c.Text) {
		return
	}
	if c, ok := paths.Covering(j.r.sensitive, p.rel, j.f.FoldCase); ok {
		j.softer(ruleProtected, p.String(), "%s looks like a secret or production's (%s)", p, c.Text)
	}
	if len(j.r.boundaries) > 0 && !j.bounded(p.rel) && j.tracked(p) > 0 {
		j.found(ruleBoundary, p.String(), "%s is outside the objective's boundaries (%s)", p, strings.Join(j.r.spec.Boundaries, ", "))
	}
	why := paths.Security(rel)
	if why == "" && deep {
		why = paths.Security(rel + "/x")
	}
	if why != "" {
		j.found(ruleSecurity, p.String(), "%s %s", p, why)
	}
	if first {
		j.loss(p, deep)
	}
}

// loss counts what goes, and looks at what it is.
func (j *judge) loss(p place, deep bool) {
	rel := string(p.rel)
	if n := j.tracked(p); n > 0 {
		j.deleted += n
		j.targets = append(j.targets, p.String())
	}
	if p.rel.Known() && smell.TestFile(rel) {
		j.smells(smell.One(smell.Change{Path: rel, Kind: smell.Deleted, Old: j.text(rel)}))
	} else if !p.rel.Known() && smell.TestFile(strings.NewReplacer(string(shell.Name), "x", string(shell.Deep), "x", string(shell.Char), "x").Replace(rel)) {
		j.smells([]smell.Finding{{Rule: smell.Unconventional, Smell: "test_deleted", Text: "tests are deleted: " + p.String(), Path: p.String()}})
	}
	if deep {
		j.holds(p)
	}
}

// holds judges what is protected below a folder that goes.
func (j *judge) holds(p place) {
	if j.f.Below == nil || !p.rel.Known() {
		return
	}
	rel := string(p.rel)
	for _, f := range j.f.Below(rel) {
		if c, ok := paths.Covering(j.r.protected, shell.Word(f), j.f.FoldCase); ok {
			j.found(ruleProtected, f, "%s is protected (%s), and would go with %s", f, c.Text, rel)
		}
	}
}

func (j *judge) tracked(p place) int {
	if j.f.Tracked == nil {
		return 0
	}
	return j.f.Tracked(p.rel.Glob())
}

func (j *judge) text(rel string) string {
	if j.f.Content == nil {
		return ""
	}
	s, ok := j.f.Content(rel)
	if !ok {
		return ""
	}
	return s
}

// manyFiles is where counting them says no more.
const manyFiles = 1000

// bulk judges all that a call deletes, together.
func (j *judge) bulk() {
	if j.deleted <= j.r.spec.BulkFiles || j.deleted == 0 {
		return
	}
	what := strings.Join(j.targets, ", ")
	switch {
	case j.deleted >= 1<<20:
		j.found(ruleBulk, what, "would be deleted: %s", what)
	case j.deleted >= manyFiles:
		j.found(ruleBulk, what, "many tracked files would be deleted: %s", what)
	default:
		j.found(ruleBulk, what, "%d tracked files would be deleted: %s", j.deleted, what)
	}
}

// change judges a text that is written, and what smells in it.
func (j *judge) change(rel string, c smell.Change) {
	c.Path = rel
	j.smells(smell.One(c))
	if why := paths.DockerUser(rel, c.Old, c.New); why != "" {
		j.found(ruleSecurity, rel, "%s %s", rel, why)
	}
}

// written judges the whole new text of a file.
func (j *judge) written(dir, w shell.Word, text string, appended bool) {
	p := j.places(dir, w)[0]
	if !p.inside || !p.rel.Known() || p.rel == "" {
		return
	}
	rel := string(p.rel)
	if strings.TrimSpace(text) == "" && !appended && smell.TestFile(rel) {
		j.change(rel, smell.Change{Kind: smell.Deleted, Old: j.text(rel)})
		return
	}
	c := smell.Change{Kind: smell.Created, New: text}
	if j.f.Content != nil {
		if old, ok := j.f.Content(rel); ok {
			c.Kind, c.Old = smell.Modified, old
			if appended {
				c.New = old + text
			}
		}
	}
	if appended && c.Old == "" {
		c.Kind, c.Fragment = smell.Modified, true
	}
	j.change(rel, c)
}

// TrackedGlobs makes Facts.Tracked of globs of tracked files: how many there are is
// not known then, but whether a path can be or hold some.
func TrackedGlobs(globs []string) func(rel string) int { return paths.Tracked(globs, manyFiles) }
