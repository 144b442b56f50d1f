package objective

import (
	"slices"
	"strings"
	"testing"

	"github.com/bmatcuk/doublestar/v4"
	"pgregory.net/rapid"
)

func TestInScope(t *testing.T) {
	for _, c := range []struct {
		path, glob string
		want       bool
	}{
		{"a.go", "*.go", true},
		{"x/y/a.go", "*.go", true},
		{"x/y/a.go", "x/*.go", false},
		{"x/a.go", "x/*.go", true},
		{"src/api/a.go", "src/api/", true},
		{"src/api/v/a.go", "src/api", true},
		{"src/api", "src/api", true},
		{"src/apix/a.go", "src/api", false},
		{"src/api.go", "src/api", false},
		{"deep/src/api/a.go", "src/api", false},
		{"deep/src/a.go", "src", true},
		{"src/api/a.go", "src/*", false},
		{"src/api/a.go", "src/**", true},
		{"src/a.go", "./src/**", true},
		{"a.go", "./*.go", true},
		{"src/a.go", "./*.go", false},
		{"src/a", "./src", true},
		{"x/src/a", "./src", false},
		{".env", ".env*", true},
		{"a/.env.local", ".env*", true},
		{".env.d/x", ".env*", true},
		{"a/secrets/b/c", "**/secrets/**", true},
		{"secrets/c", "**/secrets/**", true},
		{"mysecrets/c", "**/secrets/**", false},
		{".git/config", ".git", true},
		{"sub/.git/config", ".git", true},
		{".github/x", ".git", false},
		{"a b/ü.go", "a b/*", true},
		{"a/b.ts", "a/*.{js,ts}", true},
		{"a/c", "{a,b/d}/c", true},
		{"b/d/c", "{a,b/d}/c", true},
		{"b/c", "{a,b/d}/c", false},
		{"deep/a", "{a,b/d}", true},
		{"deep/b/d", "{a,b/d}", false},
		{"./src/a", "src/", true},
		{"../src/a", "**", false},
		{"/etc/passwd", "**", false},
		{"src/../etc", "src/**", false},
		{"", "**", false},
		{"anything/at/all", "**", true},
		{"[x]", `\[x\]`, true},
		{"x", "[", false},
	} {
		if got := InScope(c.path, []string{c.glob}); got != c.want {
			t.Errorf("InScope(%q, %q) = %v", c.path, c.glob, got)
		}
	}
	if InScope("a", nil) {
		t.Error("no globs match something")
	}
	if !(Boundaries{}).Allows("a") || (Boundaries{FilePatterns: []string{"b"}}).Allows("a") {
		t.Error("boundaries without patterns allow all, others what they match")
	}
}

func TestScopesOverlap(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"src/api/**", "src/db/**", false},
		{"src/api/**", "src/**", true},
		{"src/**", "*.go", true},
		{"src/*.go", "src/*.ts", false},
		{"src/*.go", "src/a*", true},
		{"src/a*", "src/b*", false},
		{"src/a*b", "src/*c", false},
		{"src/a*b", "src/*b", true},
		{"src/?", "src/ab", false},
		{"src/?", "src/a", true},
		{"src/[a-m]*", "src/[n-z]*", false},
		{"src/[a-m]*", "src/[m-z]*", true},
		{"src/[!a]x", "src/ax", false},
		{"src/[!a]x", "src/bx", true},
		{"{src,lib}/a/", "lib/", true},
		{"{src,lib}/a/", "test/", false},
		{"{a,b}/{c,d}/*", "b/d/x", true},
		{"{a,b}/{c,d}/*", "c/d/x", false},
		{"a/**/z", "a/b/c/**", true},
		{"a/**/z", "b/**", false},
		{"**/x", "y/**", true},
		{"docs", "src/docs/a.md", true},
		{"src", "src/a", true},
		{"src/a", "src/ab", false},
		{"src/api", "src/api/v1/", true},
		{"README.md", "docs/**", true}, // a README.md may be in docs
		{"./README.md", "docs/**", false},
		{"a", "b", true}, // b may be below a
		{"x/a", "x/b", false},
		{"x/é*", "x/e*", false},
		{"**", "x", true},
		{strings.Repeat("{a,b}", 10), "zzz/y", true}, // too many to compare
	} {
		if got := ScopesOverlap([]string{c.a}, []string{c.b}); got != c.want {
			t.Errorf("ScopesOverlap(%q, %q) = %v", c.a, c.b, got)
		}
		if got := ScopesOverlap([]string{"none/such", c.b}, []string{c.a}); got != c.want && !ScopesOverlap([]string{"none/such"}, []string{c.a}) {
			t.Errorf("ScopesOverlap(%q, %q) = %v", c.b, c.a, got)
		}
	}
	if ScopesOverlap(nil, []string{"**"}) || ScopesOverlap([]string{"**"}, nil) {
		t.Error("an empty scope overlaps")
	}
}

