package sandbox_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"popkit/internal/sandbox"
)

// everyday is what agents and checks do all day, by the tool that it takes.
var everyday = map[string]string{
	"git": `git init -q g && cd g && git config user.name a && git config user.email a@b && echo x > f && git add f && git commit -qm one &&
		git branch b && git checkout -q b && echo y > f && git commit -qam two && git stash list && git log --oneline | grep -q two`,
	"go": `mkdir go && cd go && printf 'module x\n' > go.mod && printf 'package x\n' > x.go && printf 'package x\nimport "testing"\nfunc TestX(t *testing.T) { t.TempDir() }\n' > x_test.go &&
		go build ./... && go test ./...`,
	"npm": `mkdir -p npm/dep && cd npm && echo '{"name":"dep","version":"1.0.0"}' > dep/package.json && (cd dep && npm pack --silent) &&
		echo '{"name":"x","version":"1.0.0","dependencies":{"dep":"file:dep/dep-1.0.0.tgz"}}' > package.json &&
		npm install --offline --silent --no-audit --no-fund && rm -rf node_modules && npm ci --offline --silent --no-audit --no-fund && test -d node_modules/dep`,
	"python3": `mkdir py && cd py && mkdir pk pk-1.dist-info && touch pk/__init__.py pk-1.dist-info/RECORD && printf 'Metadata-Version: 2.1\nName: pk\nVersion: 1\n' > pk-1.dist-info/METADATA &&
		printf 'Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n' > pk-1.dist-info/WHEEL && python3 -m zipfile -c pk-1-py3-none-any.whl pk pk-1.dist-info &&
		if python3 -c 'import ensurepip'; then python3 -m venv v && v/bin/pip install --quiet --no-index --disable-pip-version-check ./pk-1-py3-none-any.whl && v/bin/python -I -c 'import pk'
		else python3 -m pip install --quiet --no-index --disable-pip-version-check --target t ./pk-1-py3-none-any.whl && PYTHONPATH=t python3 -c 'import pk'; fi`,
	"cargo": `cargo new --quiet --vcs none c && cd c && cargo build --offline --quiet && test "$(target/debug/c)" = 'Hello, world!'`,
}

// installs says how a tool is had.
var installs = map[string]string{"git": "apt-get install -y git", "go": "see go.dev/dl", "npm": "apt-get install -y nodejs npm", "python3": "apt-get install -y python3-pip", "cargo": "apt-get install -y cargo"}

// TestEverydayWork goes on in the sandbox, with the tools that are here and their
// caches, which stay as they are.
func TestEverydayWork(t *testing.T) {
	a, err := sandbox.Detect(t.TempDir(), t.TempDir())
	if err != nil || a.Degree != sandbox.Full {
		t.Fatal(a, err)
	}
	for tool, command := range everyday {
		t.Run(tool, func(t *testing.T) {
			if _, err := exec.LookPath(tool); err != nil {
				t.Fatalf("%v (%s)", err, installs[tool])
			}
			w := worldIn(t, t.TempDir())
			p := w.place(a)
			p.Environ = caches(t)
			p.Sockets = sandbox.Sockets()
			if rust := os.Getenv("LENT"); rust != "" {
				p.Read = append(p.Read, rust) // it lies in /tmp, of which a command has its own
			}
			vars := strings.Join(p.Environ, " ")
			if vars != "" {
				command = "export " + vars + " && " + command
			}
			if out, code := inside(t, w, p, command); code != 0 {
				t.Errorf("exit status %d: %s", code, out)
			}
			w.unharmed(t, a)
		})
	}
}

// caches are the user's own, warm ones: the world's HOME has none. They are
// copied on write, too.
func caches(t *testing.T) []string {
	t.Helper()
	home := os.Getenv("HOME")
	var env []string
	for variable, dir := range map[string]string{"GOCACHE": ".cache/go-build", "CARGO_HOME": ".cargo", "RUSTUP_HOME": ".rustup"} {
		if info, err := os.Stat(filepath.Join(home, dir)); err == nil && info.IsDir() {
			env = append(env, variable+"="+filepath.Join(home, dir))
		}
	}
	return env
}

const nobody = 65534

// TestAsOrdinaryUser runs the tests again as a user without privileges, for whom
// namespaces take a user namespace. Started by such a user, they are that already.
func TestAsOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		return
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
	for _, err := range []error{os.WriteFile(dir+"/sandbox.test", binary, 0o755), os.Mkdir(dir+"/tmp", 0o700), os.Chown(dir+"/tmp", nobody, nobody), os.Chmod(dir, 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	// Go has no warm cache there, and would compile all of itself.
	cmd := exec.Command(dir+"/sandbox.test", "-test.run=^(TestDetected|TestWhatCanBeDone|TestEverydayWork)$", "-test.skip=^TestEverydayWork$/^go$")
	cmd.Dir = dir + "/tmp"
	cmd.Env = []string{"PATH=" + lend(t, dir) + ":/usr/local/bin:/usr/bin:/bin", "TMPDIR=" + dir + "/tmp", "HOME=" + dir + "/tmp", "LENT=" + dir + "/rust"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// lend makes root's own Rust readable to everybody, where there is no other, and
// returns the folder that it can be called from.
func lend(t *testing.T, dir string) string {
	t.Helper()
	if _, err := os.Stat("/usr/bin/cargo"); err == nil {
		return "/usr/bin"
	}
	out, err := exec.CommandContext(t.Context(), "rustc", "--print", "sysroot").Output()
	if err != nil {
		t.Fatalf("%v (%s)", err, installs["cargo"])
	}
	from, to := strings.TrimSpace(string(out)), dir+"/rust"
	for _, part := range []string{"bin/cargo", "bin/rustc", "lib"} {
		err := filepath.WalkDir(filepath.Join(from, part), func(path string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && d.Name() == "src" {
				return filepath.SkipDir
			}
			at := to + strings.TrimPrefix(path, from)
			if d.IsDir() {
				return os.MkdirAll(at, 0o755)
			}
			if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
				return err
			}
			if os.Link(path, at) == nil {
				return nil
			}
			data, err := os.ReadFile(path) // another file system
			if err != nil {
				return err
			}
			return os.WriteFile(at, data, 0o755)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return to + "/bin"
}
