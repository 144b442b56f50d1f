package policy

import (
	"path"
	"slices"
	"strings"

	"popkit/internal/core/policy/hosttool"
	"popkit/internal/core/policy/patch"
	"popkit/internal/core/policy/shell"
	"popkit/internal/core/policy/word"
	"popkit/internal/core/smell"
)

// call judges a tool call.
func (j *judge) call(c Call) {
	name := strings.ToLower(strings.TrimSpace(c.Tool))
	kind := hosttool.Of(name)
	j.restricted(c.Tool, kind)
	if w := hosttool.Warn(c.Tool, c.Input); w.Reason != "" {
		j.astray(c.Tool, w)
	}
	if kind == hosttool.Harmless || kind == hosttool.Astray {
		return
	}
	if kind == hosttool.Unknown {
		j.unknownTool(c)
		return
	}
	in, err := hosttool.ReadInput(c.Input)
	if err != nil {
		j.found(ruleUnparsable, c.Tool, "the input of %s cannot be read", c.Tool)
		return
	}
	dir := c.Cwd
	if dir == "" {
		dir = j.f.Workspace
	}
	if !path.IsAbs(dir) {
		dir = path.Join("/", j.f.Workspace, dir)
	}
	j.toolCall(kind, c.Tool, in, shell.Word(dir))
}

// astray notes a call that would get around popkit, with a hint of its own.
func (j *judge) astray(tool string, w hosttool.Warning) {
	before := len(j.findings)
	j.found(ruleAround, tool, "%s: %s", tool, w.Reason)
	for i := range j.findings[before:] {
		j.findings[before+i].hint = w.Hint
	}
}

func (j *judge) toolCall(kind hosttool.Kind, tool string, in hosttool.Input, dir shell.Word) {
	switch kind {
	case hosttool.Command:
		j.command(in, dir)
		return
	case hosttool.Fetch:
		j.fetch(in)
		return
	case hosttool.Patch:
		j.patchText(hosttool.First(in.Patch, in.Input, in.Diff, hosttool.Text(in.Content)), dir)
		return
	}
	files := in.Files()
	if len(files) == 0 && len(in.RawInput) > 0 {
		if raw, err := hosttool.ReadInput(in.RawInput); err == nil {
			files, in = raw.Files(), raw
		}
	}
	if len(files) == 0 && kind != hosttool.Search {
		j.found(ruleUnparsable, tool, "the input of %s names no file", tool)
		return
	}
	for _, f := range files {
		switch kind {
		case hosttool.Read:
			j.read(dir, shell.Word(f))
		case hosttool.Search:
			j.search(dir, shell.Word(f))
		case hosttool.Delete:
			j.remove(dir, shell.Word(f), true)
		case hosttool.Write, hosttool.Edit:
			j.write(dir, shell.Word(f))
			j.edit(kind, in, dir, shell.Word(f))
		}
	}
	if kind == hosttool.Move {
		j.move(dir, files)
	}
	if in.Glob != "" {
		j.read(dir, word.Globbed(in.Glob)) // greps what it matches
	}
	if strings.EqualFold(tool, "glob") && strings.HasPrefix(in.Pattern, "/") {
		j.search(dir, shell.Word(in.Pattern))
	}
}

// search lists and greps; it is a read of what it is aimed at.
func (j *judge) search(dir, w shell.Word) {
	if !strings.ContainsAny(string(w), "*?[{") {
		j.read(dir, w)
	}
}

func (j *judge) move(dir shell.Word, files []string) {
	if len(files) < 2 {
		j.found(ruleUnparsable, "move", "the input of a move does not name two files")
		return
	}
	j.renamed(dir, shell.Word(files[0]))
	j.write(dir, shell.Word(files[1]))
}

// edit judges what is written: whole texts where they are known, else the fragments.
func (j *judge) edit(kind hosttool.Kind, in hosttool.Input, dir, f shell.Word) {
	p := j.places(dir, f)[0]
	if !p.inside || p.rel == "" {
		return
	}
	if whole := hosttool.Text(in.Content, in.FileText); kind == hosttool.Write || in.Content != nil || in.FileText != nil {
		j.written(dir, f, whole, false)
		return
	}
	type edit struct {
		old, new string
		all      bool
	}
	edits := []edit{{hosttool.Text(in.Old, in.OldText, in.OldStr), hosttool.Text(in.New, in.NewText, in.NewStr, in.NewSource), in.All}}
	if len(in.Edits) > 0 {
		edits = nil
		for _, e := range in.Edits {
			edits = append(edits, edit{hosttool.Text(e.Old), hosttool.Text(e.New), e.All})
		}
	}
	if before, ok := j.content(string(p.rel)); ok {
		after := before
		for _, e := range edits {
			n := 1
			if e.all {
				n = -1
			}
			if e.old != "" {
				after = strings.Replace(after, e.old, e.new, n)
			} else {
				after += e.new
			}
		}
		j.change(string(p.rel), smell.Change{Kind: smell.Modified, Old: before, New: after})
		return
	}
	for _, e := range edits {
		j.change(string(p.rel), smell.Change{Kind: smell.Modified, Old: e.old, New: e.new, Fragment: true})
	}
}

func (j *judge) content(rel string) (string, bool) {
	if j.f.Content == nil {
		return "", false
	}
	return j.f.Content(rel)
}

// restricted judges the tool itself.
func (j *judge) restricted(tool string, kind hosttool.Kind) {
	for _, r := range j.r.spec.RestrictedTools {
		name, _, _ := strings.Cut(r, "(")
		names := append([]string{tool}, kind.Names()...)
		if slices.ContainsFunc(names, func(n string) bool { return wild(strings.ToLower(name), strings.ToLower(n)) }) {
			j.found(ruleTool, tool, "%s is withheld from agents", tool)
			return
		}
	}
}

// wild matches a text against a pattern in which "*" is any text.
func wild(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}

// unknownTool judges a tool of which nothing is known: popkit's own are for agents.
func (j *judge) unknownTool(c Call) {
	name := c.Tool
	if strings.HasPrefix(name, "mcp__popkit__") || strings.HasPrefix(name, "mcp__plugin_popkit_popkit__") {
		return
	}
	if strings.TrimSpace(name) == "" {
		j.decide(ruleUnparsable, "", j.r.does[ruleUnparsable], "a call without a tool")
		return
	}
	j.found(ruleUnknownTool, name, "what %s does is not known", name)
}

// patchText judges a patch, in git's form or Codex's.
func (j *judge) patchText(text string, dir shell.Word) {
	changes := patch.Read(text)
	if len(changes) == 0 {
		j.found(ruleUnparsable, "patch", "a patch that names no file")
		return
	}
	for _, c := range changes {
		if c.Deleted {
			j.remove(dir, shell.Word(c.Path), false)
			continue
		}
		j.write(dir, shell.Word(c.Path))
		if p := j.places(dir, shell.Word(c.Path))[0]; p.inside && p.rel.Known() && p.rel != "" {
			kind := smell.Modified
			if c.Created {
				kind = smell.Created
			}
			j.change(string(p.rel), smell.Change{Kind: kind, Old: c.Old, New: c.New, Fragment: !c.Created})
		}
	}
}

// cut returns what follows the first of the prefixes that a line has.
func cut(line string, prefixes ...string) string {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(line, p); ok {
			return rest
		}
	}
	return ""
}
