package insight

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"popkit/internal/core/event"
)

var (
	someTags   = []string{"auth", "model", "frontend", "tester", "login"}
	someKinds  = []string{event.InsightDiscovery, event.InsightBlocker, event.InsightQuestion, event.InsightPattern, event.InsightAnswer, "note"}
	someAgents = []string{"explorer-1", "tester-1", "implementer-1", "implementer-2"}
	someWords  = strings.Fields("login handler token model user not pass src/auth/login.go src/web/main.ts returns fails database port")
)

func anyInsights(t *rapid.T) *Index {
	x := NewIndex()
	for i := range rapid.IntRange(0, 40).Draw(t, "insights") {
		content := strings.Join(rapid.SliceOfN(rapid.SampledFrom(someWords), 1, 5).Draw(t, "words"), " ")
		kind := rapid.SampledFrom(someKinds).Draw(t, "kind")
		in := Insight{
			ID: fmt.Sprintf("i-%d", i+1), Kind: kind, Content: content, Agent: rapid.SampledFrom(someAgents).Draw(t, "agent"),
			Tags: rapid.SliceOfN(rapid.SampledFrom(someTags), 0, 3).Draw(t, "tags"), Similar: x.Similar(content),
		}
		if !x.Add(in) {
			t.Fatalf("%s was not added", in.ID)
		}
		if rapid.Bool().Draw(t, "confirmed") {
			x.Confirm(in.ID, rapid.SampledFrom(someAgents).Draw(t, "confirming"))
		}
	}
	return x
}

func anyReader(t *rapid.T) Reader {
	return Reader{
		Agent: rapid.SampledFrom(someAgents).Draw(t, "reader"), Task: "login", Role: "tester",
		Tags:        rapid.SliceOfN(rapid.SampledFrom(someTags), 0, 2).Draw(t, "reader's tags"),
		Scope:       rapid.SliceOfN(rapid.SampledFrom([]string{"src/auth/**", "**", "docs/**"}), 0, 2).Draw(t, "scope"),
		FullRouting: rapid.Bool().Draw(t, "routing"),
	}
}

// plainPull is Pull without an index: it looks at every insight for every line.
func plainPull(x *Index, r Reader, limit int) []string {
	has := func(in *Insight) bool { return in.knows(r.Agent) || r.Seen(in.ID) }
	touches := func(in *Insight) bool {
		mine := CleanTags(append(slices.Clone(r.Tags), r.Role, r.Task, r.Agent))
		byTag := slices.ContainsFunc(CleanTags(in.Tags), func(tag string) bool { return slices.Contains(mine, tag) })
		return byTag || slices.ContainsFunc(r.Scope, func(scope string) bool {
			return fixedPart(scope) != "" && slices.Contains(mentioned(in.Content), fixedPart(scope))
		})
	}
	toAll := func(in *Insight) bool { return in.Kind == event.InsightBlocker || in.Kind == event.InsightPattern }
	question := func(in *Insight) bool { return in.Kind == event.InsightQuestion }
	lines := []func(in *Insight) bool{
		func(in *Insight) bool { return in.Kind == event.InsightBlocker },
		nil, // here the near-duplicates among blockers follow
		func(in *Insight) bool { return question(in) && touches(in) },
		func(in *Insight) bool { return in.Kind == event.InsightPattern },
		func(in *Insight) bool { return !toAll(in) && !question(in) && touches(in) },
		func(in *Insight) bool {
			return !toAll(in) && len(CleanTags(in.Tags)) == 0 && len(mentioned(in.Content)) == 0
		},
		func(in *Insight) bool { return !r.hasTopics() && !toAll(in) && !question(in) },
		nil,
	}
	if !r.FullRouting {
		lines = []func(in *Insight) bool{func(*Insight) bool { return true }}
	}
	var chosen, reserve []string
	for _, line := range lines {
		if line == nil {
			n := min(len(reserve), limit-len(chosen))
			chosen, reserve = append(chosen, reserve[:n]...), reserve[n:]
			continue
		}
		for _, in := range slices.Backward(slices.Collect(x.All())) {
			if len(chosen) == limit || has(in) || slices.Contains(chosen, in.ID) || slices.Contains(reserve, in.ID) || !line(in) {
				continue
			}
			near := r.FullRouting && slices.ContainsFunc(slices.Collect(x.All()), func(o *Insight) bool {
				alike := slices.Contains(o.Similar, in.ID) || slices.Contains(in.Similar, o.ID)
				return alike && (has(o) || slices.Contains(chosen, o.ID) || slices.Contains(reserve, o.ID))
			})
			if near && len(reserve) < limit {
				reserve = append(reserve, in.ID)
			} else if !near {
				chosen = append(chosen, in.ID)
			}
		}
	}
	return chosen
}

func TestPullIsWhatLookingAtEverythingGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, r := anyInsights(t), anyReader(t)
		given := map[string]bool{}
		r.Seen = func(id string) bool { return given[id] }
		limit := rapid.IntRange(1, 5).Draw(t, "limit")
		for {
			want, got := plainPull(x, r, limit), ids(x.Pull(r, limit))
			if !slices.Equal(got, want) {
				t.Fatalf("pulled %v, want %v, after %d", got, want, len(given))
			}
			if len(got) == 0 {
				break
			}
			for _, id := range got {
				if given[id] || x.Get(id).knows(r.Agent) {
					t.Fatalf("%s was given twice, or is its own", id)
				}
				given[id] = true
			}
		}
		// What is for everyone has reached it, near-duplicate or not.
		for in := range x.All() {
			if (in.Kind == event.InsightBlocker || in.Kind == event.InsightPattern) && !given[in.ID] && !in.knows(r.Agent) {
				t.Fatalf("%s %s never came", in.Kind, in.ID)
			}
		}
	})
}

func TestNeedsAreAnsweredWhateverElseThereIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, r := anyInsights(t), anyReader(t)
		need := Need{Text: strings.Join(rapid.SliceOfN(rapid.SampledFrom(someWords), 1, 4).Draw(t, "need"), " ")}
		r.FullRouting, r.Needs = true, []Need{need}
		var want bool
		for in := range x.All() {
			want = want || Answers(need, in) && !in.knows(r.Agent)
		}
		best := x.Answer(r, need)
		if (best != nil) != want {
			t.Fatalf("answer to %q: %+v, want one: %v", need.Text, best, want)
		}
		if best != nil && !Answers(need, best) {
			t.Fatalf("%q does not answer %q", best.Content, need.Text)
		}
	})
}

func TestRankLeavesNothingOutSilently(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, r := anyInsights(t), anyReader(t)
		eligible := 0
		for in := range x.All() {
			if !in.knows(r.Agent) {
				eligible++
			}
		}
		limit := rapid.IntRange(0, 2000).Draw(t, "limit")
		chosen, left := x.Rank(r, limit)
		size := 0
		for _, in := range chosen {
			size += Size(in)
		}
		if len(chosen)+left != eligible || limit > 0 && size > limit || limit == 0 && left > 0 {
			t.Fatalf("%d chosen with %d bytes, %d left of %d, limit %d", len(chosen), size, left, eligible, limit)
		}
		got := ids(chosen)
		slices.Sort(got)
		if len(slices.Compact(got)) != len(chosen) {
			t.Fatal("chosen twice")
		}
	})
}

// As long as there are few insights, none that is similar escapes.
func TestSimilarFindsAllThatAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := anyInsights(t)
		content := strings.Join(rapid.SliceOfN(rapid.SampledFrom(someWords), 1, 6).Draw(t, "query"), " ")
		query := read(content)
		got := x.Similar(content)
		count := 0
		for in := range x.All() {
			other := read(in.Content)
			shared := 0
			for _, w := range query.words {
				if contains(other.words, w) {
					shared++
				}
			}
			union := len(query.words) + len(other.words) - shared
			similar := union > 0 && float64(shared)/float64(union) >= Threshold &&
				query.negators == other.negators && !plainlyOpposed(other.words, query.words)
			if similar {
				count++
			} else if slices.Contains(got, in.ID) {
				t.Fatalf("%q is said to be similar to %q", in.Content, content)
			}
		}
		if len(got) != min(count, maxSimilar) {
			t.Fatalf("%d similar to %q found, want %d", len(got), content, min(count, maxSimilar))
		}
	})
}

func plainlyOpposed(a, b []string) bool {
	for _, w := range a {
		for _, o := range opposites[w] {
			if !contains(b, w) && contains(b, o) && !contains(a, o) {
				return true
			}
		}
	}
	return false
}

func TestNormalizeIsEqualFold(t *testing.T) {
	letters := rapid.StringOf(rapid.SampledFrom([]rune("aAbBkK\u212aſsSßẞ σςΣİıi\u00a0\t")))
	rapid.Check(t, func(t *rapid.T) {
		a, b := letters.Draw(t, "a"), letters.Draw(t, "b")
		same := strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
		if got := Normalize("note", a) == Normalize("note", b); got != same {
			t.Fatalf("%q and %q: %v, want %v", a, b, got, same)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add("the UserModel isn’t in src/models/user_v2.ts")
	f.Fuzz(func(t *testing.T, s string) {
		words := read(s).words
		if !slices.IsSorted(words) || len(words) > maxWords || len(slices.Compact(slices.Clone(words))) != len(words) {
			t.Errorf("words %q", words)
		}
		for _, p := range mentioned(s) {
			if p == "" || strings.HasPrefix(p, "/") {
				t.Errorf("path %q", p)
			}
		}
		if utf8.ValidString(s) && !utf8.ValidString(Normalize("note", s)) {
			t.Errorf("key of %q", s)
		}
	})
}
