package proof

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"popkit/internal/proc"
	"popkit/internal/sandbox"
)

func TestMain(m *testing.M) {
	proc.MaybeInit(sandbox.Enter)
	if len(os.Args) > 1 && os.Args[1] == Arg {
		os.Exit(Attack(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// TestEveryPromise is the red team: an agent told to do its worst changes nothing
// that it may not.
func TestEveryPromise(t *testing.T) {
	tries := 0
	for _, a := range []sandbox.Ability{{Degree: sandbox.Full, Copies: true}, {Degree: sandbox.Mounts, Copies: true}, {Degree: sandbox.Landlock}} {
		t.Run(a.String(), func(t *testing.T) {
			results, err := Run(t.Context(), a, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				if r.State == Broken || r.State == NotAvailable && a.Degree == sandbox.Full && a.Copies {
					t.Errorf("%s: %s: %s", r.State, r.Promise, r.Detail)
				}
				if a.Degree == sandbox.Full && a.Copies {
					tries += r.Tries
				}
			}
		})
	}
	if tries < 100 {
		t.Errorf("only %d attacks", tries)
	}
}

// TestAttacksAreReal: without a sandbox they get what they want, so that it is the
// sandbox which stops them. Only those are tried whose victims are the world's.
func TestAttacksAreReal(t *testing.T) {
	w, err := newWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	}()
	var failed []string
	real := 0
	for _, p := range promises() {
		if !p.victims {
			continue
		}
		for _, at := range p.attacks {
			if err := w.restore(true); err != nil {
				t.Fatal(err)
			}
			said, err := w.start(t.Context(), w.environ(), nil, id(p, at))
			if err != nil {
				t.Fatal(err)
			}
			harm, err := w.harm()
			if err != nil {
				t.Fatal(err)
			}
			if harm == "" && said != gotIt {
				failed = append(failed, id(p, at)+" ("+said+")")
				continue
			}
			real++
		}
	}
	if len(failed) > 0 || real < 60 {
		t.Errorf("%d attacks are real, these prove nothing: %s", real, strings.Join(failed, "; "))
	}
}

const nobody = 65534

// TestAsOrdinaryUser tries the same attacks as a user without privileges, for whom
// the sandbox takes a user namespace. Started by such a user, they are that already.
func TestAsOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		return
	}
	dir, err := os.MkdirTemp("/tmp", "popkit-ordinary-") // every part of the path is open to the user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sandbox.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{os.WriteFile(dir+"/proof.test", binary, 0o755), os.Mkdir(dir+"/tmp", 0o700), os.Chown(dir+"/tmp", nobody, nobody), os.Chmod(dir, 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), dir+"/proof.test", "-test.v", "-test.run=^TestEveryPromise$")
	cmd.Dir = dir + "/tmp"
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "TMPDIR=" + dir + "/tmp", "HOME=" + dir + "/tmp"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "--- PASS: TestEveryPromise/") != 3 {
		t.Errorf("%v\n%s", err, out)
	}
}
