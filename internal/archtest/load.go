package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// A source is one parsed Go file.
type source struct {
	path     string // relative to the root of the tree
	test     bool   // named _test.go
	lines    int
	fset     *token.FileSet
	ast      *ast.File
	imports  map[string]string // the name it has in this file → import path
	comments map[int]bool      // lines on which a comment stands
}

// A pkg is the Go files of one directory, tests and external tests included.
type pkg struct {
	dir   string // relative to the root of the tree: "internal/core/event"
	files []*source
}

func (s *source) line(n ast.Node) int { return s.fset.Position(n.Pos()).Line }

// span is the number of lines that a node covers.
func (s *source) span(n ast.Node) int { return s.fset.Position(n.End()).Line - s.line(n) + 1 }

func (s *source) finding(rule string, n ast.Node, where, format string, args ...any) Finding {
	return Finding{Rule: rule, File: s.path, Line: s.line(n), Where: where, Text: fmt.Sprintf(format, args...)}
}

// selected resolves an expression like time.Now to the import path and the name,
// whatever the file calls the package. A local variable that shadows the import
// is taken for it: a false alarm is a reason to rename the variable.
func (s *source) selected(e ast.Expr) (importPath, name string, ok bool) {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return "", "", false
	}
	id, ok := sel.X.(*ast.Ident)
	if !ok {
		return "", "", false
	}
	importPath, ok = s.imports[id.Name]
	return importPath, sel.Sel.Name, ok
}

// load parses every Go file of the tree. What the go command ignores is ignored
// here: testdata, vendor and names that begin with a dot or an underscore. A
// file that does not parse is a finding, the others are judged all the same.
func load(fsys fs.FS) ([]*pkg, []Finding, error) {
	var pkgs []*pkg
	var found []Finding
	byDir := map[string]*pkg{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("walk %s: %w", name, err)
		}
		if d.IsDir() {
			if ignored(name) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || ignored(path.Base(name)) {
			return nil
		}
		src, err := parse(fsys, name)
		if err != nil {
			found = append(found, Finding{Rule: ruleParse, File: name, Where: name, Text: err.Error()})
			return nil //nolint:nilerr // it is reported as a finding; the other files are judged all the same
		}
		dir := path.Dir(name)
		if byDir[dir] == nil {
			byDir[dir] = &pkg{dir: dir}
			pkgs = append(pkgs, byDir[dir])
		}
		byDir[dir].files = append(byDir[dir].files, src)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read the source tree: %w", err)
	}
	return pkgs, found, nil
}

func ignored(name string) bool {
	base := path.Base(name)
	return name != "." && (base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_"))
}

func parse(fsys fs.FS, name string) (*source, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	s := &source{
		path: name, test: strings.HasSuffix(name, "_test.go"),
		lines: bytes.Count(text, []byte("\n")), fset: token.NewFileSet(),
		imports: map[string]string{}, comments: map[int]bool{},
	}
	s.ast, err = parser.ParseFile(s.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("not Go: %w", err)
	}
	for _, im := range s.ast.Imports {
		p, err := strconv.Unquote(im.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("import %s: %w", im.Path.Value, err)
		}
		local := path.Base(p)
		if im.Name != nil {
			local = im.Name.Name
		}
		s.imports[local] = p
	}
	for _, group := range s.ast.Comments {
		for l := s.line(group); l <= s.fset.Position(group.End()).Line; l++ {
			s.comments[l] = true
		}
	}
	return s, nil
}
