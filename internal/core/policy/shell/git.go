package shell

import (
	"slices"
	"strings"

	"popkit/internal/core/policy/word"
)

var gitValued = []string{"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--super-prefix", "--config-env", "--exec-path", "--attr-source"}

// gitRuns are settings, and variables, whose value git runs.
var gitRuns = []string{"core.sshcommand", "core.pager", "core.editor", "sequence.editor", "core.fsmonitor", "diff.external", "gpg.program",
	"core.askpass", "core.gitproxy", "GIT_SSH_COMMAND", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR", "GIT_PAGER", "GIT_EXTERNAL_DIFF", "GIT_ASKPASS",
	"EDITOR", "VISUAL", "PAGER", "GIT_PROXY_COMMAND", "GIT_SSH"}

// git finds the commands that git itself is made to run, and the directory it works in.
func (w *walker) git(st *state, args, env []Word, in Flow, vars []string) (Flow, bool) {
	inner := st.clone()
	aliases := map[string]string{}
	for k, v := range st.aliases {
		if n, ok := strings.CutPrefix(k, "git alias "); ok {
			aliases[n] = v
		}
	}
	i := 1
	for ; i < len(args) && strings.HasPrefix(string(args[i]), "-"); i++ {
		a := string(args[i])
		if !slices.Contains(gitValued, a) || i+1 == len(args) {
			continue
		}
		i++
		switch v := args[i]; a {
		case "-C":
			var dirs []Word
			for _, d := range inner.dirs() {
				dirs = append(dirs, Join(d, v))
			}
			inner.set("PWD", dirs...)
		case "-c":
			key, value, _ := strings.Cut(string(v), "=")
			w.gitSetting(st, key, value, aliases)
		}
	}
	for _, e := range env {
		key, value, _ := strings.Cut(string(e), "=")
		w.gitSetting(st, key, value, aliases)
	}
	if i >= len(args) {
		w.emit(inner, args, env, in, vars)
		return Flow{Some: true}, true
	}
	verb, rest := args[i], args[i+1:]
	if text, ok := aliases[string(verb)]; ok && w.depth < maxDepth {
		return w.gitAlias(inner, text, rest, in), true
	}
	w.emit(inner, args, env, in, vars)
	w.gitInner(st, inner, string(verb), rest)
	return w.gitOutput(string(verb), rest), true
}

func (w *walker) gitSetting(st *state, key, value string, aliases map[string]string) {
	lower := strings.ToLower(key)
	n, isAlias := strings.CutPrefix(lower, "alias.")
	switch {
	case isAlias:
		aliases[n] = value
	case slices.Contains(gitRuns, lower) || slices.Contains(gitRuns, key) || strings.HasPrefix(lower, "pager.") ||
		strings.HasPrefix(lower, "filter.") || strings.HasSuffix(lower, ".textconv") || strings.HasSuffix(lower, ".helper") && strings.HasPrefix(value, "!"):
		w.nested(st.clone(), strings.TrimPrefix(value, "!"), Flow{Some: true}, "git")
	}
}

func (w *walker) gitAlias(st *state, text string, rest []Word, in Flow) Flow {
	if script, ok := strings.CutPrefix(text, "!"); ok {
		return w.nested(st.clone(), script+" "+quoteAll(rest), in, "git")
	}
	w.depth++
	defer func() { w.depth-- }()
	_, _, out := w.run(st.clone(), slices.Concat([]Word{"git"}, Word(text).Fields(" \t\n"), rest), nil, in, nil)
	return out
}

// gitInner runs what a subcommand of git's runs.
func (w *walker) gitInner(st, inner *state, verb string, rest []Word) {
	switch verb {
	case "config":
		words := slices.DeleteFunc(slices.Clone(rest), func(a Word) bool { return strings.HasPrefix(string(a), "-") || a == "set" })
		if len(words) == 2 {
			aliases := map[string]string{}
			w.gitSetting(st, string(words[0]), string(words[1]), aliases)
			for n, v := range aliases {
				st.aliases["git alias "+n] = v
				if script, ok := strings.CutPrefix(v, "!"); ok {
					w.nested(st.clone(), script, Flow{Some: true}, "git")
				}
			}
		}
	case "bisect":
		if len(rest) > 1 && rest[0] == "run" {
			w.run(inner.clone(), rest[1:], nil, Flow{Some: true}, nil)
		}
	case "submodule":
		if i := slices.Index(rest, "foreach"); i >= 0 {
			cmd := slices.DeleteFunc(slices.Clone(rest[i+1:]), func(a Word) bool { return a == "--recursive" || a == "-q" || a == "--quiet" })
			w.nested(inner.clone(), join(cmd), Flow{Some: true}, "git")
		}
	case "rebase", "filter-branch", "difftool", "mergetool":
		for i, a := range rest {
			flag, value, glued := strings.Cut(string(a), "=")
			if !glued && i+1 < len(rest) {
				value = string(rest[i+1])
			}
			if flag == "-x" || flag == "--exec" || flag == "--extcmd" || strings.HasSuffix(flag, "-filter") {
				w.nested(inner.clone(), value, Flow{Some: true}, "git")
			}
		}
	}
}

// gitOutput is what is known of what git prints.
func (w *walker) gitOutput(verb string, rest []Word) Flow {
	has := func(a Word) bool { return slices.Contains(rest, a) }
	top := Word(w.o.Top)
	switch {
	case verb == "rev-parse" && has("--show-toplevel") && top != "":
		return text(top + "\n")
	case (verb == "rev-parse" && has("--abbrev-ref") || verb == "branch" && has("--show-current")) && w.o.Branch != "":
		return text(Word(w.o.Branch) + "\n")
	case verb == "rev-parse" && has("--abbrev-ref"), verb == "branch", verb == "symbolic-ref", verb == "for-each-ref":
		return Flow{Some: true}
	case verb == "rev-parse", verb == "merge-base", verb == "describe", verb == "rev-list", verb == "hash-object", verb == "write-tree", verb == "commit-tree":
		return text(name)
	case verb == "ls-files", verb == "diff" && (has("--name-only") || has("--relative")), verb == "show" && has("--name-only"),
		verb == "diff-tree" && has("--name-only"), verb == "ls-tree" && has("--name-only"), verb == "grep" && (has("-l") || has("--files-with-matches")):
		return lines(listed(rest, "./")...)
	}
	return Flow{Some: true}
}

// listed are the paths that a listing gives: those asked for, else any.
func listed(args []Word, dir Word) []Word {
	var out []Word
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[i+1:]
	}
	for _, a := range args {
		if strings.HasPrefix(string(a), "*.") || strings.Contains(string(a), string(Name)) {
			out = append(out, dir+Word(Deep)+"/"+word.Globbed(string(a)))
		}
	}
	if len(out) == 0 {
		return []Word{dir + Word(Deep)}
	}
	return out
}
