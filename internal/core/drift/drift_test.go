package drift

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"popkit/internal/core/event"
)

func at(minutes int) time.Time {
	return time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
}

// look is that of a task with a scope, nine minutes after its agent was seen last.
func look() Look {
	return Look{
		Now: at(9), LastSeen: at(9), Scope: []string{"src/api/**"}, Others: func() []Lease { return []Lease{{Task: "web", Scope: []string{"src/web/**"}}} },
		When: event.Drift{Silent: 5 * time.Minute, NoProgress: 15 * time.Minute, NoProgressCalls: 30, Repeated: 8},
	}
}

func kinds(found []Finding) string {
	var out []string
	for _, f := range found {
		out = append(out, strings.TrimSpace(string(f.Kind)+" "+f.Other))
	}
	return strings.Join(out, ", ")
}

func TestFind(t *testing.T) {
	calls := func(n int, tool, subject string) func(*Track) {
		return func(k *Track) {
			for range n {
				k.Call(tool, subject, "/ws")
			}
		}
	}
	for name, c := range map[string]struct {
		do   func(*Track)
		look func(*Look)
		want string
	}{
		"in scope":                  {do: calls(1, "Edit", "src/api/a.go")},
		"in scope, absolute":        {do: calls(1, "Edit", "/ws/src/api/a.go")},
		"reads anywhere":            {do: calls(1, "Read", "docs/x.md")},
		"outside":                   {do: calls(1, "Write", "docs/x.md"), want: "outside_scope"},
		"outside by a detour":       {do: calls(1, "Write", "src/api/../db.go"), want: "outside_scope"},
		"another's":                 {do: calls(1, "Edit", "src/web/b.ts"), want: "others_task web"},
		"changed on disk":           {do: func(k *Track) { k.Changed([]string{"src/api/a", "src/web/b", "c"}, at(9)) }, want: "others_task web, outside_scope"},
		"out of the workspace":      {do: calls(1, "Write", "/etc/hosts")},
		"popkit's own":              {do: calls(1, "Write", ".claude/popkit/insights.json")},
		"no scope":                  {do: calls(1, "Write", "docs/x.md"), look: func(l *Look) { l.Scope = nil }},
		"no scope, boundaries":      {do: calls(1, "Write", "docs/x.md"), look: func(l *Look) { l.Scope, l.Boundaries = nil, []string{"src/**"} }, want: "outside_scope"},
		"seven times the same":      {do: calls(7, "Bash", "make test")},
		"eight times the same":      {do: calls(8, "Bash", "make test"), want: "repeating"},
		"many edits of a file":      {do: calls(12, "Edit", "src/api/a.go")},
		"nobody knows what":         {do: calls(12, "Bash", "")},
		"many calls":                {do: calls(30, "Bash", ""), want: "no_progress"},
		"a long time":               {do: calls(1, "Bash", ""), look: func(l *Look) { l.Now, l.LastSeen = at(15), at(15) }, want: "no_progress"},
		"a long time, waiting":      {do: calls(1, "Bash", ""), look: func(l *Look) { l.Now, l.LastSeen, l.Waits = at(15), at(5), true }},
		"silent":                    {look: func(l *Look) { l.LastSeen = at(4) }, want: "silent"},
		"silent, and that is off":   {look: func(l *Look) { l.LastSeen = at(4); l.When.Actions = map[string]string{"silent": "off"} }},
		"old runs have no settings": {do: calls(99, "Bash", "x"), look: func(l *Look) { l.When, l.LastSeen = event.Drift{}, at(-999) }},
	} {
		var k Track
		k.Began(at(0))
		if c.do != nil {
			c.do(&k)
		}
		l := look()
		if c.look != nil {
			c.look(&l)
		}
		if got := kinds(k.Find(l)); got != c.want {
			t.Errorf("%s: found %q, want %q", name, got, c.want)
		}
	}
}

func TestOnceAnEpisode(t *testing.T) {
	var k Track
	k.Began(at(0))
	l := look()
	news := func() string {
		found := k.Find(l)
		for _, f := range found {
			k.Tell(f)
		}
		return kinds(found)
	}
	step := func(what, want string) {
		t.Helper()
		if got := news(); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	k.Call("Write", "docs/x.md", "")
	step("outside", "outside_scope")
	k.Call("Write", "docs/y.md", "")
	step("outside once more", "")
	k.Call("Write", "src/web/b", "")
	step("on another's paths", "others_task web")
	l.Scope = append(l.Scope, "docs/**")
	step("the scope is wider, and nothing else is outside", "")
	k.Call("Write", "db/x", "")
	step("outside of the wider scope", "outside_scope")
	for range 9 {
		k.Call("Bash", "make", "")
	}
	step("the same call", "repeating")
	k.Call("Bash", "make", "")
	step("and again", "")
	for i := range Window {
		k.Call("Bash", fmt.Sprint(i), "")
	}
	step("many calls", "no_progress")
	k.Call("Bash", "more", "")
	step("and more", "")
	k.Reached(0.5, at(9))
	step("progress", "")
	k.Reached(0.5, at(9))
	for range 9 {
		k.Call("Bash", "make", "")
	}
	step("the same call, after others", "repeating")
	l.Now = at(20)
	step("silent", "silent")
	l.LastSeen, l.Now = at(21), at(23)
	step("seen", "")
	l.Now = at(30)
	step("silent again, and nothing came of it", "no_progress, silent")
}

// TestBounded: a Track does not grow, and what is found is true of what was done.
func TestBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var k Track
		k.Began(at(0))
		l := look()
		touched := map[string]bool{}
		for i := range rapid.IntRange(1, 300).Draw(t, "calls") {
			file := rapid.SampledFrom([]string{"src/api/%d", "src/web/%d", "docs/%d", "x"}).Draw(t, "where")
			file = strings.ReplaceAll(file, "%d", fmt.Sprint(rapid.IntRange(0, 200).Draw(t, "file")))
			tool := rapid.SampledFrom([]string{"Write", "Read", "Bash"}).Draw(t, "tool")
			k.Call(tool, file, "/ws")
			touched[file] = touched[file] || tool == "Write"
			for _, f := range k.Find(l) {
				for _, p := range f.Paths {
					if !touched[p] || strings.HasPrefix(p, "src/api/") {
						t.Fatalf("call %d: %+v", i, f)
					}
				}
				k.Tell(f)
				if slices.ContainsFunc(k.Find(l), func(g Finding) bool { return g.key() == f.key() }) {
					t.Fatalf("call %d: %s is found twice", i, f.Kind)
				}
			}
			if len(k.calls) > Window || len(k.paths) > maxPaths || len(k.told) > 5 || k.cleared > len(k.paths) {
				t.Fatalf("call %d: %+v", i, k)
			}
		}
	})
}
