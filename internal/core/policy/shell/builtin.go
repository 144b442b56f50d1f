package shell

import (
	"slices"
	"strings"

	"popkit/internal/core/policy/word"
)

// builtin does a command of the shell's own; done is false when the command is
// one like any other after all.
func (w *walker) builtin(st *state, args []Word, in Flow) (succ, fail *state, out Flow, done bool) {
	switch args[0] {
	case "cd", "pushd", "chdir":
		return w.cd(st, args)
	case "popd":
		return w.popd(st)
	case "exit", "return":
		return nil, nil, Flow{}, true
	case "true", ":":
		return st, nil, text(""), true
	case "false":
		return nil, st, Flow{}, true
	case "eval":
		out = w.eval(st, args, in)
	case "source", ".":
		out = w.source(st, args, in)
	case "set":
		if len(args) == 1 {
			return nil, nil, Flow{}, false // prints all variables
		}
		setPos(st, args)
	case "shift":
		shift(st, args)
	case "unset":
		unset(st, args)
	case "read":
		w.read(st, args, in)
	case "mapfile", "readarray":
		mapfile(st, args, in)
	case "alias":
		w.alias(st, args)
	case "trap":
		w.trap(st, args)
	case "printf":
		if len(args) <= 3 || args[1] != "-v" {
			return nil, nil, Flow{}, false
		}
		st.set(string(args[2]), word.Printed(args[3:]))
	default:
		return nil, nil, Flow{}, false
	}
	return st, st, out, true
}

func (w *walker) cd(st *state, args []Word) (*state, *state, Flow, bool) {
	to := Word("")
	for _, a := range args[1:] {
		if !strings.HasPrefix(string(a), "-") || a == "-" {
			to = a
		}
	}
	succ := st.clone()
	var dirs []Word
	for _, dir := range st.dirs() {
		switch {
		case to == "" && w.o.Home != "":
			dirs = append(dirs, Word(w.o.Home))
		case to == "" || to == "-":
			old, ok := st.vars["OLDPWD"]
			if !ok || to == "" {
				old = value{alts: []Word{unknown}}
			}
			dirs = append(dirs, old.alts...)
		default:
			dirs = append(dirs, Join(dir, to))
		}
	}
	slices.Sort(dirs)
	succ.vars["OLDPWD"] = st.vars["PWD"]
	succ.set("PWD", slices.Compact(dirs)...)
	return succ, st, Flow{}, true
}

func (w *walker) popd(st *state) (*state, *state, Flow, bool) {
	succ := st.clone()
	old, ok := st.vars["OLDPWD"]
	if !ok {
		old = value{alts: []Word{unknown}}
	}
	succ.vars["PWD"] = old
	return succ, st, Flow{}, true
}

func (w *walker) eval(st *state, args []Word, in Flow) Flow {
	src := join(args[1:])
	if !w.runnable(src) {
		w.unknownScript(src, "eval")
		return Flow{Some: true}
	}
	return w.nested(st, src, in)
}

// runnable reports whether a script is known well enough to be read: what is not
// known in it must not be where a command begins.
func (w *walker) runnable(src string) bool {
	return !strings.HasPrefix(strings.TrimSpace(src), string(Unknown))
}

func (w *walker) source(st *state, args []Word, in Flow) Flow {
	if len(args) < 2 {
		return Flow{}
	}
	for _, dir := range st.dirs() {
		path := Join(dir, args[1])
		w.emit(st, args, nil, in, nil, File{Op: Read, Path: path})
		if path == "/dev/stdin" {
			w.script(st, in, "source")
			continue
		}
		f := w.contents(path)
		if f.Remote || f.Known {
			w.script(st, f, "source")
		} else if args[1].Open() {
			w.note(UnknownCommand, "a script is sourced whose name is not known")
		}
	}
	return Flow{Some: true}
}

func setPos(st *state, args []Word) {
	i := slices.Index(args, "--")
	if i < 0 {
		i = slices.IndexFunc(args[1:], func(a Word) bool { return !strings.HasPrefix(string(a), "-") && !strings.HasPrefix(string(a), "+") })
		if i < 0 || i > 0 && args[i] == "-o" {
			return
		}
	}
	st.pos = args[i+1:]
}

func shift(st *state, args []Word) {
	if len(st.pos) > 0 && !slices.Contains(st.pos, unknown) {
		st.pos = st.pos[1:]
	}
	if len(args) > 1 && args[1] != "1" {
		st.pos = []Word{unknown}
	}
}

func unset(st *state, args []Word) {
	for _, a := range args[1:] {
		if a != "PWD" && !strings.HasPrefix(string(a), "-") {
			st.set(string(a), "")
		}
	}
}

func (w *walker) read(st *state, args []Word, in Flow) {
	items := linesOf(in)
	var names []string
	array := false
	for i := 1; i < len(args); i++ {
		switch a := string(args[i]); {
		case len(a) > 1 && a[0] == '-' && a[1] != '-' && strings.HasSuffix(a, "a"):
			array = true
		case len(a) == 2 && a[0] == '-' && strings.Contains("dnNptu", a[1:]):
			i++
		case !strings.HasPrefix(a, "-"):
			names = append(names, a)
		}
	}
	for _, n := range names {
		if array { // -a: the fields of a line, one an element
			st.vars[n] = value{list: items[0].Fields(st.ifs() + "\n"), own: true}
			if len(items) > 1 {
				st.vars[n] = value{list: []Word{unknown}, own: true} // which line is not known
			}
		} else if len(names) == 1 {
			st.set(n, items...)
		} else {
			st.set(n, append(firstFields(items, st.ifs()+"\n"), items...)...) // the last takes the rest
		}
	}
}

// linesOf returns the lines that an input has, each as it is.
func linesOf(in Flow) []Word {
	items := in.items()
	if in.Known {
		items = in.Text.Fields("\n")
	}
	if len(items) == 0 || len(items) > maxAlts {
		return []Word{unknown}
	}
	return items
}

// firstFields is what the variables of "read a b" may hold: any of the fields.
func firstFields(items []Word, ifs string) []Word {
	var out []Word
	for _, x := range items {
		out = append(out, x.Fields(ifs)...)
	}
	if len(out) == 0 || len(out) > maxAlts {
		return []Word{unknown}
	}
	return out
}

func mapfile(st *state, args []Word, in Flow) {
	n := string(args[len(args)-1])
	if strings.HasPrefix(n, "-") || len(args) == 1 {
		n = "MAPFILE"
	}
	st.vars[n] = value{list: linesOf(in), own: true}
}

func (w *walker) alias(st *state, args []Word) {
	for _, a := range args[1:] {
		if n, text, ok := strings.Cut(string(a), "="); ok {
			st.aliases[n] = text
			w.nested(st.clone(), text, Flow{Some: true})
		}
	}
}

func (w *walker) trap(st *state, args []Word) {
	for _, a := range args[1:] {
		if !strings.HasPrefix(string(a), "-") {
			if w.runnable(string(a)) {
				w.nested(st.clone(), string(a), Flow{})
			} else {
				w.note(UnknownCommand, "a trap whose command is not known")
			}
			break
		}
	}
}
