package shell

import (
	"slices"
	"strings"

	"popkit/internal/core/policy/code"
	"popkit/internal/core/policy/word"
	"popkit/internal/core/policy/wrapper"
)

// interpreter runs programs that are given as text: on the command line, from a
// file, from the input.
func (w *walker) interpreter(st *state, args, env []Word, in Flow, vars []string) (Flow, bool) {
	lang := code.Language(string(args[0]))
	if lang == "" {
		return w.program(st, args, env, in, vars)
	}
	for _, e := range env {
		if v, ok := strings.CutPrefix(string(e), "BASH_ENV="); ok {
			w.script(st, w.contents(Join(st.dirs()[0], Word(v))), lang)
		}
	}
	text, rest, given := code.Inline(lang, args)
	if given {
		w.emit(st, args, env, in, append(vars, environment(lang, text)...), w.small(st, lang, text, rest)...)
		if !w.runnable(string(text)) {
			w.unknownScript(string(text), string(args[0]))
			return Flow{Some: true}, true
		}
		if lang != "sh" {
			return Flow{Some: true}, true
		}
		inner := st.clone()
		inner.zero = "bash"
		if len(rest) > 0 {
			inner.zero = rest[0]
		}
		inner.pos = rest
		if len(rest) > 0 {
			inner.pos = rest[1:]
		}
		return w.nested(inner, string(text), in, lang), true
	}
	w.emit(st, args, env, in, vars)
	switch {
	case len(rest) > 1 && rest[0] == "-m" && lang == "python":
		_, _, out := w.run(st.clone(), rest[1:], env, in, vars)
		return out, true
	case lang == "node" && slices.ContainsFunc(args[1:], func(a Word) bool {
		return strings.HasPrefix(string(a), "https://") || strings.HasPrefix(string(a), "http://")
	}) && len(rest) > 0 && (strings.HasPrefix(string(rest[0]), "http") || rest[0] == "run"):
		w.note(RemoteCode, "what came over the network is run by %s", args[0])
		return Flow{Some: true}, true
	case lang == "node" && (args[0] == "deno" || args[0] == "bun"):
		return Flow{Some: true}, true
	}
	if len(rest) == 0 || rest[0] == "-" || rest[0] == "/dev/stdin" {
		if in.Some {
			w.scriptIn(st, in, lang, rest)
		}
		return Flow{Some: true}, true
	}
	return w.file(st, lang, rest, in), true
}

// file runs a script that lies in a file.
func (w *walker) file(st *state, lang string, rest []Word, in Flow) Flow {
	var out Flow
	for _, dir := range st.dirs() {
		p := Join(dir, rest[0])
		own, wrote := w.files[p]
		switch {
		case wrote && (own.Known || own.Remote || strings.HasPrefix(string(p), "/dev/fd/")):
			inner := st.clone()
			inner.pos = rest[1:]
			w.scriptIn(inner, own, lang, nil)
		case rest[0].Open():
			w.note(UnknownCommand, "a script is run whose name is not known")
		case lang == "sh":
			out = w.onDisk(st, p, rest[1:], in)
		}
	}
	out.Some = true
	return out
}

// onDisk reads a script that was there before. It may be anyone's, and is judged by
// what is known of it only.
func (w *walker) onDisk(st *state, p Word, pos []Word, in Flow) Flow {
	f := w.contents(p)
	if !f.Known || w.quiet || w.depth >= maxDepth {
		return Flow{Some: true}
	}
	inner := st.clone()
	inner.pos = pos
	w.quiet = true
	steps, before := w.steps, len(w.out.Commands)
	out := w.nested(inner, string(f.Text), in, "script")
	w.others += len(w.out.Commands) - before
	w.quiet, w.steps = false, steps+50 // others have a budget of their own, but no end of them
	return out
}

// scriptIn runs a program that comes as a flow.
func (w *walker) scriptIn(st *state, f Flow, lang string, rest []Word) {
	switch {
	case lang == "sh":
		w.script(st, f, lang)
	case f.Remote:
		w.note(RemoteCode, "what came over the network is run by %s", lang)
	case f.Known:
		w.emit(st, nil, nil, Flow{}, environment(lang, f.Text), w.small(st, lang, f.Text, rest)...)
	default:
		w.note(UnknownCommand, "%s runs a text that is not known", lang)
	}
}

// script runs a shell script that comes as a flow.
func (w *walker) script(st *state, f Flow, via string) {
	switch {
	case f.Remote:
		w.note(RemoteCode, "what came over the network is run by %s", via)
	case f.Known && w.runnable(string(f.Text)):
		w.nested(st.clone(), string(f.Text), Flow{Some: true}, via)
	default:
		w.unknownScript(string(f.Text), via)
	}
}

// unknownScript notes that a text is run of which not enough is known.
func (w *walker) unknownScript(text, by string) {
	if strings.Contains(text, string(word.Remote)) {
		w.note(RemoteCode, "what came over the network is run by %s", by)
		return
	}
	w.note(UnknownCommand, "%s runs a text that is not known", by)
}

