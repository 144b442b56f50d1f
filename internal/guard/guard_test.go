package guard

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/core/policy"
	"popkit/internal/redact"
)

// place is a workspace with the named files.
func place(t *testing.T, files ...string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, ".git/HEAD") {
		path := filepath.Join(dir, f)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("ref: refs/heads/"+f), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func tracks(files ...string) func(context.Context) ([]string, error) {
	return func(context.Context) ([]string, error) { return files, nil }
}

func TestResolve(t *testing.T) {
	dir := place(t, "src/a.go")
	for link, to := range map[string]string{
		"inside": "src", "outside": "/etc", "dangling": "/nowhere/at/all", "hop": "dangling", "loop": "loop", "up": "../up",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		dir + "/src/a.go":              dir + "/src/a.go",
		dir + "/src/new/b.go":          dir + "/src/new/b.go",
		dir + "/inside/a.go":           dir + "/src/a.go",
		dir + "/inside/new.go":         dir + "/src/new.go",
		dir + "/outside/passwd":        "/etc/passwd",
		dir + "/dangling":              "/nowhere/at/all",
		dir + "/dangling/x/y":          "/nowhere/at/all/x/y",
		dir + "/hop/x":                 "/nowhere/at/all/x",
		dir + "/loop":                  "/",
		dir + "/loop/x":                "/",
		dir + "/src/../inside/b":       dir + "/src/b",
		dir + "/up/x":                  filepath.Dir(dir) + "/up/x",
		"/" + strings.Repeat("a/", 60): "/" + strings.TrimSuffix(strings.Repeat("a/", 60), "/"),
	} {
		if got := resolve(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// TestRead: what an agent puts in the place of a file neither leads the guard out
// of the workspace nor holds it up.
func TestRead(t *testing.T) {
	dir := place(t, "a.txt", "big")
	for link, to := range map[string]string{"out": "/etc/passwd", "zero": "/dev/zero", "in": "a.txt"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(filepath.Join(dir, "big"), maxContent+1); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := newDesk(Seat{Workspace: dir})
	for name, want := range map[string]bool{
		"a.txt": true, "in": true, "out": false, "zero": false, "pipe": false, "big": false, "none": false, "../x": false, ".": false,
	} {
		if text, ok := d.content(name); ok != want || ok && text == "" {
			t.Errorf("%s: %q, %t", name, text, ok)
		}
	}
	if got := d.branch(); got != ".git/HEAD" {
		t.Errorf("the branch is %q", got)
	}
	if err := os.Remove(filepath.Join(dir, ".git/HEAD")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, ".git/HEAD"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := d.branch(); got != "" {
		t.Errorf("the branch is %q", got)
	}
}

func TestTrackedAndBelow(t *testing.T) {
	dir := place(t, "src/a.go", "src/b/c.go", "new.txt")
	d := newDesk(Seat{Workspace: dir, Tracked: tracks("src/a.go", "src/b/c.go", "srcs", "go.mod")})
	for rel, want := range map[string]int{"src": 2, "src/a.go": 1, ".": 4, "": 4, "*.go": 0, "src/**/*.go": 2, "**": 4, "none": 0, "sr": 0, "go.*": 1} {
		if n, err := d.countTracked(t.Context(), rel); n != want || err != nil {
			t.Errorf("%q: %d, %v, want %d", rel, n, err, want)
		}
	}
	if got := d.below("src"); !slices.Equal(got, []string{"src/a.go", "src/b/c.go"}) {
		t.Errorf("below src: %v", got)
	}
	if got := d.below("."); !slices.Equal(got, []string{"new.txt", "src/a.go", "src/b/c.go"}) {
		t.Errorf("below: %v", got)
	}
	if got := d.below("none"); got != nil {
		t.Errorf("below what is not there: %v", got)
	}
}

func call(tool, input string) Call {
	return Call{Call: policy.Call{Tool: tool, Input: json.RawMessage(input)}, ID: "t1"}
}

// TestFailsClosed: without rules, without a seat, without facts, the answer is no.
func TestFailsClosed(t *testing.T) {
	dir := place(t)
	g := New(redact.New([]string{"geheim"}))
	read := call("Read", `{"file_path":"a"}`)
	if j := g.Judge(t.Context(), "a-1", read); j.Judged.Verdict != event.VerdictDeny || j.Judged.Rule != "no_agent" {
		t.Errorf("no seat: %+v", j)
	}
	g.Seat("a-1", Seat{Workspace: dir, Tracked: func(context.Context) ([]string, error) { return nil, errors.New("git is gone") }})
	if j := g.Judge(t.Context(), "a-1", read); j.Judged.Verdict != event.VerdictDeny {
		t.Errorf("no rules: %+v", j)
	}
	d := newDesk(Seat{Workspace: dir}) // Tracked is nil: a fault of ours
	g.desks["a-2"] = d
	if _, err := func() (n int, err error) {
		defer func() {
			if recover() != nil {
				err = errors.New("panic")
			}
		}()
		return d.countTracked(t.Context(), "x")
	}(); err == nil {
		t.Error("a missing fact went unnoticed")
	}
	j := g.Judge(t.Context(), "a-1", call("Bash", `{"command":"echo geheim","z":1}`))
	if strings.Contains(j.Deed, "geheim") || !strings.Contains(j.Deed, "command: echo") {
		t.Errorf("the deed is %q", j.Deed)
	}
}

// TestCanary: the hook that tried the canary and did as it was told has proved
// itself; one that wrote it all the same is found out, once.
func TestCanary(t *testing.T) {
	dir := place(t)
	g := New(nil)
	g.Seat("a-1", Seat{Workspace: dir, Tracked: tracks()})
	for input, want := range map[string]bool{
		`{"file_path":".git/popkit-canary"}`: true, `{"file_path":"` + dir + `/.git/popkit-canary"}`: true, `{"path":"./.git/popkit-canary"}`: true,
		`{"file_path":".git/config"}`: false, `{"file_path":7}`: false, `{}`: false, `nothing`: false,
	} {
		if j := g.Judge(t.Context(), "a-1", call("Write", input)); j.Judged.Canary != want || j.Breach != nil {
			t.Errorf("%s: %+v", input, j)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, canaryFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if j := g.Judge(t.Context(), "a-1", call("Read", `{}`)); j.Breach == nil || j.Breach.Kind != event.BreachCanary || j.Breach.Agent != "a-1" {
		t.Errorf("%+v", j)
	}
	if b := g.Leave("a-1"); b != nil {
		t.Errorf("found out twice: %+v", b)
	}
	g.Seat("a-2", Seat{Workspace: dir})
	if b := g.Leave("a-2"); b != nil {
		t.Errorf("it never tried: %+v", b)
	}
}

// TestSubject: what people answer "always" to is one thing, whatever is cut off it.
func TestSubject(t *testing.T) {
	g := New(redact.New([]string{"geheim-1", "geheim-2"}))
	long := strings.Repeat("x", maxText)
	subjects := []string{"git push origin main", "git push origin main #1", "token geheim-1", "token geheim-2", long, long + "a", long + "b"}
	seen := map[string]string{}
	for _, raw := range subjects {
		got := g.subject(raw)
		if other, twice := seen[got]; twice || strings.Contains(got, "geheim") || len(got) > 2*maxText {
			t.Errorf("%q and %q are both %q", raw, other, got)
		}
		if seen[got] = raw; got != g.subject(raw) {
			t.Errorf("%q is not always the same", raw)
		}
	}
}

func TestDigest(t *testing.T) {
	a := digestOf(call("Bash", `{"command": "ls"}`))
	for name, c := range map[string]Call{
		"another tool": call("Run", `{"command":"ls"}`), "another input": call("Bash", `{"command":"ls "}`), "no JSON": call("Bash", `ls`),
		"elsewhere": {Call: policy.Call{Tool: "Bash", Input: json.RawMessage(`{"command":"ls"}`), Cwd: "/x"}},
	} {
		if digestOf(c) == a {
			t.Errorf("%s: the same", name)
		}
	}
	if again := call("Bash", `{"command":"ls"}`); digestOf(again) != a {
		t.Error("blanks make it another call")
	}
}
