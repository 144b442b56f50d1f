package sandbox_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"popkit/internal/proc"
	"popkit/internal/sandbox"
)

func TestMain(m *testing.M) {
	proc.MaybeInit(sandbox.Enter)
	os.Exit(m.Run())
}

// world is a scratch machine: a HOME with made-up keys, an agent's workspace and
// another's, a repository whose objects are borrowed.
type world struct {
	home, root, mine, other, repo, own string
}

func newWorld(t testing.TB) world {
	t.Helper()
	return worldIn(t, t.TempDir()+`/a:b,c\d`) // what mount options would be cut at
}

func worldIn(t testing.TB, dir string) world {
	t.Helper()
	root := dir + "/home/.cache/root" // as it is by default: in HOME, which is copied on write
	w := world{dir + "/home", root, root + "/mine", root + "/other", dir + "/home/repo", root + "/tmp/own"}
	for path, text := range map[string]string{
		w.home + "/.ssh/id": "KEY", w.home + "/.netrc": "KEY", w.home + "/file": "old", w.home + "/.npmrc": "fund=false\n//r/:_authToken=KEY\n",
		w.mine + "/a.txt": "a", w.mine + "/.env": "ENV", w.mine + "/deep/er/secrets/k": "ENV", w.other + "/o.txt": "theirs",
		w.repo + "/file": "mine", w.repo + "/.git/objects/x": "object", w.own + "/x": "",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w world) place(a sandbox.Ability) sandbox.Place {
	return sandbox.Place{
		Ability: a, Home: w.home, Own: w.own, Tmp: w.own + "/tmp",
		Hide: []string{w.root, w.repo}, Read: []string{w.repo + "/.git/objects"}, Write: []string{w.mine},
		Protect: []string{w.mine + "/.env", w.mine + "/deep/er/secrets"},
	}
}

// inside runs a shell command in a sandbox, in the world's workspace.
func inside(t *testing.T, w world, p sandbox.Place, command string) (string, int) {
	t.Helper()
	spec, env, err := p.Spec()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	process, err := proc.Start(t.Context(), proc.Command{
		Path: "/bin/sh", Args: []string{"sh", "-c", command}, Dir: w.mine, Stdout: &out, Stderr: &out, Confine: spec.Orders(),
		Env: append(env, "PATH="+os.Getenv("PATH"), "HOME="+w.home, "TMPDIR="+p.Tmp, "MINE="+w.mine, "OTHER="+w.other, "REPO="+w.repo),
	})
	if err != nil {
		t.Fatal(err)
	}
	exit, err := process.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), exit.Code
}

// TestDetected is what this machine gives; the degrees below it are tested all the
// same.
func TestDetected(t *testing.T) {
	w := newWorld(t)
	a, err := sandbox.Detect(w.root, w.home)
	if a.Degree != sandbox.Full || !a.Copies {
		t.Errorf("only %s: %v", a, err)
	}
	if left, err := filepath.Glob(w.root + "/try-*"); len(left) > 0 || err != nil {
		t.Errorf("%v is left, %v", left, err)
	}
}

