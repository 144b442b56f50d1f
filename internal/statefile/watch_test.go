package statefile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"popkit/internal/core/view"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a Files with its Watch.
type running struct {
	*Files
	t       *testing.T
	dir     string // where the files are
	changes chan Change
	stop    func() error // ends Watch and waits for it
}

// start begins to watch a new repository; prepare may put files there before.
func start(t *testing.T, prepare func(f *Files, dir string)) *running {
	t.Helper()
	repo := t.TempDir()
	if err := EnsureDir(repo); err != nil {
		t.Fatal(err)
	}
	r := &running{Files: New(repo, "run-1"), t: t, dir: filepath.Join(repo, Below), changes: make(chan Change, 10_000)}
	r.grace = time.Hour
	if prepare != nil {
		prepare(r.Files, r.dir)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var err error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err = r.Watch(ctx, func(c Change) { r.changes <- c })
	}()
	r.stop = sync.OnceValue(func() error { cancel(); <-ended; return err })
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error("watch:", err)
		}
	})
	return r
}

// next returns the next change; the test's own time limit ends the wait.
func (r *running) next() Change {
	r.t.Helper()
	select {
	case c := <-r.changes:
		return c
	case <-time.After(30 * time.Second):
		r.t.Fatal("no change came")
		panic("unreachable")
	}
}

func (r *running) imported() Entry {
	r.t.Helper()
	c := r.next()
	if len(c.Imported) != 1 {
		r.t.Fatalf("change %+v, want one imported entry", c)
	}
	return c.Imported[0]
}

func (r *running) flush() {
	r.t.Helper()
	if err := r.Flush(r.t.Context()); err != nil {
		r.t.Fatal("flush:", err)
	}
}

// inside runs do in Watch's goroutine.
func (r *running) inside(do func(*watch)) {
	r.t.Helper()
	if err := r.call(r.t.Context(), &call{do: func(w *watch) error { do(w); return nil }}); err != nil {
		r.t.Fatal(err)
	}
}

func (r *running) file(name string) string { return filepath.Join(r.dir, name) }

