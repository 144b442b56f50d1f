package statefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"popkit/internal/core/view"
)

func TestHalfWrittenFileIsWaitedFor(t *testing.T) {
	r := start(t, nil) // it would wait for an hour
	r.WriteInsights([]view.Insight{ours(1)})
	r.flush()
	file, err := os.OpenFile(r.file(insightsName), os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`{"insights":[{"agent":"me",`, `"content":"in two`, ` parts"}]}`} {
		if _, err := file.WriteString(part); err != nil {
			t.Fatal(err)
		}
		r.WriteInsights([]view.Insight{ours(2)})
		r.inside(func(w *watch) { w.look(w.folders[0]) })
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if e := r.imported(); e.Content != "in two parts" {
		t.Errorf("imported %+v", e)
	}
	r.flush()
	want(t, contents(t, r.file(insightsName)), "finding 1", "finding 2", "in two parts")
}

func TestBrokenFileIsKeptAndReported(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":       "{\"insights\":[{\"agent\"",
		"no list":       "{}",
		"trailing text": "[] x",
		"wrong type":    `{"insights": 5}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, func(f *Files, _ string) { f.grace = 10 * time.Millisecond })
			r.WriteInsights([]view.Insight{ours(1)})
			r.flush()
			r.put(r.file(insightsName), text)
			c := r.next()
			if !strings.Contains(c.Problem, "kept as insights.json.broken-1") || strings.Contains(c.Problem, "\n") {
				t.Errorf("change %+v", c)
			}
			if got, err := os.ReadFile(r.file("insights.json.broken-1")); err != nil || string(got) != text {
				t.Errorf("kept %q (%v)", got, err)
			}
			r.flush()
			want(t, contents(t, r.file(insightsName)), "finding 1")
		})
	}
}

func TestFileWithABadEntryIsCopied(t *testing.T) {
	r := start(t, nil)
	r.WriteInsights([]view.Insight{ours(1)})
	r.flush()
	text := `[{"content":"good"},{"content":5},{"agent":"me"}]`
	r.put(r.file(insightsName), text)
	if e := r.imported(); e.Content != "good" {
		t.Errorf("imported %+v", e)
	}
	if c := r.next(); !strings.Contains(c.Problem, "entry 2") {
		t.Errorf("change %+v", c)
	}
	r.flush()
	if got, err := os.ReadFile(r.file("insights.json.broken-1")); err != nil || string(got) != text {
		t.Errorf("kept %q (%v)", got, err)
	}
	want(t, contents(t, r.file(insightsName)), "finding 1", "good")
	if _, err := os.Lstat(r.file("insights.json.broken-2")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("kept twice (%v)", err)
	}
}

func TestEmptiedOrRemovedFileIsWrittenAgain(t *testing.T) {
	r := start(t, nil)
	r.WriteInsights([]view.Insight{ours(1)})
	r.flush()
	for name, harm := range map[string]func() error{
		"emptied": func() error { return os.Truncate(r.file(insightsName), 0) },
		"removed": func() error { return os.Remove(r.file(insightsName)) },
	} {
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		r.inside(func(w *watch) { w.look(w.folders[0]) })
		r.flush()
		if t.Run(name, func(t *testing.T) { want(t, contents(t, r.file(insightsName)), "finding 1") }); len(r.changes) > 0 {
			t.Errorf("change %+v", <-r.changes)
		}
	}
}

// A process that had the file open before it was replaced, many times, is heard.
func TestLateWriterIsHeard(t *testing.T) {
	r := start(t, nil)
	r.WriteInsights([]view.Insight{ours(0)})
	r.flush()
	file, err := os.OpenFile(r.file(insightsName), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		r.WriteInsights([]view.Insight{ours(n + 1)})
		r.flush()
	}
	if err := file.Truncate(0); err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte(`{"insights":[{"agent":"late","content":"better late"}]}`), 0); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if e := r.imported(); e.Content != "better late" || e.Agent != "late" {
		t.Errorf("imported %+v", e)
	}
	r.flush()
	if got := contents(t, r.file(insightsName)); len(got) != 22 || got[21] != "better late" {
		t.Errorf("the file holds %q", got)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(r.file(oldPrefix + "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

// addInPlace adds an entry as a careless agent does: read all, write all, in the
// same file.
func addInPlace(file, content string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	var doc struct {
		Insights []json.RawMessage `json:"insights"`
	}
	if err := json.NewDecoder(f).Decode(&doc); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	entry, err := json.Marshal(map[string]any{"agent": "adder", "content": content})
	if err != nil {
		return err
	}
	data, err := json.Marshal(map[string]any{"insights": append(doc.Insights, entry)})
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(data, 0)
	return err
}

// addByRename returns a function that adds entries as a careful agent does: a new
// file in place of the old one, here with all that it has added so far, since it
// may replace its own file before anybody has read it.
func addByRename() func(file, content string) error {
	var all []string
	return func(file, content string) error {
		entry, err := json.Marshal(map[string]any{"agent": "adder", "content": content})
		if err != nil {
			return err
		}
		all = append(all, string(entry))
		temp := file + ".mine"
		if err := os.WriteFile(temp, fmt.Appendf(nil, `{"insights":[%s]}`, strings.Join(all, ",")), 0o644); err != nil {
			return err
		}
		return os.Rename(temp, file)
	}
}

// While the file is rewritten without a pause, one agent adds entries: each is
// taken in, and nobody ever reads a broken file but for what that agent writes.
func TestNoEntryIsLostToRewriting(t *testing.T) {
	for name, add := range map[string]func(file, content string) error{"in place": addInPlace, "by rename": addByRename()} {
		t.Run(name, func(t *testing.T) {
			r := start(t, nil)
			r.WriteInsights([]view.Insight{ours(0)})
			r.flush()
			const n = 100
			adding := make(chan error, 1)
			go func() {
				defer close(adding)
				for i := range n {
					if err := add(r.file(insightsName), fmt.Sprintf("added %d", i)); err != nil {
						adding <- err
						return
					}
				}
			}()
			for i := 1; ; i++ {
				r.WriteInsights([]view.Insight{ours(i)})
				r.flush()
				select {
				case err := <-adding:
					if err != nil {
						t.Fatal(err)
					}
					missing(t, r, n)
					return
				default:
				}
			}
		})
	}
}

// missing waits until all n entries were imported.
func missing(t *testing.T, r *running, n int) {
	t.Helper()
	got := map[string]bool{}
	for len(got) < n {
		c := r.next()
		if c.Problem != "" {
			t.Fatal(c.Problem)
		}
		for _, e := range c.Imported {
			if got[e.Content] {
				t.Errorf("%s was imported twice", e.Content)
			}
			got[e.Content] = true
		}
	}
}

func TestReadersNeverSeeAParseError(t *testing.T) {
	r := start(t, nil)
	r.WriteInsights([]view.Insight{ours(0)})
	r.flush()
	var readers sync.WaitGroup
	stop := make(chan struct{})
	turn := make(chan struct{}, 2) // so that readers leave the processor to others
	for range 2 {
		readers.Go(func() {
			for seen := 0; ; {
				select {
				case <-stop:
					return
				case <-turn:
				}
				data, err := os.ReadFile(r.file(insightsName))
				var doc struct{ Insights []view.Insight }
				if err == nil {
					err = json.Unmarshal(data, &doc)
				}
				if err != nil || len(doc.Insights) < seen {
					t.Errorf("reader: %v, %d insights after %d", err, len(doc.Insights), seen)
					return
				}
				seen = len(doc.Insights)
			}
		})
	}
	for n := range 1000 {
		in := ours(n % 20)
		in.Content += strings.Repeat("!", n/20)
		r.WriteInsights([]view.Insight{in})
		select {
		case turn <- struct{}{}:
		default: // they have enough to do
		}
		r.flush()
	}
	close(stop)
	readers.Wait()
}

func TestWorkspaceHasACopyAndMayAdd(t *testing.T) {
	r := start(t, nil)
	ws := t.TempDir()
	file := filepath.Join(ws, Below, insightsName)
	r.WriteInsights([]view.Insight{ours(1)})
	if err := r.AddWorkspace(t.Context(), ws, "tester-1"); err != nil {
		t.Fatal(err)
	}
	want(t, contents(t, file), "finding 1")
	r.WriteInsights([]view.Insight{ours(2)})
	r.flush()
	want(t, contents(t, file), "finding 1", "finding 2")

	if err := addInPlace(file, "from the workspace"); err != nil {
		t.Fatal(err)
	}
	c := r.next()
	if c.Agent != "tester-1" || len(c.Imported) != 1 || c.Imported[0].Content != "from the workspace" {
		t.Errorf("change %+v", c)
	}
	if err := addInPlace(file, "in the last moment"); err != nil {
		t.Fatal(err)
	}
	if err := r.RemoveWorkspace(t.Context(), ws); err != nil {
		t.Fatal(err)
	}
	if c := r.next(); c.Agent != "tester-1" || len(c.Imported) != 1 || c.Imported[0].Content != "in the last moment" {
		t.Errorf("change %+v", c)
	}
	if err := os.RemoveAll(ws); err != nil {
		t.Fatal(err)
	}
	r.flush()
}

func TestWorkspaceDirectoryIsMadeAgain(t *testing.T) {
	r := start(t, nil)
	ws := t.TempDir()
	if err := r.AddWorkspace(t.Context(), ws, "tester-1"); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(ws, ".claude")); err != nil {
		t.Fatal(err)
	}
	r.WriteInsights([]view.Insight{ours(1)})
	r.flush()
	file := filepath.Join(ws, Below, insightsName)
	want(t, contents(t, file), "finding 1")
	if err := addInPlace(file, "watched again"); err != nil {
		t.Fatal(err)
	}
	if e := r.imported(); e.Content != "watched again" {
		t.Errorf("imported %+v", e)
	}
}

// What the repository's own history holds is not the agent's finding.
func TestWorkspaceFileFromTheCloneIsNotImported(t *testing.T) {
	r := start(t, nil)
	ws := t.TempDir()
	if err := EnsureDir(ws); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(ws, Below, insightsName)
	r.put(file, `[{"content":"committed long ago"}]`)
	if err := r.AddWorkspace(t.Context(), ws, "tester-1"); err != nil {
		t.Fatal(err)
	}
	if err := addInPlace(file, "new"); err != nil {
		t.Fatal(err)
	}
	if e := r.imported(); e.Content != "new" {
		t.Errorf("imported %+v", e)
	}
}

// An agent may put anything in the file's place: it is not followed, not read
// for ever, and kept.
func TestNoRegularFile(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret.json")
	if err := os.WriteFile(secret, []byte(`[{"content":"secret"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, put := range map[string]func(file string) error{
		"symlink":   func(file string) error { return os.Symlink(secret, file) },
		"pipe":      func(file string) error { return syscall.Mkfifo(file, 0o644) },
		"directory": func(file string) error { return os.Mkdir(file, 0o755) },
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, func(f *Files, _ string) { f.grace = 0 })
			ws := t.TempDir()
			if err := r.AddWorkspace(t.Context(), ws, "tester-1"); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(ws, Below, insightsName)
			for { // until it is put there before the file is written again
				if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
				err := put(file)
				if err == nil {
					break
				}
				if !errors.Is(err, fs.ErrExist) {
					t.Fatal(err)
				}
			}
			c := r.next()
			if c.Agent != "tester-1" || !strings.Contains(c.Problem, "not a regular file") {
				t.Errorf("change %+v", c)
			}
			r.WriteInsights([]view.Insight{ours(1)})
			r.flush()
			want(t, contents(t, file), "finding 1")
			if data, err := os.ReadFile(secret); err != nil || !bytes.Contains(data, []byte("secret")) {
				t.Errorf("the file behind the link changed: %q (%v)", data, err)
			}
		})
	}
}

func TestWorkspaceThatLeadsElsewhereIsRefused(t *testing.T) {
	r := start(t, nil)
	ws, elsewhere := t.TempDir(), t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(ws, ".claude")); err != nil {
		t.Fatal(err)
	}
	if err := r.AddWorkspace(t.Context(), ws, "tester-1"); err == nil {
		t.Error("written through a link that leaves the workspace")
	}
	if left, err := os.ReadDir(elsewhere); err != nil || len(left) > 0 {
		t.Errorf("written: %v (%v)", left, err)
	}
}

