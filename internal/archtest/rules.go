package archtest

import (
	"fmt"
	"slices"
)

// Rules is everything that Check judges by. Directories are relative to the
// root of the tree; one that ends in "/..." means everything below it as well.
type Rules struct {
	Module      string          // the module's path
	Bands       map[Band][]Band // which bands a band's packages may name at all
	Packages    []Package       // one entry for each package, the first that matches counts
	TestSupport []string        // what any package's tests may import besides
	Libraries   []Library       // third-party modules and whom they exist for
	Pure        []string        // packages that must be pure
	PureStd     []string        // the standard library as far as pure packages may import it
	Impure      []string        // names in those packages that are not pure all the same
	Roots       []string        // packages in which contexts begin
	BadNames    []string        // package names that say nothing
	Gates       Gates           // how large things may get
	Exceptions  []Exception     // what may break a rule, by name, and why
}

// A Band is a layer of the program. Imports go downwards only.
type Band string

// A Package is one entry of the import table.
type Package struct {
	Dir   string
	Band  Band
	May   []string // packages of popkit it may import; its own is understood
	Tests []string // what its tests may import besides
}

// A Library is a third-party module (or package path) and the packages that
// exist for it: everybody else asks them.
type Library struct {
	Path  string
	In    []string // may import it
	Tests []string // only their tests may
	Why   string
}

// Gates are the sizes above which something is to be split.
type Gates struct {
	File, TestFile int // lines
	Func, TestFunc int // lines, from "func" to the closing brace
	Package        int // lines, without tests
	Methods        int // of an interface
}

// An Exception lets one thing break one rule. It fails when nothing needs it.
type Exception struct {
	Rule  string
	Where string // as in Finding.Where
	Why   string
}

// Validate says where the import table contradicts the bands: a table is edited
// in a hurry, the bands are the design.
func (r Rules) Validate() []string {
	var wrong []string
	seen := map[string]bool{}
	for _, p := range r.Packages {
		if seen[p.Dir] {
			wrong = append(wrong, p.Dir+" has two entries")
		}
		seen[p.Dir] = true
		if _, known := r.Bands[p.Band]; !known {
			wrong = append(wrong, fmt.Sprintf("%s is in band %q, which does not exist", p.Dir, p.Band))
			continue
		}
		for _, m := range p.May {
			wrong = append(wrong, r.judgeMay(p, m)...)
		}
	}
	for _, l := range r.Libraries {
		if l.Why == "" {
			wrong = append(wrong, l.Path+" gives no reason")
		}
	}
	return wrong
}

// judgeMay holds one permission to the bands, for each package that it means.
func (r Rules) judgeMay(p Package, may string) []string {
	var wrong []string
	means := 0
	for _, e := range r.Packages {
		if !matches(may, e.Dir) {
			continue
		}
		means++
		if !slices.Contains(r.Bands[p.Band], e.Band) && e.Dir != p.Dir {
			wrong = append(wrong, fmt.Sprintf("%s (band %s) may import %s (band %s), which the bands forbid", p.Dir, p.Band, e.Dir, e.Band))
		}
	}
	if means == 0 {
		wrong = append(wrong, fmt.Sprintf("%s may import %s, which has no entry", p.Dir, may))
	}
	return wrong
}