func (r *running) put(file, text string) {
	r.t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// contents returns the contents of the entries of an insights.json.
func contents(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found, err := Parse(data)
	if err != nil || len(found.Problems) > 0 {
		t.Fatal(err, found.Problems)
	}
	out := []string{}
	for _, e := range found.Entries {
		out = append(out, e.Content)
	}
	return out
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func ours(n int) view.Insight {
	return view.Insight{
		ID: fmt.Sprintf("i-%d", n), Agent: "explorer-1", Phase: "explore", Type: "discovery", Content: fmt.Sprintf("finding %d", n),
		Tags: []string{"model"}, Timestamp: time.Date(2026, 11, 22, 10, 30, n%60, 0, time.UTC),
	}
}

func TestFilesAsWritten(t *testing.T) {
	r := start(t, nil)
	in := ours(1)
	in.Content, in.Confidence, in.Confirmed = "Found <User> model", 0.8, []string{"tester-1"}
	bare := ours(2)
	bare.Tags = nil
	r.WriteInsights([]view.Insight{in, bare})
	if err := r.WriteState(map[string]string{"run": "run-1"}); err != nil {
		t.Fatal(err)
	}
	r.flush()
	for name, want := range map[string]string{
		"insights.json": `{
  "run": "run-1",
  "insights": [
    {"id":"i-1","agent":"explorer-1","phase":"explore","type":"discovery","content":"Found <User> model","tags":["model"],"confidence":0.8,"confirmed_by":["tester-1"],"timestamp":"2026-11-22T10:30:01Z"},
    {"id":"i-2","agent":"explorer-1","phase":"explore","type":"discovery","content":"finding 2","tags":[],"timestamp":"2026-11-22T10:30:02Z"}
  ]
}
`,
		"power-state.json": "{\n  \"run\": \"run-1\"\n}\n",
	} {
		if got, err := os.ReadFile(r.file(name)); err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	names, err := os.ReadDir(r.dir)
	if err != nil || len(names) != 3 {
		t.Errorf("left behind: %v (%v)", names, err)
	}
}

// What is ours causes no change: the first one is the entry added by hand.
func TestOwnWritesAreNoChange(t *testing.T) {
	r := start(t, nil)
	for n := range 50 {
		r.WriteInsights([]view.Insight{ours(n)})
		if err := r.WriteState(n); err != nil {
			t.Fatal(err)
		}
		r.flush()
	}
	r.put(r.file(insightsName), `{"insights":[{"agent":"me","content":"by hand","tags":[],"phase":"x"}]}`)
	if e := r.imported(); e.Content != "by hand" || e.Agent != "me" {
		t.Errorf("imported %+v", e)
	}
	r.flush()
	if got := contents(t, r.file(insightsName)); len(got) != 51 || got[50] != "by hand" {
		t.Errorf("the file holds %d entries: %q", len(got), got)
	}
	if len(r.changes) > 0 {
		t.Errorf("another change: %+v", <-r.changes)
	}
}

func TestImportedEntryIsReplacedByItsInsight(t *testing.T) {
	r := start(t, nil)
	r.put(r.file(insightsName), `{"insights":[{"agent":"me","content":"Finding 1","extra":{"kept":true}}]}`)
	r.imported()
	r.flush()
	if data, err := os.ReadFile(r.file(insightsName)); err != nil || !strings.Contains(string(data), `"extra":{"kept":true}`) {
		t.Errorf("the entry was not kept as it was written: %v\n%s", err, data)
	}
	in := ours(1)
	in.Agent = "me"
	r.WriteInsights([]view.Insight{in})
	r.flush()
	want(t, contents(t, r.file(insightsName)), "finding 1")
}

func TestFormatsLeftByOlderTools(t *testing.T) {
	for name, text := range map[string]string{
		"object": `{"insights":[{"agent":"code-explorer","content":"Found existing User model at src/models","tags":["model","database"],"phase":"explore"}]}`,
		"array":  `[{"id":"a1","source_agent":"code-explorer","phase":"explore","type":"discovery","content":"Found existing User model at src/models","tags":["model","database"],"timestamp":"2025-12-01T10:00:00.123456"}]`,
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, func(_ *Files, dir string) {
				if err := os.WriteFile(filepath.Join(dir, insightsName), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			})
			e := r.imported()
			if e.Agent != "code-explorer" || e.Phase != "explore" || !slices.Equal(e.Tags, []string{"model", "database"}) {
				t.Errorf("imported %+v", e)
			}
			r.WriteInsights([]view.Insight{ours(1)})
			r.flush()
			want(t, contents(t, r.file(insightsName)), "finding 1", "Found existing User model at src/models")
		})
	}
}

func TestWhatTheRunHasIsNotImported(t *testing.T) {
	r := start(t, func(f *Files, dir string) {
		f.WriteInsights([]view.Insight{ours(1), ours(2)})
		text := `{"run":"run-1","insights":[{"id":"i-1","agent":"explorer-1","content":"finding 1","tags":[]},{"agent":"explorer-1","content":" FINDING 2 "},{"content":"finding 2"},{"agent":"tester-1","content":"finding 2"}]}`
		if err := os.WriteFile(filepath.Join(dir, insightsName), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	})
	if e := r.imported(); e.Agent != "tester-1" {
		t.Errorf("imported %+v, want what tester-1 confirms", e)
	}
	r.flush()
	if len(r.changes) > 0 {
		t.Errorf("another change: %+v", <-r.changes)
	}
}

func TestAnotherRunsViewIsNotImported(t *testing.T) {
	r := start(t, func(_ *Files, dir string) {
		text := `{"run":"run-0","insights":[{"id":"i-1","agent":"explorer-1","content":"old"},{"agent":"me","content":"added after it ended"}]}`
		if err := os.WriteFile(filepath.Join(dir, insightsName), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	})
	if e := r.imported(); e.Content != "added after it ended" {
		t.Errorf("imported %+v", e)
	}
	r.flush()
	want(t, contents(t, r.file(insightsName)), "added after it ended")
}

func TestStateRemovedIsNoticedAndNotWrittenAgain(t *testing.T) {
	r := start(t, nil)
	if err := r.WriteState("one"); err != nil {
		t.Fatal(err)
	}
	r.flush()
	if err := os.Remove(r.file(stateName)); err != nil {
		t.Fatal(err)
	}
	if c := r.next(); !c.StateRemoved {
		t.Errorf("change %+v", c)
	}
	if err := r.WriteState("two"); err != nil {
		t.Fatal(err)
	}
	r.flush()
	if _, err := os.Lstat(r.file(stateName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("written again (%v)", err)
	}
}

// However a removal and our writes fall together, it is never undone.
func TestStateRemovedWhileItIsWritten(t *testing.T) {
	for range 20 {
		r := start(t, nil)
		if err := r.WriteState(0); err != nil {
			t.Fatal(err)
		}
		r.flush()
		removed := make(chan error)
		go func() { removed <- os.Remove(r.file(stateName)) }()
		for n := range 10 {
			if err := r.WriteState(n); err != nil {
				t.Fatal(err)
			}
			r.flush()
		}
		if err := <-removed; err != nil {
			t.Fatal(err)
		}
		if c := r.next(); !c.StateRemoved {
			t.Fatalf("change %+v", c)
		}
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(r.file(stateName)); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("the removal was undone (%v)", err)
		}
	}
}

func TestClearStateIsNoChange(t *testing.T) {
	r := start(t, nil)
	if err := r.WriteState("one"); err != nil {
		t.Fatal(err)
	}
	r.flush()
	if err := r.ClearState(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(r.file(stateName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there (%v)", err)
	}
	r.put(r.file(insightsName), `[{"content":"marker"}]`)
	r.imported() // nothing came before it
}

func TestRepositoryDirectoryRemoved(t *testing.T) {
	r := start(t, nil)
	if err := r.WriteState("one"); err != nil {
		t.Fatal(err)
	}
	r.flush()
	if err := os.RemoveAll(r.dir); err != nil {
		t.Fatal(err)
	}
	if c := r.next(); !c.StateRemoved {
		t.Errorf("change %+v", c)
	}
	r.WriteInsights([]view.Insight{ours(1)})
	r.flush()
	if _, err := os.Lstat(r.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("made again (%v)", err)
	}
}

func TestStopWritesWhatIsWanted(t *testing.T) {
	r := start(t, nil)
	for n := range 100 {
		r.WriteInsights([]view.Insight{ours(n)})
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, r.file(insightsName)); len(got) != 100 {
		t.Errorf("%d of 100 insights in the file", len(got))
	}
	if err := r.Flush(t.Context()); !errors.Is(err, ErrStopped) {
		t.Errorf("flush after the end: %v", err)
	}
}

func TestWritesAreBundled(t *testing.T) {
	r := start(t, nil)
	r.flush()
	const n = 3000
	for i := range n {
		r.WriteInsights([]view.Insight{ours(i)})
	}
	r.flush()
	r.inside(func(w *watch) {
		if w.folders[0].serial > n/10 {
			t.Errorf("%d files written for %d insights", w.folders[0].serial, n)
		}
	})
}

func TestAFailedWriteIsToldOnce(t *testing.T) {
	r := start(t, nil)
	r.flush()
	bad := Entry{raw: json.RawMessage("{"), Insight: view.Insight{Content: "bad"}}
	r.inside(func(w *watch) { w.folders[0].others = append(w.folders[0].others, bad) })
	for n := range 3 {
		r.WriteInsights([]view.Insight{ours(n)})
		if err := r.Flush(t.Context()); err == nil {
			t.Error("flush says that it was written")
		}
	}
	r.inside(func(w *watch) { w.folders[0].others = nil })
	r.flush()
	if got := contents(t, r.file(insightsName)); len(got) != 3 {
		t.Errorf("%d of 3 insights after it went well again", len(got))
	}
	if len(r.changes) != 1 || !strings.Contains((<-r.changes).Problem, "write "+r.file(insightsName)) {
		t.Error("not exactly one problem")
	}
}
