package shell

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// way is one way in which a simple command expands.
type way struct{ args []Word }

func (w *walker) call(st *state, c *syntax.CallExpr, in Flow) (succ, fail *state, out Flow) {
	var vars []string
	var env []Word
	for _, a := range c.Assigns {
		v := w.assign(st, a, &vars)
		if len(c.Args) == 0 {
			st.vars[a.Name.Value] = v
		} else {
			env = append(env, Word(a.Name.Value)+"="+first(v))
		}
	}
	if len(c.Args) == 0 {
		if len(c.Assigns) > 0 {
			for _, a := range c.Assigns {
				env = append(env, Word(a.Name.Value)+"="+first(st.vars[a.Name.Value]))
			}
			w.emit(st, nil, env, Flow{}, vars)
		}
		return st, st, Flow{}
	}
	if c.Args[0].Lit() == "[" || c.Args[0].Lit() == "test" {
		vars = nil
		for _, a := range c.Args {
			w.fields(st, a, nil)
		}
		return st, st, Flow{}
	}
	ways := []way{{}}
	for _, a := range c.Args {
		alts := w.fields(st, a, &vars)
		if len(alts)*len(ways) > maxAlts {
			alts = [][]Word{{unknown}}
		}
		var next []way
		for _, x := range ways {
			for _, fields := range alts {
				next = append(next, way{append(slices.Clip(x.args), fields...)})
			}
		}
		ways = next
	}
	if len(ways) == 1 {
		return w.run(st, ways[0].args, env, in, vars)
	}
	for _, x := range ways {
		s, f, o := w.run(st.clone(), x.args, env, in, vars)
		succ, fail, out = merge(succ, s), merge(fail, f), out.then(o)
	}
	out.Known = false
	return succ, fail, out
}

// run does one command whose words are expanded.
func (w *walker) run(st *state, args, env []Word, in Flow, vars []string) (succ, fail *state, out Flow) {
	if len(args) == 0 || !w.step() {
		return st, st, Flow{}
	}
	for args[0] == "command" || args[0] == "builtin" {
		rest := args[1:]
		for len(rest) > 0 && (rest[0] == "-p" || rest[0] == "--") {
			rest = rest[1:]
		}
		if len(rest) == 0 || rest[0] == "-v" || rest[0] == "-V" {
			return st, st, Flow{Some: true}
		}
		args = rest
	}
	prog := string(args[0])
	if text, ok := st.aliases[prog]; ok && w.depth < maxDepth {
		delete(st.aliases, prog)
		out = w.nested(st, text+" "+quoteAll(args[1:]), in)
		st.aliases[prog] = text
		return st, st, out
	}
	if f := w.function(prog); f != nil {
		return st, st, w.callFunction(st, f, args[1:], in)
	}
	if args[0] == "read" {
		for _, e := range env {
			if v, ok := strings.CutPrefix(string(e), "IFS="); ok {
				old, had := st.vars["IFS"]
				st.set("IFS", Word(v))
				defer func() {
					if st.vars["IFS"] = old; !had {
						delete(st.vars, "IFS")
					}
				}()
			}
		}
	}
	if s, f, o, done := w.builtin(st, args, in); done {
		return s, f, o
	}
	if inner, ok := w.unwrap(st, args, env, in, vars); ok {
		return st, st, inner
	}
	if o, ok := w.interpreter(st, args, env, in, vars); ok {
		return st, st, o
	}
	if args[0].Base().Open() {
		w.note(UnknownCommand, "the program in %q is not known", Word(quoteAll(args)).String())
	}
	w.emit(st, args, env, in, vars)
	return st, st, w.output(st, args, in)
}

// emit puts a command out, once for each directory in which it may run.
func (w *walker) emit(st *state, args, env []Word, in Flow, vars []string, files ...File) {
	for _, dir := range st.dirs() {
		w.out.Commands = append(w.out.Commands, Command{Args: args, Env: env, Dir: dir, Via: slices.Clip(w.via), In: in, Vars: vars, To: w.to, Files: files, OnDisk: w.quiet})
	}
}

func (w *walker) callFunction(st *state, f *function, args []Word, in Flow) Flow {
	f.called = true
	if f.active > 0 {
		if w.piped > 0 {
			w.note(ForkBomb, "the function %s starts itself again and again", f.name)
		}
		return Flow{Some: true}
	}
	pos := st.pos
	st.pos = args
	f.active++
	out := w.stmt(st, f.body, in)
	f.active--
	st.pos = pos
	return out
}

// quote makes a word that the shell reads back as it is, but for what is not known.
func quote(a Word) string {
	if a != "" && strings.Trim(string(a), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,"+marks) == "" {
		return string(a)
	}
	return "'" + strings.ReplaceAll(string(a), "'", `'\''`) + "'"
}

func quoteAll(args []Word) string {
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = quote(a)
	}
	return strings.Join(parts, " ")
}

func join(args []Word) string {
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = string(a)
	}
	return strings.Join(parts, " ")
}
