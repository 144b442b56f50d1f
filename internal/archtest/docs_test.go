package archtest

import (
	"go/ast"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	link   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	symbol = regexp.MustCompile("`([a-z]+)\\.([A-Z]\\w*)`")
)

// TestDocsLinks follows every relative link of the documents.
func TestDocsLinks(t *testing.T) {
	tree := os.DirFS(root)
	for _, name := range documents(t, tree) {
		for _, m := range link.FindAllStringSubmatch(readText(t, tree, name), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, ":") {
				continue // elsewhere
			}
			if target == "" {
				target = path.Base(name)
			}
			file := path.Join(path.Dir(name), target)
			if _, err := fs.Stat(tree, file); err != nil {
				t.Errorf("%s: link to %s, which is not there", name, m[1])
				continue
			}
			if anchor != "" && !anchors(readText(t, tree, file))[anchor] {
				t.Errorf("%s: link to %s, but %s has no such heading", name, m[1], file)
			}
		}
	}
}

// TestDocsNameEachPackage: who adds a package says in ARCHITECTURE.md what it is.
func TestDocsNameEachPackage(t *testing.T) {
	tree := os.DirFS(root)
	pkgs, _, err := load(tree)
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(readText(t, tree, "docs/ARCHITECTURE.md"), "\n## 12. Packages\n")
	_, list, _ = strings.Cut(list, "\n```\n")
	list, _, _ = strings.Cut(list, "\n```\n")
	named := map[string]bool{} // each line begins with a package, or with several: a · b
	for line := range strings.Lines(list) {
		words := strings.Fields(line)
		for i, w := range words {
			if i == 0 || words[i-1] == "·" {
				named[w] = true
			}
		}
	}
	for _, p := range pkgs {
		if !named[strings.TrimPrefix(p.dir, "internal/")] {
			t.Errorf("docs/ARCHITECTURE.md, section Packages, does not name %s", p.dir)
		}
	}
}

// TestDocsNameWhatExists holds `pkg.Name` in the documents to the code. A package
// that is not there yet may be spoken of.
func TestDocsNameWhatExists(t *testing.T) {
	tree := os.DirFS(root)
	pkgs, _, err := load(tree)
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]map[string]bool{}
	for _, p := range pkgs {
		for _, f := range p.files {
			if f.test {
				continue
			}
			if declared[f.ast.Name.Name] == nil {
				declared[f.ast.Name.Name] = map[string]bool{}
			}
			for _, name := range declares(f.ast) {
				declared[f.ast.Name.Name][name] = true
			}
		}
	}
	for _, name := range []string{"docs/NOMENCLATURE.md", "docs/ARCHITECTURE.md", "docs/exit-codes.md", "CONTRIBUTING.md", "README.md"} {
		for _, m := range symbol.FindAllStringSubmatch(readText(t, tree, name), -1) {
			if known := declared[m[1]]; known != nil && !known[m[2]] {
				t.Errorf("%s: %s.%s is not in the code", name, m[1], m[2])
			}
		}
	}
}

func declares(f *ast.File) []string {
	var names []string
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names
}

// documents are the Markdown files that are ours; docs/spec is quoted.
func documents(t *testing.T, tree fs.FS) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md"} {
		found, err := fs.Glob(tree, pattern)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	if len(names) < 5 {
		t.Fatalf("only %d documents: %v", len(names), names)
	}
	return names
}

func readText(t *testing.T, tree fs.FS, name string) string {
	t.Helper()
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// anchors are the headings' names in links, as GitHub makes them.
func anchors(text string) map[string]bool {
	drop := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	found := map[string]bool{}
	for line := range strings.Lines(text) {
		if head := strings.TrimLeft(line, "#"); head != line {
			head = drop.ReplaceAllString(strings.ToLower(strings.TrimSpace(head)), "")
			found[strings.ReplaceAll(head, " ", "-")] = true
		}
	}
	return found
}
