package shell

import (
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// shellVars are variables whose values are not known but hold no "/", and no secret.
var shellVars = []string{"RANDOM", "SRANDOM", "SECONDS", "LINENO", "UID", "EUID", "GID", "PPID", "BASHPID", "HOSTNAME", "USER", "LOGNAME",
	"OSTYPE", "MACHTYPE", "HOSTTYPE", "SHLVL", "COLUMNS", "LINES", "OPTIND", "EPOCHSECONDS", "EPOCHREALTIME", "BASH_VERSION",
	"?", "#", "$", "!", "-", "LANG", "LC_ALL", "TERM"}

// lookup returns the values of a variable; known is false when nothing set it.
func (w *walker) lookup(st *state, n string, vars *[]string) (v value, known bool) {
	if i, err := strconv.Atoi(n); err == nil {
		switch {
		case i == 0:
			return value{alts: []Word{st.zero}}, true
		case i <= len(st.pos):
			return value{alts: []Word{st.pos[i-1]}}, true
		case slices.Contains(st.pos, unknown):
			return value{alts: []Word{unknown}}, false
		}
		return value{alts: []Word{""}}, false
	}
	if v, ok := st.vars[n]; ok {
		if !v.own && vars != nil && slices.Contains(v.alts, unknown) {
			*vars = append(*vars, n)
		}
		return v, true
	}
	if slices.Contains(shellVars, n) {
		return value{alts: []Word{name}}, true
	}
	if vars != nil && n != "_" {
		*vars = append(*vars, n)
	}
	return value{alts: []Word{unknown}}, false
}

func isAll(x syntax.ArithmExpr) bool {
	word, ok := x.(*syntax.Word)
	return ok && (word.Lit() == "@" || word.Lit() == "*")
}

// param expands $x and ${x…}.
func (w *walker) param(st *state, p *syntax.ParamExp, quoted bool, vars *[]string) []piece {
	if p.Param == nil || p.Width || p.Flags != nil || p.NestedParam != nil {
		return []piece{{text: unknown}}
	}
	if p.Index != nil {
		w.inside(st, p.Index)
	}
	if p.Slice != nil {
		w.sliced(st, p.Slice)
	}
	n := p.Param.Value
	if n == "@" || n == "*" || isAll(p.Index) {
		return w.listed(st, p, quoted, vars)
	}
	if p.Length || p.Names != 0 {
		return []piece{{text: name}}
	}
	v, known := w.lookup(st, n, vars)
	if p.Excl {
		return w.indirect(st, v, vars)
	}
	alts := v.alts
	if p.Index != nil || len(v.list) > 0 {
		alts = v.list
		if len(alts) == 0 {
			alts = []Word{unknown}
		}
	}
	if p.Exp != nil {
		alts = w.expansion(st, p, alts, known, vars)
	}
	out := make([]piece, 0, len(alts))
	for _, a := range alts {
		switch {
		case p.Repl != nil:
			a = w.replace(st, p.Repl, a)
		case p.Slice != nil:
			a = slice(p.Slice, a)
		}
		out = append(out, piece{text: a})
	}
	return out
}

// listed expands $@ and ${a[@]}.
func (w *walker) listed(st *state, p *syntax.ParamExp, quoted bool, vars *[]string) []piece {
	list := st.pos
	if isAll(p.Index) {
		v, _ := w.lookup(st, p.Param.Value, vars)
		if list = v.list; list == nil {
			list = v.alts
		}
	}
	if p.Length {
		return []piece{{text: name}}
	}
	if p.Slice != nil && quoted {
		list = slices.Clone(list) // any of them, which is all of them at most
	}
	if p.Exp != nil || p.Repl != nil {
		var out []Word
		for _, a := range list {
			if p.Repl != nil {
				out = append(out, w.replace(st, p.Repl, a))
			} else {
				out = append(out, w.expansion(st, p, []Word{a}, true, vars)...)
			}
		}
		if len(list) == 0 && p.Exp != nil {
			out = w.expansion(st, p, []Word{""}, false, vars)
		}
		list = out
	}
	if p.Param.Value == "*" && quoted {
		joined := make([]string, len(list))
		for i, x := range list {
			joined[i] = string(x)
		}
		return []piece{{text: Word(strings.Join(joined, " "))}}
	}
	return []piece{{list: list, isList: true}}
}

func (w *walker) indirect(st *state, v value, vars *[]string) []piece {
	var out []piece
	for _, n := range v.alts {
		if !n.Known() || !syntax.ValidName(string(n)) {
			return []piece{{text: unknown}}
		}
		to, _ := w.lookup(st, string(n), vars)
		for _, a := range to.alts {
			out = append(out, piece{text: a})
		}
	}
	return out
}

// expansion does ${x:-y}, ${x%y} and the like.
func (w *walker) expansion(st *state, p *syntax.ParamExp, alts []Word, known bool, vars *[]string) []Word {
	arg := func() []Word { return w.texts(st, p.Exp.Word, asText, vars) }
	switch p.Exp.Op {
	case syntax.DefaultUnset, syntax.DefaultUnsetOrNull, syntax.AssignUnset, syntax.AssignUnsetOrNull:
		def := arg()
		if known && !slices.Contains(alts, "") {
			return alts
		}
		if known {
			def = append(slices.Clone(alts), def...)
		}
		if p.Exp.Op == syntax.AssignUnset || p.Exp.Op == syntax.AssignUnsetOrNull {
			st.set(p.Param.Value, def...)
		}
		return def
	case syntax.AlternateUnset, syntax.AlternateUnsetOrNull:
		return append([]Word{""}, arg()...)
	case syntax.ErrorUnset, syntax.ErrorUnsetOrNull:
		arg()
		return alts
	}
	pattern := arg()
	var out []Word
	for _, a := range alts {
		for _, pat := range pattern {
			out = append(out, trim(p.Exp.Op, a, pat))
		}
	}
	return out
}

// trim does what it can on what is known, and says so where it can't.
func trim(op syntax.ParExpOperator, a, pat Word) Word {
	s, known := string(a), a.Known()
	switch op {
	case syntax.UpperAll, syntax.UpperFirst, syntax.LowerAll, syntax.LowerFirst:
		switch {
		case !known || pat != "" && pat != "?" || s == "":
			return unknown
		case op == syntax.UpperAll:
			return Word(strings.ToUpper(s))
		case op == syntax.LowerAll:
			return Word(strings.ToLower(s))
		case op == syntax.UpperFirst:
			return Word(strings.ToUpper(s[:1]) + s[1:])
		}
		return Word(strings.ToLower(s[:1]) + s[1:])
	case syntax.RemLargePrefix:
		if pat == "*/" {
			return a.Base()
		}
	case syntax.RemSmallSuffix:
		if pat == "/*" {
			return a.Dirname()
		}
	}
	suffix := op == syntax.RemSmallSuffix || op == syntax.RemLargeSuffix
	prefix := op == syntax.RemSmallPrefix || op == syntax.RemLargePrefix
	if !suffix && !prefix {
		return unknown
	}
	if !pat.Known() || strings.ContainsAny(string(pat), "*?[") {
		return cutGlob(op, a, string(pat))
	}
	if suffix && strings.HasSuffix(s, string(pat)) {
		return Word(strings.TrimSuffix(s, string(pat)))
	}
	if prefix && strings.HasPrefix(s, string(pat)) {
		return Word(strings.TrimPrefix(s, string(pat)))
	}
	if known {
		return a
	}
	return unknown
}

// cutGlob handles the patterns of everyday: *x and x*.
func cutGlob(op syntax.ParExpOperator, a Word, pat string) Word {
	s := string(a)
	inner := strings.Trim(pat, "*")
	if !a.Known() || strings.ContainsAny(inner, "*?["+marks) || inner == "" {
		return unknown
	}
	i := strings.Index(s, inner)
	if op == syntax.RemLargePrefix || op == syntax.RemSmallSuffix {
		i = strings.LastIndex(s, inner)
	}
	suffix := op == syntax.RemSmallSuffix || op == syntax.RemLargeSuffix
	switch {
	case i < 0:
		return a
	case suffix && strings.HasSuffix(pat, "*") && !strings.HasPrefix(pat, "*"):
		return Word(s[:i])
	case !suffix && strings.HasPrefix(pat, "*") && !strings.HasSuffix(pat, "*"):
		return Word(s[i+len(inner):])
	}
	return unknown
}

func (w *walker) replace(st *state, r *syntax.Replace, a Word) Word {
	if r.Orig == nil {
		return unknown
	}
	from, to := w.single(st, r.Orig, nil), Word("")
	if r.With != nil {
		to = w.single(st, r.With, nil)
	}
	if !a.Known() || !from.Known() || !to.Known() || from == "" || strings.ContainsAny(string(from), "*?[#%") {
		return unknown
	}
	n := 1
	if r.All {
		n = -1
	}
	return Word(strings.Replace(string(a), string(from), string(to), n))
}

func slice(x *syntax.Slice, a Word) Word {
	num := func(e syntax.ArithmExpr, def int) (int, bool) {
		if e == nil {
			return def, true
		}
		word, ok := e.(*syntax.Word)
		if !ok {
			return 0, false
		}
		n, err := strconv.Atoi(word.Lit())
		return n, err == nil
	}
	from, ok1 := num(x.Offset, 0)
	length, ok2 := num(x.Length, len(a))
	if !ok1 || !ok2 || !a.Known() || from < 0 || length < 0 || from > len(a) {
		return unknown
	}
	return a[from:min(len(a), from+length)]
}

// sliced walks what a slice's bounds substitute.
func (w *walker) sliced(st *state, s *syntax.Slice) {
	for _, x := range []syntax.ArithmExpr{s.Offset, s.Length} {
		if x != nil {
			w.inside(st, x)
		}
	}
}

// assign returns what an assignment sets.
func (w *walker) assign(st *state, a *syntax.Assign, vars *[]string) value {
	v := value{own: true}
	old := st.vars[a.Name.Value]
	if a.Array != nil {
		v.list = []Word{}
		if a.Append {
			v.list = append(v.list, old.list...)
		}
		for _, e := range a.Array.Elems {
			if e.Index != nil {
				w.inside(st, e.Index)
			}
			if e.Value == nil {
				continue
			}
			for _, way := range w.fields(st, e.Value, vars) {
				v.list = append(v.list, way...)
			}
		}
		if len(v.list) > maxBraces {
			v.list = []Word{unknown}
		}
		return v
	}
	if a.Index != nil {
		w.inside(st, a.Index)
	}
	v.alts = w.texts(st, a.Value, asText, vars)
	switch {
	case a.Index != nil:
		v.list, v.alts = append(slices.Clone(old.list), v.alts...), nil
	case a.Append && len(old.list) == 0 && len(old.alts) > 0:
		var out []Word
		for _, o := range old.alts {
			for _, n := range v.alts {
				out = append(out, o+n)
			}
		}
		v.alts = out
	case a.Append:
		v.alts = []Word{unknown}
	}
	if len(v.alts) > maxAlts {
		v.alts = []Word{unknown}
	}
	return v
}
