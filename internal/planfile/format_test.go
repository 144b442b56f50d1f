package planfile

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"popkit/internal/core/objective"
)

// texts draws text as people write it, and as they don't.
func texts() *rapid.Generator[string] {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{"yes", "no", "null", "~", "5", "0x10", "1e3", ".inf", "- a", "a: b", "#", " # c", "é☃", "\t", "\n", "\n\n", " ", "'", `"`, `\`,
			"{", "}", "[", "]", "&a", "*a", "!x", "|", ">", "%", "@", "`", "...", "---", "\r", "\u0085", "\u2028", "\ufeff", "😀", "<<", ": ", "?", ","}),
		rapid.StringMatching(`[a-zA-Z ]{1,12}`),
		rapid.String(),
	)
	return rapid.Map(rapid.SliceOfN(piece, 1, 8), func(parts []string) string {
		return strings.ReplaceAll(strings.ToValidUTF8(strings.Join(parts, ""), ""), "\x00", "")
	})
}

// solid draws text that is not blank.
func solid() *rapid.Generator[string] {
	return texts().Filter(func(s string) bool { return strings.TrimSpace(s) != "" })
}

func words(pattern string) *rapid.Generator[[]string] {
	return rapid.SliceOfNDistinct(rapid.StringMatching(pattern), 0, 3, rapid.ID[string])
}

func some(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}

func drawCheck(t *rapid.T) objective.Check {
	return objective.Check{
		Run:     solid().Draw(t, "run"),
		Expect:  rapid.SampledFrom([]string{"", "^ok", `\d+ "x": #`, "a|b"}).Draw(t, "expect"),
		Timeout: objective.Duration(rapid.Int64Range(0, 1e13).Draw(t, "timeout")),
	}
}

func drawTask(t *rapid.T, id string, before []string) objective.Task {
	task := objective.Task{
		ID: id, Role: rapid.SampledFrom([]string{"tester", "no", "null", "x-1"}).Draw(t, "role"),
		Title:   rapid.SampledFrom([]string{"Title", "a: b", "yes", "…", "'q' \"d\" \\", "# no comment", " edge "}).Draw(t, "title"),
		Prompt:  solid().Draw(t, "prompt"),
		Scope:   some(words(`[a-z*]{1,5}(/[a-z{},!"# ?]{0}[a-z*]{1,4}){0,2}`).Draw(t, "scope")),
		Tags:    some(words(`[a-z]{1,3}[: #"'a-z]{0,3}[a-z]`).Draw(t, "tags")),
		NoCode:  rapid.Bool().Draw(t, "no_code"),
		Overlap: rapid.SampledFrom([]string{"", objective.OverlapAllow}).Draw(t, "overlap"),
		Runtime: rapid.SampledFrom([]string{"", "claude", `exec:sh -c "a: b" # x`, "scripted:a b.yaml"}).Draw(t, "runtime"),
	}
	if len(before) > 0 && rapid.Bool().Draw(t, "needy") {
		task.Needs = []string{rapid.SampledFrom(before).Draw(t, "need")}
	}
	return task
}

func drawPlan(t *rapid.T) objective.Plan {
	p := objective.Plan{
		Objective:        objective.Objective{Description: solid().Draw(t, "description")},
		OnConflict:       rapid.SampledFrom([]objective.ConflictPolicy{"", "agent", "human", "first_wins"}).Draw(t, "on_conflict"),
		OnBarrierTimeout: rapid.SampledFrom([]objective.BarrierPolicy{"", "human", "partial"}).Draw(t, "on_barrier_timeout"),
		Limits: objective.Limits{
			MaxAttempts:       rapid.IntRange(0, 5).Draw(t, "attempts"),
			MaxRuntimeMinutes: objective.Minutes(rapid.Float64Range(0, 1000).Draw(t, "minutes")),
			RetryDelaySeconds: objective.Seconds(rapid.SampledFrom([]float64{0, 1e-9, 0.25, 3, 1e7}).Draw(t, "delay")),
		},
	}
	for range rapid.IntRange(0, 2).Draw(t, "criteria") {
		c := objective.Criterion{Text: solid().Draw(t, "criterion")}
		if rapid.Bool().Draw(t, "checked") {
			k := drawCheck(t)
			c.Check = &k
		}
		p.Objective.SuccessCriteria = append(p.Objective.SuccessCriteria, c)
	}
	ids := rapid.SliceOfNDistinct(rapid.OneOf(rapid.StringMatching(`[a-z0-9][a-z0-9_-]{0,4}`), rapid.SampledFrom([]string{"yes", "5", "null", "0x1", "1e3"})), 1, 6, rapid.ID[string]).Draw(t, "ids")
	names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"explore", "a: b", "yes", "5", "Phase two", "é", "#1"}), 1, 3, rapid.ID[string]).Draw(t, "names")
	for i, name := range names {
		ph := objective.Phase{Name: name}
		mine := ids[min(i*2, len(ids)):min(i*2+2, len(ids))]
		for j, id := range mine {
			ph.Tasks = append(ph.Tasks, drawTask(t, id, mine[:j]))
		}
		for range rapid.IntRange(0, 1).Draw(t, "checks") {
			ph.Checks = append(ph.Checks, drawCheck(t))
		}
		p.Phases = append(p.Phases, ph)
	}
	return p
}

// TestFormatRoundTrip: what Format writes, Parse reads to the same plan.
func TestFormatRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		if len(objective.Validate(p)) > 0 {
			t.Fatalf("the generator drew a plan that is not valid: %v", objective.Validate(p))
		}
		text, err := Format(p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse("p.yaml", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if !reflect.DeepEqual(got.Plan, p) {
			t.Fatalf("got  %+v\nwant %+v\n%s", got.Plan, p, text)
		}
	})
}

func TestFormatReadsWell(t *testing.T) {
	data, err := os.ReadFile("testdata/formatted.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Parse("formatted.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Format(r.Plan)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(data) {
		t.Errorf("got\n%s\nwant\n%s", got, data)
	}
}

func TestFormatRefusesWhatIsNotValid(t *testing.T) {
	if _, err := Format(objective.Plan{}); err == nil || !strings.Contains(err.Error(), "objective.description") {
		t.Errorf("error: %v", err)
	}
}

// TestLargestPlan: a plan of as many tasks as a plan may have fits into a file.
func TestLargestPlan(t *testing.T) {
	p := objective.Plan{Objective: objective.Objective{Description: "d"}}
	for i := range 20 {
		ph := objective.Phase{Name: fmt.Sprintf("phase %d", i)}
		for j := range objective.MaxTasks / 20 {
			id := fmt.Sprintf("t%d-%d", i, j)
			ph.Tasks = append(ph.Tasks, objective.Task{ID: id, Role: "tester", Title: "Title of " + id, Prompt: "First line\n\nSecond: line\n",
				Scope: []string{"src/" + id + "/**", "tests/" + id + "_test.go"}, Tags: []string{"a", "b"}})
			if j > 0 {
				ph.Tasks[j].Needs = []string{ph.Tasks[j-1].ID}
			}
		}
		p.Phases = append(p.Phases, ph)
	}
	text, err := Format(p)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse("p.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Plan, p) {
		t.Error("it is not the same plan")
	}
	p.Phases[0].Tasks = append(p.Phases[0].Tasks, objective.Task{ID: "more", Role: "r", Title: "t", Prompt: "p"})
	if ps := objective.Validate(p); len(ps) != 1 || !strings.Contains(ps[0].Text, "the plan has 1001 tasks, more than 1000") {
		t.Errorf("problems: %v", ps)
	}
}
