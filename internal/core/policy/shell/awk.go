package shell

import (
	"slices"
	"strings"

	"popkit/internal/core/policy/code"
	"popkit/internal/core/policy/wrapper"
)

// awk finds what an awk program writes and starts.
func (w *walker) awk(st *state, args, env []Word, in Flow, vars []string) Flow {
	wr := wrapper.Wrapper{Valued: []string{"-v", "-F", "-f", "--assign", "--field-separator"}}
	rest, _ := wr.Inner(args[1:])
	var files []File
	if len(rest) > 0 && !slices.Contains(args, "-f") {
		files = w.awkFiles(st, string(rest[0]))
		vars = append(vars, environment("awk", rest[0])...)
		inplace := slices.Contains(args, "inplace")
		for _, dir := range st.dirs() {
			for _, f := range rest[1:] {
				op := Read
				if inplace {
					op = Write
				}
				if !wrapper.Assignment(string(f)) {
					files = append(files, File{Op: op, Path: Join(dir, f)})
				}
			}
		}
	}
	w.emit(st, args, env, in, vars, files...)
	return Flow{Some: true, Remote: in.Remote}
}

func (w *walker) awkFiles(st *state, text string) []File {
	var files []File
	for _, script := range code.SystemCalls("awk", text, "system") {
		if !w.runnable(string(script)) {
			w.note(UnknownCommand, "awk starts what its text does not say")
			continue
		}
		w.nested(st.clone(), string(script), Flow{Some: true}, "awk")
	}
	for i := 0; i < len(text); i++ {
		op := Op(-1)
		j := i + 1
		switch {
		case text[i] == '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			continue
		case text[i] == '>' && strings.HasPrefix(text[i:], ">>"):
			op, j = Append, i+2
		case text[i] == '>':
			op = Write
		case text[i] == '|' && !strings.HasPrefix(text[i:], "||") && (i == 0 || text[i-1] != '|'):
			op = Read // of a command
		default:
			continue
		}
		rest := strings.TrimLeft(text[j:], " \t&")
		if !strings.HasPrefix(rest, `"`) {
			continue
		}
		quoted, _, ok := strings.Cut(rest[1:], `"`)
		if !ok {
			continue
		}
		if op == Read {
			w.nested(st.clone(), quoted, Flow{Some: true}, "awk")
			continue
		}
		for _, dir := range st.dirs() {
			files = append(files, File{Op: op, Path: Join(dir, Word(quoted))})
		}
		i = j + len(quoted)
	}
	return files
}
