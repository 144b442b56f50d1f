package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// BenchmarkInsights is the survival of 1,000 insights that 50 processes share at
// once, with a new insights.json and with one that is there already.
func BenchmarkInsights(b *testing.B) {
	for _, before := range []int{0, 100} {
		lost, unreadable, took := survive(b, 50, 20, before)
		name := "into a new store"
		if before > 0 {
			name = "into an existing store"
		}
		results.add(b, row{item: "insights lost of 1000, " + name, figure: float64(lost), budget: 0,
			note: fmt.Sprintf("50 processes × 20, in %.1f s", took.Seconds())})
		results.add(b, row{item: "insights.json not readable, " + name, figure: float64(unreadable), budget: 0})
		if lost+unreadable > 0 {
			b.Errorf("%s: %d insights lost, %d readings of insights.json failed", name, lost, unreadable)
		}
	}
}

func TestInsightsSurvive(t *testing.T) {
	if lost, unreadable, _ := survive(t, 10, 4, 7); lost+unreadable > 0 {
		t.Errorf("%d insights lost, %d readings of insights.json failed", lost, unreadable)
	}
}

// survive lets an agent start processes that share insights by the program, and
// counts what is missing in the log or in insights.json afterwards, and readings
// of that file meanwhile that were no JSON. before is how many entries
// the file has already.
func survive(tb testing.TB, processes, each, before int) (lost, unreadable int, took time.Duration) {
	w := newWorld(tb)
	path := filepath.Join(w.repo, ".claude", "popkit", "insights.json")
	want := map[string]bool{}
	if before > 0 {
		must(tb, os.MkdirAll(filepath.Dir(path), 0o755))
		var entries []map[string]any
		for i := range before {
			text := fmt.Sprintf("an earlier run had seen thing %d", i)
			want[text] = true
			entries = append(entries, map[string]any{"agent": "elder", "content": text, "tags": []string{"old"}, "phase": "explore"})
		}
		raw, err := json.Marshal(map[string]any{"insights": entries})
		must(tb, err)
		must(tb, os.WriteFile(path, raw, 0o644))
	}
	for p := 1; p <= processes; p++ {
		for i := 1; i <= each; i++ {
			want[fmt.Sprintf("process %d found item %d", p, i)] = true
		}
	}
	run := w.create(1, objective.Phase{Name: "explore", Tasks: []objective.Task{{
		ID: "share", Role: "explorer", Title: "share", Prompt: "share", NoCode: true, Runtime: fmt.Sprintf(
			`exec:for p in $(seq %d); do (for i in $(seq %d); do popkit insight add --tags a "process $p found item $i"; done) & done; wait`, processes, each),
	}}})
	program(tb)
	began := time.Now()
	e := w.serve(run)
	bad := make(chan int)
	go func() { bad <- watch(path, e.done) }()
	e.end()
	took = time.Since(began)
	unreadable = <-bad
	return missing(tb, w, run.LogPath(), path, want), unreadable, took
}

// missing counts the texts that are not in both the log and the file.
func missing(tb testing.TB, w *world, log, path string, want map[string]bool) int {
	logged, shown := map[string]bool{}, map[string]bool{}
	raw, err := os.ReadFile(log)
	must(tb, err)
	for line := range strings.Lines(string(raw)) {
		e, err := event.Decode([]byte(strings.TrimSuffix(line, "\n")))
		must(tb, err)
		if d, ok := e.Data.(event.InsightShared); ok {
			logged[d.Content] = true
		}
	}
	list, err := readInsights(path)
	must(tb, err)
	for _, text := range list {
		shown[text] = true
	}
	lost := 0
	for text := range want {
		if !logged[text] || !shown[text] {
			lost++
		}
	}
	return lost
}

// watch reads insights.json over and over until done, and counts the readings
// that failed. A file that is not there yet is none.
func watch(path string, done <-chan struct{}) int {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	bad := 0
	for {
		select {
		case <-done:
			return bad
		case <-tick.C:
		}
		if _, err := readInsights(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			bad++
		}
	}
}

func readInsights(path string) ([]string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct {
		Insights []struct{ Agent, Content string }
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, err
	}
	var out []string
	for _, i := range file.Insights {
		out = append(out, i.Content)
	}
	return out, nil
}

// TestCheckins: 5 agents with 20 concurrent processes each that count a tool
// call are 100 tool calls and 20 check-ins.
func TestCheckins(t *testing.T) {
	w := newWorld(t)
	p := objective.Phase{Name: "explore"}
	for i := range 5 {
		p.Tasks = append(p.Tasks, objective.Task{
			ID: fmt.Sprint("t", i), Role: "explorer", Title: "look", Prompt: "look", NoCode: true,
			Runtime: "exec:for i in $(seq 20); do popkit check-in --tool Read & done; wait",
		})
	}
	run := w.create(5, p)
	w.serve(run).end()
	tools, checkins := map[string]int{}, map[string]int{}
	for _, e := range w.events(run) {
		switch d := e.Data.(type) {
		case event.ToolCalled:
			tools[d.Agent]++
		case event.CheckedIn:
			checkins[d.Agent]++
		}
	}
	if len(tools) != 5 || len(checkins) != 5 {
		t.Errorf("tool calls of %d agents, check-ins of %d, want 5", len(tools), len(checkins))
	}
	for agent, n := range tools {
		if n != 20 || checkins[agent] != 4 {
			t.Errorf("%s: %d tool calls and %d check-ins, want 20 and 4", agent, n, checkins[agent])
		}
	}
}

// parallel runs f n times at once.
func parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}
