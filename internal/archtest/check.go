package archtest

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// A Finding is one broken rule at one place.
type Finding struct {
	Rule  string // which rule: one of RuleNames
	File  string // slash-separated, relative to the root of the tree
	Line  int    // 1-based; 0 when the whole file or directory is meant
	Where string // what an Exception names: a package, "package.Func" or "package.Type.Method"
	Text  string // what is wrong, and what would be right
}

// String formats the finding as editors and terminals understand it.
func (f Finding) String() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s: %s", f.File, f.Rule, f.Text)
	}
	return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Rule, f.Text)
}

// The rules' names, as findings and exceptions use them.
const (
	ruleParse     = "parse"     // the file is not Go
	ruleNoRule    = "no-rule"   // a package without an entry in Packages
	ruleImport    = "import"    // an import of popkit that the package's entry does not allow
	ruleLibrary   = "library"   // a third-party import outside the packages that exist for it
	rulePurity    = "purity"    // core touching the world
	ruleFile      = "file-size" // a file over the gate
	ruleFunc      = "func-size" // a function over the gate
	rulePackage   = "package-size"
	ruleInterface = "interface-size"
	ruleVar       = "package-var" // a package variable that is no sentinel, embed or table
	ruleInit      = "init"
	ruleSleep     = "sleep"
	ruleContext   = "context" // context.Background or TODO outside the places where contexts begin
	ruleDiscard   = "discard" // a thrown-away result without a reason in a comment
	ruleName      = "package-name"
	ruleSkip      = "skip" // a test that can decide not to run
	ruleDoc       = "doc"  // a package without its contract in doc.go
	ruleException = "exception"
)

// RuleNames lists every rule that Check can report.
func RuleNames() []string {
	return []string{
		ruleParse, ruleNoRule, ruleImport, ruleLibrary, rulePurity, ruleFile, ruleFunc, rulePackage,
		ruleInterface, ruleVar, ruleInit, ruleSleep, ruleContext, ruleDiscard, ruleName, ruleSkip,
		ruleDoc, ruleException,
	}
}

// Check judges the Go source tree fsys by the rules. The findings come sorted by
// file and line. The error says that the tree could not be read, in which case
// nothing was judged.
func Check(fsys fs.FS, r Rules) ([]Finding, error) {
	pkgs, found, err := load(fsys)
	if err != nil {
		return nil, err
	}
	for _, p := range pkgs {
		found = append(found, checkImports(p, r)...)
		found = append(found, checkPurity(p, r)...)
		found = append(found, checkSizes(p, r)...)
		found = append(found, checkVars(p, r)...)
		found = append(found, checkHabits(p, r)...)
	}
	found = except(found, r.Exceptions)
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Rule, b.Rule))
	})
	return found, nil
}

// except takes the excepted findings off and adds one for each exception that
// excepts nothing: a list of exceptions only ever grows unless a test prunes it.
func except(found []Finding, exceptions []Exception) []Finding {
	var kept []Finding
	used := make([]bool, len(exceptions))
	for _, f := range found {
		i := slices.IndexFunc(exceptions, func(e Exception) bool { return e.Rule == f.Rule && e.Where == f.Where })
		if i < 0 {
			kept = append(kept, f)
			continue
		}
		used[i] = true
	}
	for i, e := range exceptions {
		f := Finding{Rule: ruleException, File: "internal/archtest/tables.go", Where: e.Where}
		switch {
		case strings.TrimSpace(e.Why) == "":
			f.Text = fmt.Sprintf("the exception of %s from %s gives no reason", e.Where, e.Rule)
		case !used[i]:
			f.Text = fmt.Sprintf("%s needs no exception from %s any more: remove the entry", e.Where, e.Rule)
		default:
			continue
		}
		kept = append(kept, f)
	}
	return kept
}
