package shell

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
	"popkit/internal/core/policy/word"
)

// alt is one way in which a word expands: the fields that are done, and the one
// that grows.
type alt struct {
	out  []Word
	cur  Word
	open bool
}

func (a *alt) end() {
	if a.open || a.cur != "" {
		a.out = append(slices.Clip(a.out), a.cur)
	}
	a.cur, a.open = "", false
}

// fields expands a word to the fields that a command would get, once for each way
// in which it can expand. vars collects the environment's variables in it.
func (w *walker) fields(st *state, word *syntax.Word, vars *[]string) [][]Word {
	ways := [][]Word{nil}
	for _, part := range braces(word) {
		alts := w.parts(st, part.Parts, []alt{{}}, asFields, vars)
		var next [][]Word
		for _, way := range ways {
			for _, a := range alts {
				a.end()
				next = append(next, append(slices.Clip(way), a.out...))
			}
		}
		ways = next
		if len(ways) > maxAlts {
			return [][]Word{{unknown}}
		}
	}
	return ways
}

// single expands a word to one text, as in quotes.
func (w *walker) single(st *state, word *syntax.Word, vars *[]string) Word {
	return one(w.texts(st, word, asText, vars))
}

func one(alts []Word) Word {
	if len(alts) == 1 {
		return alts[0]
	}
	return unknown
}

// texts expands a word without splitting it: what an assignment does.
func (w *walker) texts(st *state, word *syntax.Word, how mode, vars *[]string) []Word {
	if word == nil {
		return []Word{""}
	}
	var out []Word
	for _, a := range w.parts(st, word.Parts, []alt{{}}, how, vars) {
		for _, f := range a.out {
			a.cur = f + " " + a.cur
		}
		out = append(out, a.cur)
	}
	if first, ok := word.Parts[0].(*syntax.Lit); ok && how == asText && strings.HasPrefix(first.Value, "~") {
		for i := range out {
			out[i] = w.tilde(st, out[i])
		}
	}
	return out
}

// document expands a here-document.
func (w *walker) document(st *state, d *syntax.Redirect, vars *[]string) Word {
	word := d.Hdoc
	if word == nil {
		return ""
	}
	if d.Word.Lit() == "" || strings.Contains(d.Word.Lit(), `\`) { // its end is quoted: it stands as it is
		var b strings.Builder
		for _, p := range word.Parts {
			if l, ok := p.(*syntax.Lit); ok {
				b.WriteString(l.Value)
			}
		}
		return Word(b.String())
	}
	return one(w.texts(st, word, asDocument, vars))
}

// mode is how a word expands.
type mode int

const (
	asFields   mode = iota // an argument: split at blanks, wildcards count
	asText                 // an assignment, a pattern: neither, but backslashes go
	asQuoted               // in double quotes
	asDocument             // in a here-document
)

func (w *walker) parts(st *state, parts []syntax.WordPart, alts []alt, how mode, vars *[]string) []alt {
	for i, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			t := literal(p.Value, how)
			if i == 0 && how == asFields && strings.HasPrefix(p.Value, "~") {
				t = w.tilde(st, t)
			}
			for j := range alts {
				alts[j].cur += t
			}
		case *syntax.SglQuoted:
			t := Word(p.Value)
			if p.Dollar {
				t = word.Ansi(p.Value, 3)
			}
			for j := range alts {
				alts[j].cur, alts[j].open = alts[j].cur+t, true
			}
		case *syntax.DblQuoted:
			alts = w.parts(st, p.Parts, alts, asQuoted, vars)
			for j := range alts {
				alts[j].open = alts[j].open || !onlyList(p)
			}
		default:
			quoted := how != asFields
			alts = combine(alts, w.part(st, p, quoted, vars), quoted, st.ifs())
		}
	}
	return alts
}

// onlyList tells "$@", which is no field at all when there is nothing in it.
func onlyList(d *syntax.DblQuoted) bool {
	if len(d.Parts) != 1 {
		return false
	}
	p, ok := d.Parts[0].(*syntax.ParamExp)
	return ok && (p.Param != nil && p.Param.Value == "@" || isAll(p.Index))
}

// combine appends each of the values to each of the ways so far.
func combine(alts []alt, values []piece, quoted bool, ifs string) []alt {
	if len(values) == 0 {
		values = []piece{{}}
	}
	if len(alts)*len(values) > maxAlts {
		values = []piece{{text: unknown}}
	}
	var next []alt
	for _, a := range alts {
		for _, v := range values {
			n := alt{out: slices.Clip(slices.Clone(a.out)), cur: a.cur, open: a.open}
			switch {
			case v.isList:
				for k, f := range v.list {
					if k > 0 {
						n.open = true
						n.end()
					}
					n.cur, n.open = n.cur+f, true
				}
			case quoted:
				n.cur += v.text
			default:
				n.split(v.text, ifs)
			}
			next = append(next, n)
		}
	}
	return next
}

// split appends an unquoted value: its blanks separate fields, its wildcards count.
func (a *alt) split(t Word, ifs string) {
	list := t.Fields(ifs)
	if len(list) == 0 {
		if t != "" {
			a.end()
		}
		return
	}
	if strings.ContainsRune(ifs, rune(t[0])) {
		a.end()
	}
	for k, f := range list {
		if k > 0 {
			a.end()
		}
		a.cur += word.Globbed(string(f))
	}
	if strings.ContainsRune(ifs, rune(t[len(t)-1])) {
		a.end()
	}
}

// piece is one value of a part of a word: text, or several fields.
type piece struct {
	text   Word
	list   []Word
	isList bool
}

func (w *walker) part(st *state, p syntax.WordPart, quoted bool, vars *[]string) []piece {
	switch p := p.(type) {
	case *syntax.ParamExp:
		return w.param(st, p, quoted, vars)
	case *syntax.CmdSubst:
		if !w.step() {
			return []piece{{text: unknown}}
		}
		to := w.to
		w.to = nil
		f := w.stmts(st.clone(), p.Stmts, Flow{})
		w.to = to
		if !quoted && !f.Known && f.List != nil {
			return []piece{{list: f.List, isList: true}}
		}
		var out []piece
		for _, v := range f.value() {
			out = append(out, piece{text: v})
		}
		return out
	case *syntax.ArithmExp:
		w.inside(st, p)
		return []piece{{text: name}}
	case *syntax.ProcSubst:
		w.procs++
		path := Word(fmt.Sprintf("/dev/fd/%d", 60+w.procs))
		f := w.stmts(st.clone(), p.Stmts, Flow{Some: true})
		f.Some = true
		w.files[path] = f
		return []piece{{text: path}}
	case *syntax.ExtGlob:
		return []piece{{text: name}}
	}
	return []piece{{text: unknown}}
}

// tilde replaces ~ at the beginning of a word.
func (w *walker) tilde(st *state, t Word) Word {
	head, rest, _ := strings.Cut(string(t), "/")
	if len(head) < len(t) {
		rest = "/" + rest
	}
	switch {
	case head == "~" && len(st.vars["HOME"].alts) == 1:
		return st.vars["HOME"].alts[0] + Word(rest)
	case head == "~" || head == "~+" || head == "~-":
		return unknown + Word(rest)
	case head == "~root":
		return Word("/root" + rest)
	}
	return Word("/home/" + strings.TrimPrefix(head, "~") + rest)
}

// literal takes the backslashes out of a literal.
func literal(s string, how mode) Word {
	if !strings.Contains(s, `\`) {
		if how != asFields {
			return Word(s)
		}
		return word.Globbed(s)
	}
	var b strings.Builder
	from := 0
	plain := func(to int) {
		if how != asFields {
			b.WriteString(s[from:to])
		} else {
			b.WriteString(string(word.Globbed(s[from:to])))
		}
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) || how == asQuoted && !strings.ContainsRune("$`\"\\\n", rune(s[i+1])) ||
			how == asDocument && !strings.ContainsRune("$`\\\n", rune(s[i+1])) {
			continue
		}
		plain(i)
		if s[i+1] != '\n' {
			b.WriteByte(s[i+1])
		}
		i++
		from = i + 1
	}
	if from <= len(s) {
		plain(len(s))
	}
	return Word(b.String())
}

