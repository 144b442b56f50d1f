package shell

import (
	"slices"

	"mvdan.cc/sh/v3/syntax"
)

// stmts walks statements one after the other, st being what is known, before and
// after; it returns what they write.
func (w *walker) stmts(st *state, list []*syntax.Stmt, in Flow) Flow {
	var out Flow
	for _, s := range list {
		out = out.then(w.stmt(st, s, in))
	}
	return out
}

func (w *walker) stmt(st *state, s *syntax.Stmt, in Flow) Flow {
	succ, fail, out := w.ways(st, s, in)
	if call, ok := s.Cmd.(*syntax.CallExpr); ok && len(s.Redirs) == 0 && len(call.Args) > 0 && call.Args[0].Lit() == "cd" {
		fail = nil // a cd that stands alone is taken to work
	}
	if after := merge(succ, fail); after != nil {
		st.become(after)
	}
	return out
}

// ways walks a statement and returns what is known after it if it succeeds, and
// if it fails; nil for what does not happen.
func (w *walker) ways(st *state, s *syntax.Stmt, in Flow) (succ, fail *state, out Flow) {
	if !w.step() {
		return st, st, Flow{}
	}
	r := w.redirects(st, s.Redirs, in)
	if s.Background || s.Coprocess {
		w.piped++
		_, _, out = w.command(st.clone(), s.Cmd, r.in)
		w.piped--
		succ, fail = st, st
	} else {
		succ, fail, out = w.command(st, s.Cmd, r.in)
	}
	if s.Negated {
		succ, fail = fail, succ
	}
	return succ, fail, w.redirected(r, out)
}

func (w *walker) command(st *state, c syntax.Command, in Flow) (succ, fail *state, out Flow) {
	switch c := c.(type) {
	case nil:
		out = text("")
	case *syntax.CallExpr:
		return w.call(st, c, in)
	case *syntax.BinaryCmd:
		return w.binary(st, c, in)
	case *syntax.Block:
		out = w.stmts(st, c.Stmts, in)
	case *syntax.Subshell:
		out = w.stmts(st.clone(), c.Stmts, in)
	case *syntax.IfClause:
		st2, o := w.ifs(st, c, in)
		return st2, st2, o
	case *syntax.WhileClause:
		return w.loop(st, func(st *state) Flow {
			w.stmts(st, c.Cond, in)
			return w.stmts(st, c.Do, in)
		})
	case *syntax.ForClause:
		return w.forClause(st, c, in)
	case *syntax.CaseClause:
		return w.caseClause(st, c, in)
	case *syntax.FuncDecl:
		w.define(c)
	case *syntax.DeclClause:
		w.declare(st, c)
	case *syntax.TimeClause:
		if c.Stmt != nil {
			return w.ways(st, c.Stmt, in)
		}
	case *syntax.CoprocClause:
		w.stmt(st.clone(), c.Stmt, in)
	case *syntax.TestClause, *syntax.ArithmCmd, *syntax.LetClause:
		w.inside(st, c)
	default:
		w.note(Unparsable, "a construct that is not known")
	}
	return st, st, out
}

func (w *walker) define(c *syntax.FuncDecl) {
	if c.Name != nil {
		w.funcs = append(w.funcs, &function{name: c.Name.Value, body: c.Body})
	}
}

// inside walks what a test or a calculation substitutes.
func (w *walker) inside(st *state, n syntax.Node) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			w.stmts(st.clone(), n.Stmts, Flow{})
			return false
		case *syntax.ProcSubst:
			w.stmts(st.clone(), n.Stmts, Flow{})
			return false
		}
		return true
	})
}

func (w *walker) binary(st *state, c *syntax.BinaryCmd, in Flow) (succ, fail *state, out Flow) {
	switch c.Op {
	case syntax.AndStmt:
		s1, f1, o1 := w.ways(st, c.X, in)
		if s1 == nil {
			return nil, f1, o1
		}
		s2, f2, o2 := w.ways(s1.clone(), c.Y, in)
		return s2, merge(f1, f2), o1.then(o2)
	case syntax.OrStmt:
		s1, f1, o1 := w.ways(st, c.X, in)
		if f1 == nil {
			return s1, nil, o1
		}
		s2, f2, o2 := w.ways(f1.clone(), c.Y, in)
		return merge(s1, s2), f2, o1.then(o2)
	}
	w.piped++
	to := w.to
	w.to = plain(c.Y)
	_, _, o1 := w.ways(st.clone(), c.X, in)
	w.to = to
	o1.Some = true
	_, _, out = w.ways(st.clone(), c.Y, o1)
	w.piped--
	return st, st, out
}

