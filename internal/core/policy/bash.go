package policy

import (
	"path"
	"slices"
	"strings"

	"popkit/internal/core/policy/carry"
	"popkit/internal/core/policy/hosttool"
	"popkit/internal/core/policy/paths"
	"popkit/internal/core/policy/phrase"
	"popkit/internal/core/policy/shell"
	"popkit/internal/core/policy/word"
	"popkit/internal/core/smell"
)

// command judges a shell command.
func (j *judge) command(in hosttool.Input, dir shell.Word) {
	raw := in.Command
	if len(raw) == 0 {
		raw = in.Cmd
	} else if len(in.Cmd) > 0 {
		j.found(ruleUnparsable, "command", "the input names two commands")
		return
	}
	if len(raw) == 0 && len(in.RawInput) > 0 {
		if inner, err := hosttool.ReadInput(in.RawInput); err == nil {
			raw, in = inner.Command, inner
		}
	}
	src, ok := hosttool.CommandText(raw)
	if !ok && in.Title != "" {
		src, ok = in.Title, true // all that some ACP agents tell of a command
	}
	if !ok {
		j.found(ruleUnparsable, "command", "the input names no command")
		return
	}
	if d := hosttool.First(in.Workdir, in.Dir); d != "" {
		dir = shell.Join(dir, shell.Word(d))
	}
	j.script(src, dir)
}

func (j *judge) script(src string, dir shell.Word) {
	s, err := shell.Find(src, shell.Options{
		Dir: string(dir), Home: j.f.Home, Tmp: j.f.Tmp, Top: j.f.Workspace, Branch: j.f.Branch, Content: j.absContent,
	})
	if err != nil {
		j.found(ruleUnparsable, src, "the command cannot be parsed: %v", err)
		return
	}
	for _, n := range s.Notes {
		j.note(n, src)
	}
	for i := range s.Commands {
		j.simple(&s.Commands[i])
	}
}

// absContent is a file's text, by its absolute path.
func (j *judge) absContent(abs string) (string, bool) {
	if j.f.Content == nil {
		return "", false
	}
	for _, top := range []string{j.f.Workspace, j.realTop} {
		if rel, ok := paths.Below(abs, top, false); ok && rel != "" {
			return j.f.Content(rel)
		}
	}
	return "", false
}

func (j *judge) note(n shell.Note, src string) {
	switch n.Kind {
	case shell.RemoteCode:
		j.found(ruleRemoteCode, src, "%s", n.Text)
	case shell.ForkBomb:
		j.found(ruleDestructive, src, "%s", n.Text)
	case shell.UnknownCommand:
		j.found(ruleUnknown, src, "%s", n.Text)
	default:
		j.found(ruleUnparsable, src, "%s", n.Text)
	}
}

// cmd is a simple command that is being judged.
type cmd struct {
	*shell.Command
	name string // of the program, without its folder
	args []shell.Word
}

// simple judges one simple command: its files, its variables, and what its program does.
func (j *judge) simple(c *shell.Command) {
	n := len(j.findings)
	remote := slices.Contains(c.Via, "ssh")
	for _, f := range c.Files {
		if !remote {
			j.file(c.Dir, f)
		}
	}
	j.variables(c)
	if len(c.Args) > 0 {
		k := cmd{Command: c, name: programOf(c), args: c.Args[1:]}
		j.privileges(k)
		j.kept(k)
		j.program(k)
		j.phrases(k)
		for _, n := range carry.Names(k.name, k.args) {
			j.looksProtected(k.Dir, n)
		}
	}
	for _, text := range carry.Commands(programOf(c), c.Args, c.Env) {
		j.script(text, c.Dir)
	}
	j.smells(smell.Command(texts(c)))
	if c.OnDisk { // a script of the project: its unknown values are its own affair
		j.findings = slices.DeleteFunc(j.findings, func(f finding) bool { return f.rule == ruleUnknown && slices.Index(j.findings, f) >= n })
	}
}