// braces expands {a,b} and {1..3}, as text, before anything else.
func braces(word *syntax.Word) []*syntax.Word {
	brace := slices.ContainsFunc(word.Parts, func(p syntax.WordPart) bool {
		l, ok := p.(*syntax.Lit)
		return ok && strings.Contains(l.Value, "{")
	})
	if !brace {
		return []*syntax.Word{word}
	}
	copied := &syntax.Word{Parts: slices.Clone(word.Parts)}
	if !syntax.SplitBraces(copied) {
		return []*syntax.Word{word}
	}
	done, work := []*syntax.Word(nil), []*syntax.Word{copied}
	for len(work) > 0 {
		x := work[0]
		work = work[1:]
		i := slices.IndexFunc(x.Parts, func(p syntax.WordPart) bool { _, ok := p.(*syntax.BraceExp); return ok })
		if i < 0 {
			done = append(done, x)
			continue
		}
		var more []*syntax.Word
		for _, e := range elements(x.Parts[i].(*syntax.BraceExp)) {
			more = append(more, &syntax.Word{Parts: slices.Concat(x.Parts[:i], e, x.Parts[i+1:])})
		}
		work = append(more, work...)
		if len(done)+len(work) > maxBraces {
			return []*syntax.Word{{Parts: []syntax.WordPart{&syntax.Lit{Value: string(Unknown)}}}}
		}
	}
	return done
}

func elements(b *syntax.BraceExp) [][]syntax.WordPart {
	var out [][]syntax.WordPart
	if !b.Sequence {
		for _, e := range b.Elems {
			out = append(out, e.Parts)
		}
		return out
	}
	anything := [][]syntax.WordPart{{&syntax.Lit{Value: string(Name)}}}
	from, to := b.Elems[0].Lit(), b.Elems[1].Lit()
	if len(from) == 1 && len(to) == 1 && (from[0] > '9' || to[0] > '9') {
		lo, hi := min(from[0], to[0]), max(from[0], to[0])
		for c := lo; c <= hi && len(out) < maxBraces; c++ {
			out = append(out, []syntax.WordPart{&syntax.Lit{Value: string(c)}})
		}
		return out
	}
	x, err1 := strconv.Atoi(from)
	y, err2 := strconv.Atoi(to)
	if err1 != nil || err2 != nil || max(x, y)-min(x, y) > maxAlts || len(b.Elems) > 2 {
		return anything
	}
	for n := min(x, y); n <= max(x, y); n++ {
		out = append(out, []syntax.WordPart{&syntax.Lit{Value: strconv.Itoa(n)}})
	}
	return out
}
