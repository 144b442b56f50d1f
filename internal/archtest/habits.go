package archtest

import (
	"go/ast"
	"path"
	"slices"
	"strings"
)

// checkHabits is the rest: small things, each of which has cost somebody a week.
func checkHabits(p *pkg, r Rules) []Finding {
	found := checkDoc(p)
	found = append(found, checkName(p, r)...)
	for _, f := range p.files {
		h := habits{p: p, f: f, r: r, support: supports(p.dir, r), helpers: testParams(f), excused: map[int]bool{}}
		for _, d := range f.ast.Decls {
			h.where = p.dir
			if fn, ok := d.(*ast.FuncDecl); ok {
				h.where = p.dir + "." + funcName(fn)
				if h.where == p.dir+".init" {
					h.report(ruleInit, fn, "init runs before anybody asked: call it from where it is needed")
				}
			}
			ast.Inspect(d, h.look)
		}
		found = append(found, h.found...)
	}
	return found
}

// habits walks one file.
type habits struct {
	p       *pkg
	f       *source
	r       Rules
	support bool            // the package exists for tests
	helpers map[string]bool // names of testing.T and the like
	where   string          // the declaration walked
	excused map[int]bool    // lines whose discard has its reason
	found   []Finding
}

func (h *habits) report(rule string, n ast.Node, format string, args ...any) {
	h.found = append(h.found, h.f.finding(rule, n, h.where, format, args...))
}

func (h *habits) look(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		h.selector(n)
	case *ast.CallExpr:
		if sel, ok := n.Fun.(*ast.SelectorExpr); ok && skips(sel, h.helpers) {
			h.report(ruleSkip, n, "a test that may skip proves nothing: make what it needs, or fail")
		}
	case *ast.AssignStmt:
		if !discards(n) {
			break
		}
		// One comment may stand above several of them.
		l := h.f.line(n)
		h.excused[l] = h.f.comments[l] || h.f.comments[l-1] || h.excused[l-1]
		if !h.excused[l] {
			h.report(ruleDiscard, n, "result thrown away: handle the error, or say in a comment why not")
		}
	}
	return true
}

// selector judges a use of the clock or of a root context.
func (h *habits) selector(n *ast.SelectorExpr) {
	importPath, name, ok := h.f.selected(n)
	if !ok {
		return
	}
	switch importPath + "." + name {
	case "time.Sleep":
		if !h.f.test {
			h.report(ruleSleep, n, "time.Sleep: wait for what you are waiting for")
		}
	case "context.Background", "context.TODO":
		if !h.f.test && !h.support && !matchesAny(h.r.Roots, h.p.dir) {
			h.report(ruleContext, n, "context.%s: take the caller's context (or context.WithoutCancel of it)", name)
		}
	case "testing.Short":
		h.report(ruleSkip, n, "testing.Short is a skip by another name: make the test fast")
	}
}

// supports says whether the package exists for tests only.
func supports(dir string, r Rules) bool {
	return slices.ContainsFunc(r.Packages, func(e Package) bool { return e.Band == Tests && matches(e.Dir, dir) })
}

// testParams collects the names under which the file's functions take a
// *testing.T, B, F or a testing.TB.
func testParams(f *source) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if !ok {
			return true
		}
		t := field.Type
		if star, ok := t.(*ast.StarExpr); ok {
			t = star.X
		}
		if importPath, _, ok := f.selected(t); ok && importPath == "testing" {
			for _, name := range field.Names {
				names[name.Name] = true
			}
		}
		return true
	})
	return names
}

func skips(sel *ast.SelectorExpr, helpers map[string]bool) bool {
	id, ok := sel.X.(*ast.Ident)
	return ok && helpers[id.Name] && (sel.Sel.Name == "Skip" || sel.Sel.Name == "Skipf" || sel.Sel.Name == "SkipNow")
}

// discards says whether the statement calls something and keeps nothing.
func discards(a *ast.AssignStmt) bool {
	for _, l := range a.Lhs {
		if id, ok := l.(*ast.Ident); !ok || id.Name != "_" {
			return false
		}
	}
	return slices.ContainsFunc(a.Rhs, func(e ast.Expr) bool { _, call := e.(*ast.CallExpr); return call })
}

// checkDoc wants the contract in doc.go, where everybody looks for it.
func checkDoc(p *pkg) []Finding {
	for _, f := range p.files {
		if path.Base(f.path) != "doc.go" {
			continue
		}
		want := "Package " + f.ast.Name.Name + " "
		if f.ast.Name.Name == "main" {
			want = "Command "
		}
		if !strings.HasPrefix(f.ast.Doc.Text(), want) {
			return []Finding{f.finding(ruleDoc, f.ast.Name, p.dir, "the package comment must begin with %q", want)}
		}
		return nil
	}
	return []Finding{{Rule: ruleDoc, File: p.dir, Where: p.dir, Text: "no doc.go: a package begins with its contract"}}
}

func checkName(p *pkg, r Rules) []Finding {
	for _, f := range p.files {
		name := strings.TrimSuffix(f.ast.Name.Name, "_test")
		if slices.Contains(r.BadNames, name) || slices.Contains(r.BadNames, path.Base(p.dir)) {
			return []Finding{f.finding(ruleName, f.ast.Name, p.dir, "package %s: name it for what it is about", name)}
		}
	}
	return nil
}
