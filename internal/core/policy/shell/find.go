package shell

import (
	"path"
	"slices"
	"strings"

	"popkit/internal/core/policy/word"
)

// find runs what find runs, and returns the paths that it may list.
func (w *walker) find(st *state, args []Word, in Flow, vars []string) (Flow, bool) {
	if strings.HasPrefix(path.Base(string(args[0])), "fd") {
		return w.fd(st, args, in, vars), true
	}
	i := 1
	var starts []Word
	for ; i < len(args) && !strings.HasPrefix(string(args[i]), "-") && args[i] != "(" && args[i] != "!"; i++ {
		starts = append(starts, args[i])
	}
	if len(starts) == 0 {
		starts = []Word{"."}
	}
	expr := args[i:]
	items := found(starts, expr)
	files := w.findFiles(st, expr, items)
	w.emit(st, args, nil, in, vars, files...)
	for j := 0; j < len(expr); j++ {
		switch expr[j] {
		case "-exec", "-execdir", "-ok", "-okdir":
			end := j + 1
			for end < len(expr) && expr[end] != ";" && (expr[end] != "+" || expr[end-1] != "{}") {
				end++
			}
			if cmd := expr[j+1 : end]; len(cmd) > 0 {
				w.each(st, cmd, "{}", items, Flow{Some: true}, vars, false)
			}
			j = end
		}
	}
	return lines(items...), true
}

// findFiles are what find itself writes and deletes.
func (w *walker) findFiles(st *state, expr, items []Word) []File {
	var files []File
	for _, dir := range st.dirs() {
		for j, e := range expr {
			switch e {
			case "-delete":
				if slices.Contains(expr, "-empty") {
					continue // nothing is lost
				}
				for _, it := range items {
					files = append(files, File{Op: Delete, Path: Join(dir, it)})
				}
			case "-fprint", "-fls", "-fprintf", "-fprint0":
				if j+1 < len(expr) {
					files = append(files, File{Op: Write, Path: Join(dir, expr[j+1])})
				}
			}
		}
	}
	return files
}

// found are the paths that an expression of find's can match, at least.
func found(starts, expr []Word) []Word {
	var patterns []Word
	all := false
	from := 0
	for i := 0; i <= len(expr); i++ {
		if i < len(expr) && expr[i] != "-o" && expr[i] != "-or" {
			continue
		}
		if p, ok := pattern(expr[from:i]); ok {
			patterns = append(patterns, p)
		} else if !slices.Contains(expr[from:i], "-prune") {
			all = true
		}
		from = i + 1
	}
	var out []Word
	for _, s := range starts {
		if all || len(patterns) == 0 {
			out = append(out, s+"/"+Word(Deep))
			continue
		}
		for _, p := range patterns {
			if strings.HasPrefix(string(p), string(Deep)) || !strings.Contains(string(p), "/") {
				out = append(out, s+"/"+Word(Deep)+"/"+p)
			} else {
				out = append(out, p)
			}
		}
	}
	if len(out) > maxAlts {
		return []Word{starts[0] + "/" + Word(Deep)}
	}
	return out
}

// pattern is the name that one alternative of an expression asks for.
func pattern(expr []Word) (Word, bool) {
	for i := 0; i+1 < len(expr); i++ {
		negated := i > 0 && (expr[i-1] == "!" || expr[i-1] == "-not")
		if negated {
			continue
		}
		switch expr[i] {
		case "-name":
			return word.Globbed(string(expr[i+1])), true
		case "-iname":
			return anyCase(word.Globbed(string(expr[i+1]))), true
		case "-path", "-wholename", "-ipath":
			segs := strings.Split(string(word.Globbed(string(expr[i+1]))), "/")
			for k, s := range segs {
				if s == string(Name) {
					segs[k] = string(Deep)
				}
			}
			return Word(strings.Join(segs, "/")), true
		}
	}
	return "", false
}

// anyCase lets letters be any character.
func anyCase(p Word) Word {
	return Word(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return Char
		}
		return r
	}, string(p)))
}

func (w *walker) fd(st *state, args []Word, in Flow, vars []string) Flow {
	base := Word(Deep)
	for i, a := range args {
		switch a {
		case "-e", "--extension":
			if i+1 < len(args) {
				base = Word(Deep) + "/" + name + "." + args[i+1]
			}
		}
	}
	items := []Word{"./" + base}
	i := slices.IndexFunc(args, func(a Word) bool { return a == "-x" || a == "-X" || a == "--exec" || a == "--exec-batch" })
	if i >= 0 && i+1 < len(args) {
		w.each(st, args[i+1:], "{}", items, Flow{Some: true}, vars, false)
		args = args[:i]
	}
	w.emit(st, args, nil, in, vars)
	return lines(items...)
}
