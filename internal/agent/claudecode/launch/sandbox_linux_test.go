package launch_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"popkit/internal/agent/claudecode/launch"
	"popkit/internal/claudetest"
	"popkit/internal/proc"
	"popkit/internal/sandbox"
)

func TestMain(m *testing.M) {
	proc.MaybeInit(sandbox.Enter)
	os.Exit(m.Run())
}

// confined starts a command in the best sandbox of this machine, as the daemon
// does it.
func (w *world) confined(t *testing.T, l *launch.Launcher) starter {
	t.Helper()
	root := filepath.Dir(w.home)
	a, err := sandbox.Detect(root, w.home)
	if a.Degree != sandbox.Full {
		t.Fatalf("only %s: %v", a, err)
	}
	p := sandbox.Place{
		Ability: a, Home: w.home, Own: root + "/own", Tmp: root + "/own/tmp", Hide: []string{root + "/repo"},
		Read: append(l.CLI().Places(), w.given), Write: []string{w.work, w.state}, Sockets: sandbox.Sockets(),
	}
	spec, more, err := p.Spec()
	if err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, c launch.Command, dir string, in io.Reader, out io.Writer) func() error {
		t.Helper()
		var errs bytes.Buffer
		process, err := proc.Start(t.Context(), proc.Command{
			Path: c.Path, Args: c.Args, Dir: dir, Env: append(append(c.Env, more...), "TMPDIR="+p.Tmp), Stdin: in, Stdout: out, Stderr: &errs, Confine: spec.Orders(),
		})
		if err != nil {
			t.Fatal(err)
		}
		return func() error {
			_, err := process.Wait()
			if errs.Len() > 0 {
				t.Logf("%s", errs.String())
			}
			return err
		}
	}
}

// TestInTheSandbox: the CLI starts, keeps its session, writes by Bash, Write and git,
// and goes on with the session; its user's folder stays as it is.
func TestInTheSandbox(t *testing.T) {
	w := newWorld(t, `
rules:
  - name: a
    steps:
      - {tool: Bash, input: {command: "git init -q . && git config user.name a && git config user.email a@b && echo x > x.txt && git add . && git commit -qm one && echo y > $HOME/.claude/mine; echo z > $HOME/new; cat ../repo/secret; echo t > /tmp/t", description: work}}
      - {tool: Write, input: {file_path: w.txt, content: w}}
      - {tool: Skill, input: {skill: mine}}
      - {text: "Done.", expect: [cherries]}
  - name: b
    steps:
      - {tool: Read, input: {file_path: w.txt}}
      - {text: "Done again."}
expect:
  - {rule: a, never: hidden from agents}
  - {rule: b, found: Read notes.md}
`)
	w.put(t, own(w))
	w.put(t, map[string]string{"repo/secret": "hidden from agents"})
	env := w.environ("ANTHROPIC_API_KEY=" + claudetest.Key)
	l := w.launcher(t, launch.Options{Environ: env})
	before := listing(t, w.home)
	for _, turn := range []struct {
		marker string
		resume bool
	}{{"@@a@@", false}, {"@@b@@", true}} {
		s := w.spec(env)
		s.Resume = turn.resume
		c, err := l.Prepare(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		got := w.play(t, w.confined(t, l), c, turn.marker, "allow")
		if !got.result.Finished() {
			t.Errorf("%s: %+v", turn.marker, got)
		}
	}
	if err := w.model.Check(); err != nil {
		t.Error(err)
	}
	for _, made := range []string{"work/x.txt", "work/w.txt", "work/.git/refs/heads"} {
		if _, err := os.Stat(filepath.Join(filepath.Dir(w.home), made)); err != nil {
			t.Error(err)
		}
	}
	if sessions, err := filepath.Glob(w.state + "/projects/*/" + sessionID + ".jsonl"); len(sessions) != 1 || err != nil {
		t.Errorf("sessions %v, %v", sessions, err)
	}
	if after := listing(t, w.home); after != before {
		t.Errorf("the user's folder was\n%s\nand is\n%s", before, after)
	}
	w.unsprung(t)
}

// listing is all that is in a folder.
func listing(t *testing.T, dir string) string {
	t.Helper()
	out, err := exec.Command("find", dir, "-printf", "%P %s %T@\n").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

const nobody = 65534

// TestAsOrdinaryUser runs the test above again as a user without privileges.
func TestAsOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		return // it was that already
	}
	dir, err := os.MkdirTemp("/tmp", "popkit-ordinary-") // every part of the path is open to the user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	cli := claudetest.Get(t)
	for _, err := range []error{
		os.WriteFile(dir+"/launch.test", binary, 0o755), os.WriteFile(dir+"/go.mod", nil, 0o644), os.Mkdir(dir+"/tmp", 0o700), os.Chown(dir+"/tmp", nobody, nobody), os.Chmod(dir, 0o755),
		os.MkdirAll(dir+"/.tools/claude", 0o777), os.Chmod(dir+"/.tools/claude", 0o777),
		// A copy: the folders above the project may be closed to the user.
		exec.Command("cp", "-a", filepath.Dir(filepath.Dir(cli.Bin)), dir+"/.tools/claude/"+cli.Version).Run(), os.Chmod(dir+"/.tools/claude/"+cli.Version, 0o755),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(dir+"/launch.test", "-test.run=^TestInTheSandbox$")
	cmd.Dir = dir + "/tmp"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + dir + "/tmp", "HOME=" + dir + "/tmp"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "no tests to run") {
		t.Errorf("%v\n%s", err, out)
	}
}