func TestWithin(t *testing.T) {
	for _, c := range []struct {
		scope  string
		bounds string
		want   bool
	}{
		{"src/api/**", "src/**", true},
		{"src/api", "src/", true},
		{"src/**", "src/api/**", false},
		{"src/{a,b}/**", "src/a/** src/b/**", true},
		{"src/{a,c}/**", "src/a/** src/b/**", false},
		{"src/[ab]/x", "src/a/* src/b/*", true},
		{"src/[abc]/x", "src/a/* src/b/*", false},
		{"src/*.go", "*.go", true},
		{"*.go", "src/**", false},
		{"**/*.go", "*.go", true},
		{"a/*", "a/?* ", true},
		{"a/*", "a/?", false},
		{"**", "**", true},
		{"**", "* */**", true},
		{"tests/**", "src/** tests/**", true},
		{"x", "", true},
		{"src/main.go", "src/*.go", true},
		{"src/main.go", "*.go", true},
		{"src/main.go", "src/*.ts", false},
		{"docs", "docs/**", false},
		{"docs/", "docs/**", true},
		{"docs", "docs", true},
		{"./README.md", "./README.md", true},
		{"README.md", "./README.md", false},
		{"src/../x", "src/**", true}, // CheckGlob refuses it
	} {
		if got := Within(c.scope, strings.Fields(c.bounds)); got != c.want {
			t.Errorf("Within(%q, %q) = %v", c.scope, c.bounds, got)
		}
	}
}

// globs draws patterns of few letters, so that they often meet.
func globs() *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{"a", "b", "ab", "*", "?", "[ab]", "[!a]", "[^/]", "[a-c]", "{a,b}", "{a,*}", "{a,b/a}", "{,b}", "**", `\*`, `\a`, "é", "{a,{b,c}}", "[]a]", "[a,{]"})
	segment := rapid.Map(rapid.SliceOfN(piece, 1, 3), func(p []string) string { return strings.Join(p, "") })
	segment = rapid.OneOf(segment, segment, rapid.Just("**"))
	return rapid.Map(rapid.SliceOfN(segment, 1, 4), func(s []string) string { return strings.Join(s, "/") }).
		Filter(func(g string) bool { return CheckGlob(g) == nil })
}

func paths() *rapid.Generator[string] {
	segment := rapid.StringOfN(rapid.SampledFrom([]rune("aabc*é]{,")), 1, 3, -1)
	return rapid.Map(rapid.SliceOfN(segment, 1, 4), func(s []string) string { return strings.Join(s, "/") })
}

// TestAutomatonAcceptsWhatDoublestarMatches is what all comparisons stand on.
func TestAutomatonAcceptsWhatDoublestarMatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := globs().Draw(t, "glob")
		alts, ok := normal(g)
		if !ok {
			t.Fatalf("%q can't be expanded", g)
		}
		auto := compile(alts)
		for range 20 {
			p := paths().Draw(t, "path")
			if InScope(p, []string{g}) && !auto.accepts(p) {
				t.Fatalf("%q matches %q, the automaton of %q does not", g, p, alts)
			}
		}
	})
}

// TestExpandIsDoublestars: the alternatives match what the braces match.
func TestExpandIsDoublestars(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := globs().Draw(t, "glob")
		alts, _ := expand(g)
		for range 20 {
			p := paths().Draw(t, "path")
			whole := doublestar.MatchUnvalidated(g, p)
			if any := slices.ContainsFunc(alts, func(a string) bool { return doublestar.MatchUnvalidated(a, p) }); whole && !any {
				t.Fatalf("%q matches %q, none of %q does", g, p, alts)
			}
		}
	})
}

