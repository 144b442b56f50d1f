package archtest

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// checkPurity keeps core a function of its arguments: of the standard library
// only what the table lists, no clock, no output, no goroutine, no channel. Its
// tests may do what they like.
func checkPurity(p *pkg, r Rules) []Finding {
	if !matchesAny(r.Pure, p.dir) {
		return nil
	}
	var found []Finding
	for _, f := range p.files {
		if f.test {
			continue
		}
		for _, im := range f.ast.Imports {
			path := strings.Trim(im.Path.Value, `"`)
			first, _, _ := strings.Cut(path, "/")
			own := path == r.Module || strings.HasPrefix(path, r.Module+"/")
			if own || strings.Contains(first, ".") || slices.Contains(r.PureStd, path) {
				continue
			}
			found = append(found, f.finding(rulePurity, im, p.dir,
				"core may not import %s: PureStd in internal/archtest/tables.go lists what it may", path))
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if what := impurity(f, n, r); what != "" {
				found = append(found, f.finding(rulePurity, n, p.dir, "%s: core is data in, data out", what))
			}
			return true
		})
	}
	return found
}

// impurity names what makes a node impure, or is empty.
func impurity(f *source, n ast.Node, r Rules) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "go statement"
	case *ast.SelectStmt:
		return "select statement"
	case *ast.ChanType:
		return "channel type"
	case *ast.SendStmt:
		return "channel send"
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			return "channel receive"
		}
	case *ast.CallExpr:
		if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "print" || id.Name == "println") {
			return "builtin " + id.Name
		}
	case *ast.SelectorExpr:
		if path, name, ok := f.selected(n); ok && slices.Contains(r.Impure, path+"."+name) {
			return path + "." + name
		}
	}
	return ""
}