// A popkit that was killed between exchange and reading left the old file.
func TestLeftoversAreTakenIn(t *testing.T) {
	r := start(t, func(_ *Files, dir string) {
		for name, text := range map[string]string{
			".insights.json.7": `{"insights":[{"agent":"me","content":"left over"}]}`,
			".insights.json.8": opening + `"run-1",` + "\n", // our own, half written
			statePrefix + "3":  "{",
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
	if e := r.imported(); e.Content != "left over" {
		t.Errorf("imported %+v", e)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(r.file(".*"))
	if err != nil || !slices.Equal(names, []string{r.file(ignoreName)}) || len(r.changes) > 0 {
		t.Errorf("left behind: %v (%v), %d changes", names, err, len(r.changes))
	}
}

func TestEnsureDirKeepsAllButConfigOutOfCommits(t *testing.T) {
	for name, before := range map[string]string{
		"fresh":     "",
		"own lines": "!notes.md\n# mine",
		"complete":  "*\n!config.json\n",
	} {
		t.Run(name, func(t *testing.T) {
			repo := t.TempDir()
			git(t, repo, "init", "-q")
			ignore := filepath.Join(repo, Below, ignoreName)
			if before != "" {
				if err := errors.Join(os.MkdirAll(filepath.Dir(ignore), 0o755), os.WriteFile(ignore, []byte(before), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if err := EnsureDir(repo); err != nil {
					t.Fatal(err)
				}
			}
			for _, file := range []string{"config.json", "insights.json", "power-state.json", "runs/x/log.jsonl", "notes.md"} {
				path := filepath.Join(repo, Below, file)
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			want := ".claude/popkit/config.json\n"
			if strings.Contains(before, "notes") {
				want += ".claude/popkit/notes.md\n"
			}
			if got := git(t, repo, "ls-files", "--others", "--exclude-standard"); got != want {
				t.Errorf("git would commit\n%s want\n%s", got, want)
			}
			if after, err := os.ReadFile(ignore); err != nil || !strings.HasSuffix(string(after), before) {
				t.Errorf("its own lines are gone: %q (%v)", after, err)
			}
		})
	}
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}
