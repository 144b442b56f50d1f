package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"popkit/internal/core/event"
)

// keySandbox lets an agent try to reach what the keys are about.
func keySandbox(t *testing.T) {
	home, out := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	writeFile(t, filepath.Join(home, ".netrc"), "made-up")
	writeFile(t, filepath.Join(home, "plain"), "plain")
	outside := filepath.Join(out, "written")
	try := `echo x > ` + outside + `; cat ~/.netrc > key; cat ~/plain > plain; echo gone > ~/plain; readlink /proc/self/ns/net > net; echo end > end`
	mine, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	for config, want := range map[string]struct {
		written       bool
		key, plain    string
		net           bool
		held, nowHome string
	}{
		`"sandbox":"auto"`:                        {false, "", "plain", true, "mounts+landlock", "plain"},
		`"sandbox":"required"`:                    {false, "", "plain", true, "mounts+landlock", "plain"},
		`"sandbox":"off"`:                         {true, "made-up", "plain", true, "off", "gone\n"},
		`"sandbox_write":["` + out + `"]`:         {true, "", "plain", true, "mounts+landlock", "plain"},
		`"sandbox_write":["~/plain"]`:             {false, "", "plain", true, "mounts+landlock", "gone\n"},
		`"sandbox_read":["~/.netrc"]`:             {false, "made-up", "plain", true, "mounts+landlock", "plain"},
		`"sandbox_hide":["~/plain"]`:              {false, "", "", true, "mounts+landlock", "plain"},
		`"sandbox_network":"off"`:                 {false, "", "plain", false, "mounts+landlock", "plain"},
		`"sandbox_network":"on","sandbox":"auto"`: {false, "", "plain", true, "mounts+landlock", "plain"},
	} {
		writeFile(t, filepath.Join(home, "plain"), "plain")
		if err := os.Remove(outside); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if !strings.Contains(config, "sandbox_write") {
			config += `,"sandbox_write":[]`
		}
		run, s := result(t, "{"+config+"}", onePhase(nil, task("a", try)))
		wantOutcome(t, s, event.OutcomeDone)
		show := func(file string) string { return git(t, run.Place.Repo, "show", "popkit/"+run.ID+":"+file) }
		_, err := os.Stat(outside)
		if (err == nil) != want.written || show("key") != want.key || show("plain") != want.plain || (show("net") == mine) != want.net {
			t.Errorf("%s: written %v, key %q, plain %q, net %q", config, err, show("key"), show("plain"), show("net"))
		}
		if got := readFile(t, filepath.Join(home, "plain")); got != want.nowHome {
			t.Errorf("%s: the user's file is now %q", config, got)
		}
		if held := s.Agents["implementer-1"].Process.Sandbox; held != want.held {
			t.Errorf("%s: the log says %q", config, held)
		}
	}
}

// TestRequiredSandbox is on a machine without one: as many Landlock domains as a
// process can have, in none of which anything can be mounted.
func TestRequiredSandbox(t *testing.T) {
	for config, says := range map[string]string{
		`{"sandbox":"required"}`: "exit 5: the configuration requires a sandbox",
		`{"sandbox":"auto"}`:     "none unsandboxed",
	} {
		repo := newRepo(t)
		writeFile(t, filepath.Join(repo, ".claude", "popkit", "config.json"), config)
		out, err := exec.Command(os.Args[0], bareMachine, repo).CombinedOutput()
		if err != nil || !strings.Contains(string(out), says) || strings.Count(strings.TrimSpace(string(out)), "\n") > 0 {
			t.Errorf("%s: %v\n%s", config, err, out)
		}
	}
}

const bareMachine = "__bare-machine"

// onBareMachine runs one agent, and says what held it.
func onBareMachine(repo string) error {
	ctx := context.Background()
	run, err := Create(ctx, NewRun{Repo: repo, Plan: onePhase(nil, task("a", "echo a > a")), Settings: settings()})
	var none *NoSandboxError
	if errors.As(err, &none) {
		fmt.Printf("exit %d: %v\n", none.ExitCode(), err)
		return nil
	}
	if err != nil {
		return err
	}
	var said strings.Builder
	if _, err := Serve(ctx, ServeOptions{Run: run, By: "ada", Ready: nopCloser{&strings.Builder{}}, Log: &said}); err != nil {
		return err
	}
	s, err := run.Fold(ctx)
	if err != nil {
		return err
	}
	for _, p := range s.Problems {
		if word, _, _ := strings.Cut(strings.TrimPrefix(p.Text, "agents are "), ":"); p.Source == "sandbox" {
			fmt.Println(s.Agents["implementer-1"].Process.Sandbox, word)
		}
	}
	return nil
}

// exhaustLandlock runs this program again where nothing can be held any more.
func exhaustLandlock() error {
	goruntime.LockOSThread() // the domains are this thread's, and what it executes
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	for range 16 {
		attr := unix.LandlockRulesetAttr{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK}
		fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
		if errno != 0 {
			return errno
		}
		if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
			return errno
		}
	}
	return syscall.Exec(os.Args[0], append(os.Args, "now"), os.Environ())
}
