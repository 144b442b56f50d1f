package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// binaries is the folder of the popkit that the scripts drive.
var binaries string //nolint:gochecknoglobals // set once by TestMain

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "popkit-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	binaries = dir
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "popkit"), "popkit/cmd/popkit")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build popkit: %w\n%s", err, out)
	}
	return m.Run(), nil
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		Setup:               setup,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"repo": repo, "popkit": popkit, "ends": ends, "until": until, "listen": listen,
		},
	})
}

// setup gives a script a home of its own and a short path for sockets.
func setup(env *testscript.Env) error {
	sockets, err := os.MkdirTemp("/tmp", "pk-")
	if err != nil {
		return err
	}
	env.Defer(func() { os.RemoveAll(sockets) })
	home := filepath.Join(env.WorkDir, "home")
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	config := "[user]\n\tname = Ada\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n"
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config), 0o644); err != nil {
		return err
	}
	if err := mayWrite(home, env.WorkDir); err != nil {
		return err
	}
	env.Setenv("HOME", home)
	env.Setenv("USER", "ada")
	env.Setenv("XDG_RUNTIME_DIR", sockets)
	env.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
	env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	goCache, err := exec.Command("go", "env", "GOCACHE").Output() // warm: the demo compiles
	if err != nil {
		return err
	}
	env.Setenv("GOCACHE", strings.TrimSpace(string(goCache)))
	env.Setenv("PATH", binaries+string(filepath.ListSeparator)+env.Getenv("PATH"))
	return nil
}

// mayWrite lets agents write where a test looks for what they did.
func mayWrite(home, dir string) error {
	config := filepath.Join(home, ".config", "popkit", "config.json")
	if err := os.MkdirAll(filepath.Dir(config), 0o755); err != nil {
		return err
	}
	return os.WriteFile(config, fmt.Appendf(nil, `{"sandbox_write": [%q]}`, dir), 0o644)
}

// repo makes a folder a repository, and has the engine that is left in it ended.
func repo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: repo DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	for _, git := range [][]string{{"init", "-q"}, {"add", "-A"}, {"commit", "-q", "--allow-empty", "-m", "begin"}} {
		if out, err := command(ts, dir, append([]string{"git"}, git...)).CombinedOutput(); err != nil {
			ts.Fatalf("git %v: %v\n%s", git, err, out)
		}
	}
	ts.Defer(func() {
		if out, err := command(ts, dir, []string{"popkit", "power", "stop", "--now"}).CombinedOutput(); err != nil {
			ts.Logf("stop what is left: %v\n%s", err, out)
		}
	})
}

// command is a command in the script's environment.
func command(ts *testscript.TestScript, dir string, args []string) *exec.Cmd {
	path := args[0]
	if path == "popkit" {
		path = filepath.Join(binaries, "popkit")
	}
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = dir
	for _, name := range slices.Concat(claudeVariables, []string{"HOME", "USER", "PATH", "WORK", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "GIT_CONFIG_NOSYSTEM",
		"GOCACHE", "POPKIT_SOCKET", "SECRET_TOKEN", "EDITOR", "CLAUDE_CODE_MAX_RETRIES"}) {
		if v := ts.Getenv(name); v != "" {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	return cmd
}

// finish runs a command and returns its exit code.
func finish(ts *testscript.TestScript, args []string) int {
	cmd := command(ts, ts.MkAbs("."), args)
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	ts.Check(cmd.Start())
	late := time.AfterFunc(2*patience, func() {
		_ = cmd.Process.Kill() // it fails where the command has just ended
	})
	defer late.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	return cmd.ProcessState.ExitCode()
}

func popkit(ts *testscript.TestScript, neg bool, args []string) {
	if code := finish(ts, append([]string{"popkit"}, args...)); (code != 0) != neg {
		ts.Fatalf("popkit %s ended with %d", strings.Join(args, " "), code)
	}
}

func ends(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: ends CODE CMD…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if code := finish(ts, args[1:]); code != want {
		ts.Fatalf("%s ended with %d, not %d", strings.Join(args[1:], " "), code, want)
	}
}

// listen opens a socket that is nobody's business: whoever reaches it fails the test.
func listen(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: listen SOCKET")
	}
	l, err := net.Listen("unix", args[0])
	ts.Check(err)
	reached := make(chan bool)
	go func() {
		c, err := l.Accept()
		if err == nil {
			err = c.Close()
		}
		reached <- err == nil
	}()
	ts.Defer(func() {
		_ = l.Close() // the end of the listener's goroutine
		if <-reached {
			ts.Fatalf("%s was reached", args[0])
		}
	})
}

// patience is how long until waits for what never comes; reaching it fails.
const patience = 90 * time.Second

func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: until CMD…")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		var out bytes.Buffer
		cmd := command(ts, ts.MkAbs("."), args)
		cmd.Stdout, cmd.Stderr = &out, &out
		err := cmd.Run()
		if err == nil {
			fmt.Fprint(ts.Stdout(), out.String())
			return
		}
		select {
		case <-ctx.Done():
			ts.Fatalf("%s: still %v\n%s", strings.Join(args, " "), err, out.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