// TestOverlapIsSound: scopes that share a sampled path overlap, in both orders,
// and a scope is not within bounds that miss one of its paths.
func TestOverlapIsSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOfN(globs(), 1, 2).Draw(t, "a")
		b := rapid.SliceOfN(globs(), 1, 2).Draw(t, "b")
		overlap, within := ScopesOverlap(a, b), Within(a[0], b)
		if overlap != ScopesOverlap(b, a) {
			t.Fatalf("%q and %q: the order counts", a, b)
		}
		for range 30 {
			p := paths().Draw(t, "path")
			if InScope(p, a) && InScope(p, b) && !overlap {
				t.Fatalf("%q and %q share %q, but do not overlap", a, b, p)
			}
			if alts, _ := named(a[0]); within && matches(alts, p) && !compile(flat(b)).accepts(p) {
				t.Fatalf("%q is within %q, but %q is not", a[0], b, p)
			}
		}
		if !Within(a[0], a) || !ScopesOverlap(a, a) {
			t.Fatalf("%q is not within itself, or has nothing in common with itself", a)
		}
	})
}

func matches(alts []string, path string) bool {
	return slices.ContainsFunc(alts, func(a string) bool { return doublestar.MatchUnvalidated(a, path) })
}

func flat(list []string) []string {
	var out []string
	for _, g := range list {
		alts, _ := normal(g)
		out = append(out, alts...)
	}
	return out
}

func TestOverlaps(t *testing.T) {
	p := Plan{Phases: []Phase{{Name: "x", Tasks: []Task{
		{ID: "a", Scope: []string{"docs/", "src/**"}},
		{ID: "b", Scope: []string{"src/b/"}},
		{ID: "c", Scope: []string{"src/c/"}},
		{ID: "free", Scope: []string{"src/**"}, Overlap: OverlapAllow},
		{ID: "reads", Scope: []string{"src/**"}, NoCode: true},
		{ID: "none"},
	}}, {Name: "y", Tasks: []Task{{ID: "d", Scope: []string{"src/**"}}}}}}
	got := Overlaps(p)
	want := []Overlap{{"x", "a", "b", "src/**", "src/b/"}, {"x", "a", "c", "src/**", "src/c/"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestNotesExplainNamesWithoutSlash: that api and web overlap surprises.
func TestNotesExplainNamesWithoutSlash(t *testing.T) {
	notes := func(a, b string) string {
		return strings.Join(Notes(Plan{Phases: []Phase{{Name: "x", Tasks: []Task{{ID: "a", Scope: []string{a}}, {ID: "b", Scope: []string{b}}}}}}), "\n")
	}
	if got := notes("api", "web"); !strings.Contains(got, "write ./api and ./web") {
		t.Errorf("notes are %q", got)
	}
	if got := notes("./api", "./web"); got != "" {
		t.Errorf("what was advised has notes: %q", got)
	}
	if got := notes("src/", "src/a.go"); !strings.Contains(got, "overlap") || strings.Contains(got, "./") {
		t.Errorf("notes are %q", got)
	}
}

// TestComparisonsEnd: patterns made to be hard are answered: overlaps always,
// and "within" on the safe side.
func TestComparisonsEnd(t *testing.T) {
	if ScopesOverlap([]string{"x/" + strings.Repeat("*a", 200) + "?b"}, []string{"x/" + strings.Repeat("*b", 200) + "?c"}) {
		t.Error("names that end in b and in c overlap")
	}
	if Within("**/"+strings.Repeat("?", 60), []string{"**/*a" + strings.Repeat("?", 59), "**/*b" + strings.Repeat("?", 59)}) {
		t.Error("a scope that is not within its bounds is")
	}
}

func BenchmarkOverlaps(b *testing.B) {
	var p Plan
	p.Phases = []Phase{{Name: "x"}}
	for i := range 1000 {
		id := string(rune('a'+i%26)) + strings.Repeat("x", i/26)
		p.Phases[0].Tasks = append(p.Phases[0].Tasks, Task{ID: id, Scope: []string{"src/" + id + "/**", "tests/**/" + id + "_*.go"}})
	}
	for b.Loop() {
		Overlaps(p)
	}
}

func (a *automaton) accepts(path string) bool {
	set := a.closure(a.start)
	for _, r := range path {
		set = a.step(set, r)
	}
	return slices.Contains(set, a.accept)
}