// plain are the words of a simple command, those that are literal.
func plain(s *syntax.Stmt) []Word {
	call, ok := s.Cmd.(*syntax.CallExpr)
	if !ok {
		return nil
	}
	out := make([]Word, 0, len(call.Args))
	for _, a := range call.Args {
		if len(a.Parts) == 1 {
			switch p := a.Parts[0].(type) {
			case *syntax.SglQuoted:
				out = append(out, Word(p.Value))
				continue
			case *syntax.DblQuoted:
				if len(p.Parts) == 1 {
					if l, ok := p.Parts[0].(*syntax.Lit); ok {
						out = append(out, Word(l.Value))
						continue
					}
				}
			}
		}
		if lit := a.Lit(); lit != "" {
			out = append(out, Word(lit))
		} else {
			out = append(out, unknown)
		}
	}
	return out
}

func (w *walker) ifs(st *state, c *syntax.IfClause, in Flow) (*state, Flow) {
	if len(c.Cond) == 0 { // else
		out := w.stmts(st, c.Then, in)
		return st, out
	}
	w.stmts(st, c.Cond[:len(c.Cond)-1], in)
	yes, no, o := w.ways(st, c.Cond[len(c.Cond)-1], in)
	if yes != nil {
		yes = yes.clone()
		o = o.then(w.stmts(yes, c.Then, in))
	}
	if no == nil {
		return yes, o
	}
	no = no.clone()
	if c.Else != nil {
		var o2 Flow
		no, o2 = w.ifs(no, c.Else, in)
		o = o.then(o2)
		o.Known = false
	}
	return merge(yes, no), o
}

// loop walks a body once, and again if what it left could matter to its next turn.
func (w *walker) loop(st *state, body func(*state) Flow) (succ, fail *state, out Flow) {
	once := st.clone()
	out = body(once)
	after := merge(st, once)
	if !once.same(st) {
		again := after.clone()
		out = out.then(body(again))
		after = merge(after, again)
	}
	out.Known = false
	return after, after, out
}

func (w *walker) forClause(st *state, c *syntax.ForClause, in Flow) (succ, fail *state, out Flow) {
	iter, ok := c.Loop.(*syntax.WordIter)
	if !ok {
		w.inside(st, c.Loop)
		return w.loop(st, func(st *state) Flow { return w.stmts(st, c.Do, in) })
	}
	items := st.pos
	if iter.InPos.IsValid() {
		items = nil
		for _, word := range iter.Items {
			for _, alt := range w.fields(st, word, nil) {
				items = append(items, alt...)
			}
		}
	}
	items = slices.Clone(items)
	slices.Sort(items)
	items = slices.Compact(items)
	after := st
	for chunk := range slices.Chunk(items, maxAlts) {
		s, _, o := w.loop(after, func(st *state) Flow {
			st.vars[iter.Name.Value] = value{alts: chunk, own: true}
			return w.stmts(st, c.Do, in)
		})
		after, out = s, out.then(o)
	}
	out.Known = false
	return after, after, out
}

func (w *walker) caseClause(st *state, c *syntax.CaseClause, in Flow) (succ, fail *state, out Flow) {
	w.fields(st, c.Word, nil)
	after := st
	for _, item := range c.Items {
		way := st.clone()
		for _, p := range item.Patterns {
			w.fields(way, p, nil)
		}
		out = out.then(w.stmts(way, item.Stmts, in))
		after = merge(after, way)
	}
	out.Known = false
	return after, after, out
}

// declare walks export, local, declare, readonly.
func (w *walker) declare(st *state, c *syntax.DeclClause) {
	args := []Word{Word(c.Variant.Value)}
	var vars []string
	for _, a := range c.Args {
		switch {
		case a.Naked && a.Name == nil && a.Value != nil:
			for _, alt := range w.fields(st, a.Value, &vars) {
				args = append(args, alt...)
			}
		case a.Name != nil:
			v := w.assign(st, a, &vars)
			if !a.Naked {
				st.vars[a.Name.Value] = v
				args = append(args, Word(a.Name.Value)+"="+first(v))
			} else {
				args = append(args, Word(a.Name.Value))
			}
		}
	}
	w.emit(st, args, nil, Flow{}, vars)
}

func first(v value) Word {
	if len(v.alts) == 1 {
		return v.alts[0]
	}
	return unknown
}
