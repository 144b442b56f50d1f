package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// redirs are the redirections of a statement.
type redirs struct {
	in    Flow
	files []File
	out   []Word // where its standard output goes; nil: on
	gone  bool   // its standard output goes elsewhere
	vars  []string
	dir   Word
}

func (w *walker) redirects(st *state, list []*syntax.Redirect, in Flow) redirs {
	r := redirs{in: in}
	for _, d := range list {
		fd := ""
		if d.N != nil {
			fd = d.N.Value
		}
		switch d.Op {
		case syntax.Hdoc, syntax.DashHdoc:
			body := w.document(st, d, &r.vars)
			if d.Op == syntax.DashHdoc {
				body = Word(strings.ReplaceAll("\n"+string(body), "\n\t", "\n")[1:])
			}
			r.in = text(body)
		case syntax.WordHdoc:
			r.in = text(w.single(st, d.Word, &r.vars) + "\n")
		default:
			w.redirect(st, d, fd, &r)
		}
	}
	return r
}

func (w *walker) redirect(st *state, d *syntax.Redirect, fd string, r *redirs) {
	for _, alt := range w.fields(st, d.Word, &r.vars) {
		for _, word := range alt {
			if (d.Op == syntax.DplIn || d.Op == syntax.DplOut) && (word == "-" || strings.Trim(string(word), "0123456789-") == "") {
				continue
			}
			for _, dir := range st.dirs() {
				path := Join(dir, word)
				r.dir = dir
				switch d.Op {
				case syntax.RdrIn, syntax.DplIn:
					r.files = append(r.files, File{Op: Read, Path: path})
					r.in = w.contents(path)
					continue
				case syntax.RdrInOut:
					r.files = append(r.files, File{Op: Write, Path: path})
					continue
				}
				op := Write
				if d.Op == syntax.AppOut || d.Op == syntax.AppAll {
					op = Append
				}
				r.files = append(r.files, File{Op: op, Path: path})
				if fd == "" || fd == "1" {
					r.gone = true
					r.out = append(r.out, path)
				}
			}
		}
	}
}

// redirected notes what went into files, and returns what is left.
func (w *walker) redirected(r redirs, out Flow) Flow {
	for i, f := range r.files {
		for _, to := range r.out {
			if f.Path == to && f.Op != Read {
				r.files[i].Text, r.files[i].Whole = string(out.Text), out.Known
				w.wrote(f.Path, f.Op, out)
			}
		}
	}
	if len(r.files) > 0 || len(r.vars) > 0 {
		w.out.Commands = append(w.out.Commands, Command{Dir: r.dir, Files: r.files, Via: w.via, Vars: r.vars})
	}
	if r.gone {
		return Flow{}
	}
	return out
}

// wrote remembers what a file holds now.
func (w *walker) wrote(path Word, op Op, f Flow) {
	if !path.Known() || path == "/dev/null" {
		return
	}
	f.Some = true
	if old, ok := w.files[path]; ok && op == Append {
		f = old.then(f)
	} else if op == Append {
		f = Flow{Some: true, Remote: f.Remote}.then(f)
	}
	w.files[path] = f
}

// contents is what reading a file gives.
func (w *walker) contents(path Word) Flow {
	if f, ok := w.files[path]; ok {
		return f
	}
	if path.Known() && w.o.Content != nil {
		if s, ok := w.o.Content(string(path)); ok && len(s) <= maxBytes {
			return text(Word(s))
		}
	}
	return Flow{Some: true}
}
