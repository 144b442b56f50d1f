package shell

import (
	"path"
	"slices"
	"strings"

	"popkit/internal/core/policy/wrapper"
)

// unwrap takes a wrapper off a command and runs what is in it; ok is false when
// the command is no wrapper, or wraps nothing.
func (w *walker) unwrap(st *state, args, env []Word, in Flow, vars []string) (out Flow, ok bool) {
	prog := path.Base(string(args[0]))
	switch prog {
	case "xargs", "parallel", "rush":
		return w.xargs(st, args, in, vars)
	case "find", "gfind", "fd", "fdfind":
		return w.find(st, args, in, vars)
	case "git":
		return w.git(st, args, env, in, vars)
	case "watch", "ssh", "su", "script", "runuser", "nix-shell", "tmux", "screen", "hyperfine", "concurrently", "sg", "at", "batch", "awk", "gawk", "mawk", "nawk":
		return w.textual(st, prog, args, env, in, vars)
	}
	wr, known := wrapper.Table[prog]
	if !known {
		return Flow{}, false
	}
	if prog == "env" {
		if s := wrapper.SplitString(args[1:]); s != "" {
			return w.nested(st, s, in, prog), true
		}
	}
	inner, assigned := wr.Inner(args[1:])
	if f, ok := wr.Option(args[1:], wr.Writes); ok {
		w.emit(st, args[:1], env, Flow{}, vars, File{Op: Write, Path: Join(st.dirs()[0], f)})
	}
	if text, ok := wr.Option(args[1:], wr.Text); ok {
		return w.nested(st.clone(), string(text), in, prog), true
	}
	if len(inner) == 0 {
		return Flow{}, false
	}
	if wr.Dash {
		w.emit(st, args[:len(args)-len(inner)], env, Flow{}, vars)
	}
	n := len(w.via)
	w.via = append(slices.Clip(w.via), prog)
	there := st.clone()
	if dir, ok := wr.Dir(args[1:]); ok {
		var dirs []Word
		for _, d := range st.dirs() {
			dirs = append(dirs, Join(d, dir))
		}
		there.set("PWD", dirs...)
	}
	_, _, out = w.run(there, inner, append(slices.Clip(env), assigned...), in, vars)
	w.via = w.via[:n]
	return out, true
}

var xargsValued = []string{"-I", "-i", "-n", "-P", "-L", "-l", "-s", "-d", "-E", "-a", "--max-args", "--max-procs", "--replace", "--delimiter",
	"--arg-file", "-j", "--jobs", "--colsep", "-C", "-N", "--joblog", "--results", "-S", "--sshlogin", "--tmpdir", "--max-lines"}

// xargs runs a command with what it reads as further words.
func (w *walker) xargs(st *state, args []Word, in Flow, vars []string) (Flow, bool) {
	items := in.items()
	replace := Word("")
	rest := args[1:]
	parallel := args[0].Base() != "xargs"
	if parallel {
		replace = "{}"
		if i := slices.IndexFunc(rest, func(a Word) bool { return a == ":::" || a == "::::" || a == ":::+" }); i >= 0 {
			items = rest[i+1:]
			if rest[i] == "::::" {
				items = []Word{unknown}
			}
			rest = rest[:i]
		}
	}
	for len(rest) > 0 && strings.HasPrefix(string(rest[0]), "-") {
		a := string(rest[0])
		switch {
		case (a == "-I" || a == "--replace" || a == "-i") && len(rest) > 1 && !parallel:
			replace = rest[1]
		case strings.HasPrefix(a, "-I") && !parallel:
			replace = Word(a[2:])
		case (a == "-a" || a == "--arg-file") && len(rest) > 1:
			items = []Word{unknown}
			w.emit(st, rest[:2], nil, Flow{}, nil, File{Op: Read, Path: Join(st.dirs()[0], rest[1])})
		}
		if a == "--" {
			rest = rest[1:]
			break
		}
		if slices.Contains(xargsValued, a) {
			rest = rest[min(2, len(rest)):]
		} else {
			rest = rest[1:]
		}
	}
	if len(rest) == 0 {
		if parallel {
			return w.lines(st, in, items)
		}
		return in, true // echo
	}
	return w.each(st, rest, replace, items, in, vars, parallel), true
}

// lines runs what it reads as commands.
func (w *walker) lines(st *state, in Flow, items []Word) (Flow, bool) {
	if !in.Known {
		w.note(UnknownCommand, "commands are read that are not known")
		return Flow{Some: true}, true
	}
	return w.nested(st.clone(), string(in.Text), Flow{}, "parallel"), true
}

// each runs a command with its items in place, or at its end.
func (w *walker) each(st *state, rest []Word, replace Word, items []Word, in Flow, vars []string, script bool) Flow {
	n := len(w.via)
	w.via = append(slices.Clip(w.via), "xargs")
	defer func() { w.via = w.via[:n] }()
	if replace == "" || !slices.ContainsFunc(rest, func(a Word) bool { return strings.Contains(string(a), string(replace)) }) {
		rest, items, replace = append(slices.Clip(rest), items...), []Word{""}, ""
	}
	var out Flow
	if len(items) > maxBraces {
		items = []Word{unknown}
	}
	for _, item := range items {
		args := make([]Word, len(rest))
		for i, a := range rest {
			if args[i] = a; replace != "" {
				args[i] = Word(strings.ReplaceAll(string(a), string(replace), string(item)))
			}
		}
		if script && len(args) == 1 && strings.Contains(string(args[0]), " ") {
			out = out.then(w.nested(st.clone(), string(args[0]), Flow{Some: true}))
			continue
		}
		_, _, o := w.run(st.clone(), args, nil, Flow{Some: true, Remote: in.Remote}, vars)
		out = out.then(o)
	}
	out.Known = false
	return out
}