// program runs a file by its path, if it is known what is in it.
func (w *walker) program(st *state, args, env []Word, in Flow, vars []string) (Flow, bool) {
	if !strings.Contains(string(args[0]), "/") {
		return Flow{}, false
	}
	done := false
	for _, dir := range st.dirs() {
		p := Join(dir, args[0])
		own, wrote := w.files[p]
		if !wrote {
			if strings.HasSuffix(string(p), ".sh") || strings.HasSuffix(string(p), ".bash") {
				w.onDisk(st, p, args[1:], in)
			}
			continue
		}
		lang := "sh"
		if line, _, _ := strings.Cut(string(own.Text), "\n"); strings.HasPrefix(line, "#!") {
			words := strings.Fields(line[2:])
			if len(words) > 0 {
				if lang = code.Language(words[len(words)-1]); lang == "" {
					lang = "sh"
				}
			}
		}
		if own.Known || own.Remote {
			done = true
			inner := st.clone()
			inner.pos = args[1:]
			w.scriptIn(inner, own, lang, nil)
		}
	}
	if done {
		w.emit(st, args, env, in, vars)
	}
	return Flow{Some: true}, done
}

// textual are programs that take a command as text, or run one in their own way.
func (w *walker) textual(st *state, prog string, args, env []Word, in Flow, vars []string) (Flow, bool) {
	value := func(flags ...string) (string, bool) {
		for i, a := range args[1:] {
			if slices.Contains(flags, string(a)) && i+2 < len(args) {
				return string(args[i+2]), true
			}
			for _, f := range flags {
				if v, ok := strings.CutPrefix(string(a), f+"="); ok {
					return v, true
				}
			}
		}
		return "", false
	}
	switch prog {
	case "awk", "gawk", "mawk", "nawk":
		return w.awk(st, args, env, in, vars), true
	case "su", "runuser", "script", "sg", "nix-shell":
		w.emit(st, args, env, in, vars)
		if s, ok := value("-c", "-qc", "-qec", "-lc", "--command", "--run"); ok {
			w.nested(st.clone(), s, in, prog)
		}
	case "at", "batch":
		w.emit(st, args, env, in, vars)
		w.script(st, in, prog)
	case "watch":
		wr := wrapper.Wrapper{Valued: []string{"-n", "--interval", "-q"}}
		inner, _ := wr.Inner(args[1:])
		w.nested(st.clone(), join(inner), in, prog)
	case "ssh":
		wr := wrapper.Wrapper{Valued: []string{"-p", "-i", "-l", "-o", "-F", "-J", "-L", "-R", "-D", "-E", "-c", "-m", "-b", "-e", "-S", "-W"}, Skip: 1}
		w.emit(st, args, env, in, vars)
		if inner, _ := wr.Inner(args[1:]); len(inner) > 0 {
			w.nested(st.clone(), join(inner), in, prog)
		}
	case "tmux", "screen", "hyperfine", "concurrently":
		w.emit(st, args, env, in, vars)
		for _, a := range args[1:] {
			if strings.Contains(string(a), " ") {
				w.nested(st.clone(), string(a), in, prog)
			}
		}
		if i := slices.IndexFunc(args, func(a Word) bool { return strings.HasPrefix(string(a), "-dm") || a == "-d" }); i >= 0 && i+1 < len(args) {
			w.run(st.clone(), args[i+1:], env, in, vars)
		}
	}
	return Flow{Some: true}, true
}

// All stands among a command's variables for the whole environment.
const All = "*"

// environment is what a small program reads from its environment.
func environment(lang string, text Word) []string {
	if lang == "sh" {
		return nil
	}
	names, all := code.Environment(string(text))
	if all {
		names = append(names, All)
	}
	return names
}

// small does what a small program on a command line does, and returns the files that
// it touches.
func (w *walker) small(st *state, lang string, text Word, rest []Word) []File {
	if lang == "sh" || !w.runnable(string(text)) {
		return nil
	}
	var files []File
	for _, e := range code.Read(lang, string(text), rest) {
		switch e.Kind {
		case code.Hidden:
			w.note(UnknownCommand, "%s starts what its text does not say", lang)
		case code.Fetches:
			w.note(RemoteCode, "what came over the network is run by %s", lang)
		case code.Forks:
			w.note(ForkBomb, "%s starts itself again and again", lang)
		case code.Starts:
			if e.Argv == nil {
				w.nested(st.clone(), e.Script, Flow{Some: true}, lang)
				continue
			}
			n := len(w.via)
			w.via = append(slices.Clip(w.via), lang)
			w.run(st.clone(), e.Argv, nil, Flow{Some: true}, nil)
			w.via = w.via[:n]
		default:
			op := map[code.Kind]Op{code.Reads: Read, code.Writes: Write, code.Deletes: Delete}[e.Kind]
			for _, dir := range st.dirs() {
				files = append(files, File{Op: op, Path: Join(dir, e.Path)})
			}
		}
	}
	return files
}
