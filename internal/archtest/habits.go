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
	support := supports(p.dir, r)
	for _, f := range p.files {
		helpers := testParams(f)
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				found = append(found, f.finding(ruleInit, fn, p.dir, "init runs before anybody asked: call it from where it is needed"))
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				found = append(found, judgeSelector(p, f, n, r, support)...)
			case *ast.CallExpr:
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && skips(sel, helpers) {
					found = append(found, f.finding(ruleSkip, n, p.dir, "a test that may skip proves nothing: make what it needs, or fail"))
				}
			case *ast.AssignStmt:
				if discards(n) && !f.comments[f.line(n)] && !f.comments[f.line(n)-1] {
					found = append(found, f.finding(ruleDiscard, n, p.dir, "result thrown away: handle the error, or say in a comment why not"))
				}
			}
			return true
		})
	}
	return found
}

// judgeSelector judges a use of the clock or of a root context.
func judgeSelector(p *pkg, f *source, n *ast.SelectorExpr, r Rules, support bool) []Finding {
	importPath, name, ok := f.selected(n)
	if !ok {
		return nil
	}
	switch importPath + "." + name {
	case "time.Sleep":
		if !f.test {
			return []Finding{f.finding(ruleSleep, n, p.dir, "time.Sleep: wait for what you are waiting for")}
		}
	case "context.Background", "context.TODO":
		if !f.test && !support && !matchesAny(r.Roots, p.dir) {
			return []Finding{f.finding(ruleContext, n, p.dir,
				"context.%s: take the caller's context (or context.WithoutCancel of it)", name)}
		}
	case "testing.Short":
		return []Finding{f.finding(ruleSkip, n, p.dir, "testing.Short is a skip by another name: make the test fast")}
	}
	return nil
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