// programOf is a command's program without its folder, "" where there is none.
func programOf(c *shell.Command) string {
	if len(c.Args) == 0 {
		return ""
	}
	return strings.TrimPrefix(path.Base(string(c.Args[0])), `\`)
}

func texts(c *shell.Command) []string {
	out := make([]string, 0, len(c.Env)+len(c.Args))
	for _, w := range slices.Concat(c.Env, c.Args) {
		out = append(out, w.String())
	}
	return out
}

// line is the command as people read it.
func (k cmd) line() string {
	out := make([]string, 0, len(k.Args))
	out = append(out, k.name)
	for _, a := range k.args {
		out = append(out, a.String())
	}
	return strings.Join(out, " ")
}

// file judges a file that a redirection or a small program touches.
func (j *judge) file(dir shell.Word, f shell.File) {
	switch f.Op {
	case shell.Read:
		if !f.Path.Open() {
			j.read(dir, f.Path)
		}
	case shell.Delete:
		j.remove(dir, f.Path, false)
	default:
		j.write(dir, f.Path)
		if f.Whole {
			j.written(dir, f.Path, shell.Word(f.Text).String(), f.Op == shell.Append)
		}
	}
}

// variables judges the secrets of the environment that a command's words hold.
func (j *judge) variables(c *shell.Command) {
	for _, v := range c.Vars {
		if v == shell.All {
			j.found(ruleCredentials, "environment", "the whole environment would be printed")
			continue
		}
		if paths.SecretVar(v) && !j.secretOnlyTested(c) {
			j.found(ruleCredentials, "$"+v, "$%s would be read", v)
		}
	}
}

func (j *judge) secretOnlyTested(c *shell.Command) bool {
	return len(c.Args) > 0 && (c.Args[0] == "[" || c.Args[0] == "test")
}

func (j *judge) privileges(k cmd) {
	for _, v := range k.Via {
		switch v {
		case "sudo", "doas", "pkexec", "run0", "gosu", "su", "runuser", "nsenter", "chroot", "systemd-run":
			j.found(rulePrivileges, k.line(), "%s runs it with other rights: %s", v, k.line())
			return
		case "ssh":
			j.found(ruleDeploy, k.line(), "it runs on another machine: %s", k.line())
			return
		}
	}
	if slices.Contains([]string{"su", "runuser", "sudo", "doas"}, k.name) {
		j.found(rulePrivileges, k.line(), "%s gives other rights", k.name)
	}
}

// kept judges the commands that the configuration keeps for people.
func (j *judge) kept(k cmd) {
	words := append([]string{k.name}, texts(&shell.Command{Args: k.args})...)
	for _, h := range j.r.human {
		if len(words) >= len(h) && slices.Equal(words[:len(h)], h) {
			j.found(ruleHuman, strings.Join(h, " "), "%q needs a person's yes (guardrails.human_required)", strings.Join(h, " "))
		}
	}
}

// has reports whether one of the options is given, glued to others or to a value, too.
func (k cmd) has(options ...string) bool {
	for _, a := range k.args {
		s := string(a)
		if s == "--" {
			return false
		}
		for _, o := range options {
			switch {
			case s == o, strings.HasPrefix(o, "--") && strings.HasPrefix(s, o+"="):
				return true
			case len(o) == 2 && len(s) > 2 && s[0] == '-' && s[1] != '-' && strings.Contains(s[1:], o[1:]):
				return true
			}
		}
	}
	return false
}

// bundled reports whether a letter is given as an option, alone or among those that
// take no value.
func (k cmd) bundled(others, letter string) bool {
	return slices.ContainsFunc(k.args, func(a shell.Word) bool {
		s := string(a)
		return len(s) > 1 && s[0] == '-' && s[1] != '-' && strings.Contains(s, letter) && strings.Trim(s[1:], others+letter) == ""
	})
}

// value is what an option is given: the next word, or what is glued to it.
func (k cmd) value(options ...string) (shell.Word, bool) {
	for i, a := range k.args {
		for _, o := range options {
			rest, glued := strings.CutPrefix(string(a), o)
			switch {
			case !glued:
			case rest == "" && i+1 < len(k.args):
				return k.args[i+1], true
			case strings.HasPrefix(o, "--") && strings.HasPrefix(rest, "="):
				return shell.Word(rest[1:]), true
			case !strings.HasPrefix(o, "--") && rest != "":
				return shell.Word(rest), true
			}
		}
	}
	return "", false
}

// operands are the words that are neither options nor the values of those named.
func (k cmd) operands(valued ...string) []shell.Word {
	var out []shell.Word
	for i := 0; i < len(k.args); i++ {
		a := string(k.args[i])
		switch {
		case a == "--":
			return append(out, k.args[i+1:]...)
		case slices.Contains(valued, a):
			i++
		case strings.HasPrefix(a, "-") && len(a) > 1:
		default:
			out = append(out, k.args[i])
		}
	}
	return out
}

// verbs are the first words that are no options; the word after an option that may
// be its value is there, and marked.
func (k cmd) verbs() (words []string, maybe []bool) {
	after := false
	for _, a := range k.args {
		s := string(a)
		switch {
		case s == "--":
			continue
		case strings.HasPrefix(s, "-") && len(s) > 1:
			after = !strings.Contains(s, "=")
			continue
		}
		words, maybe = append(words, s), append(maybe, after)
		after = false
	}
	return words, maybe
}

// phrases judges what a program is told in words, or a script that an interpreter runs.
func (j *judge) phrases(k cmd) {
	if slices.Contains([]string{"python", "python3", "php", "ruby", "node"}, k.name) && len(k.args) > 1 && !strings.HasPrefix(string(k.args[0]), "-") {
		k.name, k.args = path.Base(string(k.args[0])), k.args[1:]
	}
	words, maybe := k.verbs()
	c := phrase.Command{Name: k.name, Words: words, Maybe: maybe, Args: word.Texts(k.args), Has: k.has}
	if rule := phrase.Rule(c); rule != "" {
		j.found(rule, k.line(), "%s", k.line())
	}
	if target := phrase.Target(c, paths.HasWord); target != "" {
		j.found(ruleDeploy, k.line(), "%s: a target called %s", k.line(), target)
	}
}