func TestWhatCanBeDone(t *testing.T) {
	full, mounts, landlock := sandbox.Ability{Degree: sandbox.Full, Copies: true}, sandbox.Ability{Degree: sandbox.Mounts, Copies: true}, sandbox.Ability{Degree: sandbox.Landlock}
	bare := sandbox.Ability{Degree: sandbox.Full}
	all := []sandbox.Ability{full, mounts, landlock, bare}
	mounted := []sandbox.Ability{full, mounts, bare}
	copying := []sandbox.Ability{full, mounts}
	for _, tt := range []struct {
		name, command string
		in            []sandbox.Ability
		ok            bool
	}{
		{"work", `echo b > b.txt && mkdir -p n/m && mv b.txt n/m/c && rm a.txt && ln -s n l && : > n/m/c && mkfifo p`, all, true},
		{"tmp", `test $(ls -A $TMPDIR | wc -l) -le 2 && echo x > $TMPDIR/x && t=$(mktemp) && rm $t`, all, true},
		{"the system's /tmp", `echo x > /tmp/x && test -e $TMPDIR/x && echo x > /var/tmp/y`, mounted, true},
		{"devices", `echo x > /dev/null && head -c 4 /dev/urandom > r && echo y > /dev/stderr && echo z > /dev/fd/1 && test -w /dev/shm`, all, true},
		{"run programs", `sh -c 'id -u' && uname > u && git --version`, all, true},
		{"borrowed objects", `test "$(cat $REPO/.git/objects/x)" = object`, all, true},
		{"file in HOME", `test "$(cat ~/file)" = old`, all, true},
		{"npm's settings", `grep fund=false ~/.npmrc`, mounted, true},
		{"copy of HOME", `echo new > ~/file && echo x > ~/.fresh && test "$(cat ~/file)" = new && mkdir -p ~/.cache/x`, copying, true},
		{"HOME", `echo new > ~/file`, []sandbox.Ability{landlock, bare}, false},
		{"keys", `cat ~/.ssh/id`, all, false},
		{"one file of keys", `grep KEY ~/.netrc`, all, false},
		{"tokens", `grep KEY ~/.npmrc`, all, false},
		{"another's workspace", `cat $OTHER/o.txt`, all, false},
		{"another's workspace, to write", `echo x >> $OTHER/o.txt`, all, false},
		{"the user's repository", `cat $REPO/file`, all, false},
		{"borrowed objects, to write", `echo x > $REPO/.git/objects/y`, all, false},
		{"protected", `echo x > .env`, mounted, false},
		{"protected, to remove", `rm -f .env`, mounted, false},
		{"protected, to replace", `echo x > e && mv -f e .env`, mounted, false},
		{"below protected", `echo x > deep/er/secrets/new`, mounted, false},
		{"folder on the way", `mv deep old`, mounted, false},
		{"inner folder on the way", `mv deep/er deep/old`, mounted, false},
		{"beside protected", `echo x > deep/er/fine && rm deep/er/fine`, all, true},
		{"the system", `echo x > /etc/popkit-test`, all, false},
		{"kernel settings", `cat /proc/sys/kernel/core_pattern > /proc/sys/kernel/core_pattern`, all, false},
		{"run-time folder", `test -n "$(ls /run)"`, mounted, false},
		{"mount", `mount -t tmpfs x $MINE/n`, all, false},
		{"umount", `umount $MINE/.env`, mounted, false},
	} {
		for _, a := range tt.in {
			t.Run(tt.name+" "+a.String(), func(t *testing.T) {
				w := newWorld(t)
				out, code := inside(t, w, w.place(a), tt.command)
				if (code == 0) != tt.ok {
					t.Errorf("exit status %d: %s", code, out)
				}
				w.unharmed(t, a)
				if _, err := os.Stat(w.mine + "/n/m/c"); tt.name == "work" && err != nil {
					t.Errorf("the work is not there: %v", err)
				}
			})
		}
	}
}

// unharmed looks from outside.
func (w world) unharmed(t *testing.T, a sandbox.Ability) {
	t.Helper()
	for path, want := range map[string]string{
		w.home + "/.ssh/id": "KEY", w.home + "/file": "old", w.other + "/o.txt": "theirs", w.repo + "/file": "mine", w.mine + "/.env": "ENV",
		w.mine + "/deep/er/secrets/k": "ENV",
	} {
		if a.Degree == sandbox.Landlock && strings.HasPrefix(path, w.mine) {
			continue
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != want {
			t.Errorf("%s is now %q, %v", path, data, err)
		}
	}
	for _, dir := range []string{w.home, w.repo + "/.git/objects"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.Contains("x .ssh .netrc .npmrc file .cache repo", e.Name()) {
				t.Errorf("%s has a new %s", dir, e.Name())
			}
		}
	}
}
