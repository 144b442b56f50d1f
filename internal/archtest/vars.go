package archtest

import (
	"go/ast"
	"go/token"
	"strings"
)

// tableMakers are the calls that make a value which is fixed for good.
var tableMakers = map[string]bool{
	"errors.New": true, "fmt.Errorf": true, // sentinels
	"regexp.MustCompile": true, "strings.NewReplacer": true, // compiled tables
	"text/template.Must": true, "html/template.Must": true,
	"reflect.TypeFor": true, "reflect.TypeOf": true,
	"math/big.NewInt": true, "time.Date": true,
}

// checkVars allows package variables that never change: sentinels, embeds,
// tables and interface assertions. State belongs to a value that somebody owns.
// Tests, and packages that exist for them, may keep flags (-update) and fixtures.
func checkVars(p *pkg, r Rules) []Finding {
	if supports(p.dir, r) {
		return nil
	}
	var found []Finding
	for _, f := range p.files {
		if f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				spec, ok := s.(*ast.ValueSpec)
				if !ok || embedded(g.Doc) || embedded(spec.Doc) || fixed(p, f, spec) {
					continue
				}
				for _, name := range spec.Names {
					where := p.dir + "." + name.Name
					found = append(found, f.finding(ruleVar, name, where,
						"package variable %s is no sentinel, embed or table: give it an owner", where))
				}
			}
		}
	}
	return found
}

func embedded(doc *ast.CommentGroup) bool {
	if doc == nil {
		return false
	}
	for _, c := range doc.List {
		if strings.HasPrefix(c.Text, "//go:embed ") {
			return true
		}
	}
	return false
}

// fixed says whether all names of the declaration get values that are tables or
// sentinels, are blank (var _ I = T{}), or are what the linker sets.
func fixed(p *pkg, f *source, spec *ast.ValueSpec) bool {
	if f.ast.Name.Name == "main" && len(spec.Names) == 1 && spec.Names[0].Name == "version" {
		return true // stamped by the linker: -ldflags "-X main.version=…"
	}
	blank := true
	for _, n := range spec.Names {
		blank = blank && n.Name == "_"
	}
	if blank {
		return true
	}
	for _, v := range spec.Values {
		if !table(p, f, v) {
			return false
		}
	}
	return len(spec.Values) > 0
}

func table(p *pkg, f *source, e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.SelectorExpr: // another package's sentinel, passed on
		_, name, ok := f.selected(e)
		return ok && strings.HasPrefix(name, "Err")
	case *ast.UnaryExpr: // a pointer, where a table is one
		lit, ok := e.X.(*ast.CompositeLit)
		if !ok {
			return false
		}
		path, name, _ := f.selected(lit.Type)
		return path == "unicode" && name == "RangeTable"
	case *ast.CompositeLit:
		if _, ok := e.Type.(*ast.MapType); ok && len(e.Elts) == 0 {
			return false // an empty map is there to be filled
		}
		path, _, _ := f.selected(e.Type)
		return path != "sync" && path != "sync/atomic"
	case *ast.CallExpr:
		fun := e.Fun
		if ix, ok := fun.(*ast.IndexExpr); ok {
			fun = ix.X // a generic call: reflect.TypeFor[T]()
		}
		if path, name, ok := f.selected(fun); ok {
			return tableMakers[path+"."+name]
		}
		if id, ok := fun.(*ast.Ident); ok {
			return makesTable(p, id.Name)
		}
		_, slice := fun.(*ast.ArrayType) // a conversion: []byte("…")
		return slice
	}
	return false
}

// makesTable says whether the package's own function of that name returns just a
// map, slice or array: a table that is easier computed than written down.
func makesTable(p *pkg, name string) bool {
	for _, f := range p.files {
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || fn.Name.Name != name || fn.Type.Results.NumFields() != 1 {
				continue
			}
			switch fn.Type.Results.List[0].Type.(type) {
			case *ast.MapType, *ast.ArrayType:
				return true
			}
		}
	}
	return false
}
