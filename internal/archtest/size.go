package archtest

import (
	"fmt"
	"go/ast"
)

// checkSizes holds files, functions, packages and interfaces to their gates.
func checkSizes(p *pkg, r Rules) []Finding {
	var found []Finding
	total := 0
	for _, f := range p.files {
		gate, funcGate := r.Gates.File, r.Gates.Func
		if f.test {
			gate, funcGate = r.Gates.TestFile, r.Gates.TestFunc
		} else {
			total += f.lines
		}
		if f.lines > gate {
			found = append(found, Finding{Rule: ruleFile, File: f.path, Where: f.path,
				Text: fmt.Sprintf("%d lines, the gate is %d", f.lines, gate)})
		}
		found = append(found, checkFuncs(p, f, funcGate)...)
		found = append(found, checkInterfaces(p, f, r.Gates.Methods)...)
	}
	if total > r.Gates.Package {
		found = append(found, Finding{Rule: rulePackage, File: p.dir, Where: p.dir,
			Text: fmt.Sprintf("%d lines besides tests, the gate is %d", total, r.Gates.Package)})
	}
	return found
}

func checkFuncs(p *pkg, f *source, gate int) []Finding {
	var found []Finding
	report := func(n ast.Node, where string) {
		if lines := f.span(n); lines > gate {
			found = append(found, f.finding(ruleFunc, n, where, "%s has %d lines, the gate is %d", where, lines, gate))
		}
	}
	for _, d := range f.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			report(d, p.dir+"."+funcName(d))
		case *ast.GenDecl: // a function in a package-level table counts as well
			ast.Inspect(d, func(n ast.Node) bool {
				if lit, ok := n.(*ast.FuncLit); ok {
					report(lit, p.dir+".func")
					return false
				}
				return true
			})
		}
	}
	return found
}

// funcName is Func or Type.Method.
func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name + "." + d.Name.Name
		default:
			return d.Name.Name
		}
	}
}

// checkInterfaces counts methods, those of embedded interfaces of the same
// package included. An anonymous interface is held to the same gate.
func checkInterfaces(p *pkg, f *source, gate int) []Finding {
	var found []Finding
	named := map[*ast.InterfaceType]string{}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			if it, ok := n.Type.(*ast.InterfaceType); ok {
				named[it] = n.Name.Name
			}
		case *ast.InterfaceType:
			name := named[n]
			if name == "" {
				name = "interface"
			}
			if c := methods(p, f, n, 0); c > gate {
				where := p.dir + "." + name
				found = append(found, f.finding(ruleInterface, n, where,
					"%s has %d methods, the gate is %d: declare what a consumer needs, beside the consumer", where, c, gate))
			}
		}
		return true
	})
	return found
}

// stdMethods is how many methods the interfaces have that are commonly embedded.
var stdMethods = map[string]int{
	"io.ReadWriter": 2, "io.ReadCloser": 2, "io.WriteCloser": 2, "io.ReadWriteCloser": 3,
	"io.ReadSeeker": 2, "io.ReadSeekCloser": 3, "net.Conn": 8, "fs.File": 3,
}

func methods(p *pkg, f *source, it *ast.InterfaceType, depth int) int {
	count := 0
	for _, m := range it.Methods.List {
		switch t := m.Type.(type) {
		case *ast.FuncType:
			count += len(m.Names)
		case *ast.Ident:
			if embedded := lookup(p, t.Name); embedded != nil && depth < 10 {
				count += methods(p, f, embedded, depth+1)
			} else if t.Name == "error" {
				count++
			}
		case *ast.SelectorExpr:
			if path, name, ok := f.selected(t); ok {
				count += max(1, stdMethods[path+"."+name])
			}
		}
	}
	return count
}

func lookup(p *pkg, name string) *ast.InterfaceType {
	for _, f := range p.files {
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				if ts, ok := s.(*ast.TypeSpec); ok && ts.Name.Name == name {
					it, _ := ts.Type.(*ast.InterfaceType) // not an interface: nil, and no methods to add
					return it
				}
			}
		}
	}
	return nil
}
