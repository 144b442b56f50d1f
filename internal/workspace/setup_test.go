package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// runShell is Options.Exec for tests.
func runShell(ctx context.Context, dir, command string, out io.Writer) (int, error) {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// TestSetupIsNoWork: what the setup command changes is no agent's work, unless
// the agent goes on with it.
func TestSetupIsNoWork(t *testing.T) {
	const setup = `mkdir -p "deps/ü [x]"; echo 1 > "deps/ü [x]/one"; echo 2 > deps/two; echo lock >> a.txt; chmod +x b.txt; rm src/main.go; touch late`
	for _, c := range []struct {
		name, does string
		files      []string
	}{
		{"nothing", `true`, nil},
		{"commits it", `git add -A; git commit -qm all`, nil},
		{"adds it", `git add -A -f`, nil},
		{"works beside it", `echo x > mine`, []string{"mine"}},
		{"commits both", `echo x > mine; git add -A; git commit -qm all`, []string{"mine"}},
		{"goes on with it", `echo more >> a.txt; echo 3 > deps/two; rm late; mkdir -p src; echo new > src/main.go`, []string{"a.txt", "deps/two", "src/main.go"}},
		{"undoes it", `git checkout -q -- .; rm -rf deps late`, nil},
		{"puts a file in its place", `rm -rf deps; echo x > deps`, []string{"deps"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := newRepo(t)
			write(t, dir, "src/main.go", "package main\n")
			runGit(t, dir, "add", "-A")
			runGit(t, dir, "commit", "-qm", "main.go")
			w := newWorld(t, dir, func(o *Options) { o.Setup, o.Exec = setup, runShell })
			path := w.prepare("a-1")
			sh(t, path, c.does)
			for range 2 { // again after a crash: the same
				if work := w.collect("a-1"); !slices.Equal(work.Files, c.files) {
					t.Errorf("work %q, want %q", work.Files, c.files)
				}
			}
			if rescue, err := w.run.Release(w.ctx, "a-1", path, nil); err != nil || strings.HasPrefix(rescue, "refs/") && c.name != "commits it" {
				t.Errorf("rescued %q, %v", rescue, err)
			}
		})
	}
}

// TestSetupTakesTooLong: one that hangs is no reason for waiting for ever, and who
// breaks it off is not told of a limit.
func TestSetupTakesTooLong(t *testing.T) {
	hang := func(ctx context.Context, _, _ string, out io.Writer) (int, error) {
		fmt.Fprintln(out, "installing")
		<-ctx.Done()
		return 137, nil
	}
	w := newWorld(t, newRepo(t), func(o *Options) { o.Setup, o.SetupLimit, o.Exec = "make deps", time.Millisecond, hang })
	const want = `setup command "make deps" took longer than 1ms (limits.agent_timeout_minutes)`
	if _, err := w.run.Prepare(w.ctx, PrepareSpec{Agent: "a-1", Base: w.base}); err == nil || !strings.HasSuffix(err.Error(), want+": installing") {
		t.Errorf("prepared: %v", err)
	}
	_, _, err := w.run.CheckTree(w.ctx, w.base)
	var late *SetupError
	if !errors.As(err, &late) {
		t.Fatalf("a tree for checks: %v", err)
	}
	if reason, output := late.CouldNotRun(); reason != want || output != "installing" {
		t.Errorf("could not run: %q, %q", reason, output)
	}
	ctx, cancel := context.WithCancel(w.ctx)
	w.run.opts.SetupLimit = time.Hour
	w.run.opts.Exec = func(context.Context, string, string, io.Writer) (int, error) { cancel(); return 137, nil }
	if _, err := w.run.Prepare(ctx, PrepareSpec{Agent: "a-2", Base: w.base}); err == nil || strings.Contains(err.Error(), "longer") {
		t.Errorf("broken off: %v", err)
	}
	if got := w.release("a-1"); got != "" {
		t.Errorf("rescued %q", got)
	}
}

// TestCheckTreeIsSetUp: a check finds what an agent found.
func TestCheckTreeIsSetUp(t *testing.T) {
	dir := newRepo(t)
	write(t, dir, ".env.local", "secret\n")
	w := newWorld(t, dir, func(o *Options) {
		o.Copy = []string{".env.local"}
		o.Setup, o.Exec = `test ! -f broken || { echo "what is wrong"; exit 3; }; mkdir -p deps; echo x >> deps/x`, runShell
	})
	for range 2 {
		tree, give, err := w.run.CheckTree(w.ctx, w.base)
		if err != nil {
			t.Fatal(err)
		}
		if read(t, filepath.Join(tree, ".env.local")) != "secret\n" || read(t, filepath.Join(tree, "deps/x")) != "x\n" {
			t.Error("not set up")
		}
		give()
	}
	if len(w.reports) != 0 {
		t.Errorf("reports %q", w.reports)
	}
	path := w.prepare("a-1")
	write(t, path, "broken", "")
	_, _, err := w.run.CheckTree(w.ctx, w.collect("a-1").Commit)
	var failed *SetupError
	if !errors.As(err, &failed) || failed.ExitCode != 3 || failed.Output != "what is wrong" {
		t.Errorf("%v", err)
	}
}
