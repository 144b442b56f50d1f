package claudetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The versions that are tested: the one that every run of the tests uses, and the
// oldest that the specification names.
const (
	Pinned = "2.1.197"
	Oldest = "2.0.64"
)

// node is what newer versions want and npm can install as a package, too.
const node = "node@24"

// CLI is an installed Claude Code.
type CLI struct {
	Version string
	Path    string // of the program
	Bin     string // the folder that is put first into PATH
}

// Get returns the version that all tests use.
func Get(tb testing.TB) CLI {
	tb.Helper()
	cli, err := Install(tb.Context(), Pinned)
	if err != nil {
		tb.Fatal(err)
	}
	return cli
}

// Install returns a version, and installs it first if it is not there.
func Install(ctx context.Context, version string) (CLI, error) {
	root, err := project()
	if err != nil {
		return CLI{}, err
	}
	cache := filepath.Join(root, ".tools", "claude")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return CLI{}, fmt.Errorf("install claude %s: %w", version, err)
	}
	dir := filepath.Join(cache, version)
	cli := CLI{Version: version, Bin: filepath.Join(dir, "node_modules", ".bin")}
	cli.Path = filepath.Join(cli.Bin, "claude")
	unlock, err := lock(dir + ".lock")
	if err != nil {
		return CLI{}, fmt.Errorf("install claude %s: %w", version, err)
	}
	defer unlock()
	if _, err := os.Stat(cli.Path); err == nil {
		return cli, nil
	}
	if err := install(ctx, cache, dir, version); err != nil {
		return CLI{}, fmt.Errorf("install claude %s: %w", version, err)
	}
	return cli, nil
}

// lock waits until no other process installs there. The kernel lets go of it when
// its holder dies.
func lock(path string) (func(), error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() { _ = file.Close() }, nil // nothing was written: closing only unlocks
}

// install makes the folder of a version. The caller has the lock.
func install(ctx context.Context, cache, dir, version string) error {
	fresh, err := os.MkdirTemp(cache, version+".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	if out, err := npm(ctx, fresh, version); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	bin := filepath.Join(fresh, "node_modules", ".bin")
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "claude"), "--version")
	cmd.Env = CLI{Bin: bin}.Environ(fresh, "http://127.0.0.1:9")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("what was installed does not run: %w\n%s", err, out)
	}
	if !strings.HasPrefix(string(out), version+" ") {
		return fmt.Errorf("what was installed is another version: %s", out)
	}
	if err := os.Chmod(fresh, 0o755); err != nil { // tests run it as other users, too
		return err
	}
	return os.Rename(fresh, dir)
}

// npm installs, with a newer node where the one that is there is too old for
// that version.
func npm(ctx context.Context, dir, version string) ([]byte, error) {
	program, err := exec.LookPath("npm")
	if err != nil {
		return nil, errors.New("there is no npm: install it with: apt-get install -y nodejs npm (Linux), or: brew install node (macOS)")
	}
	run := func(more ...string) ([]byte, error) {
		args := []string{"install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts=false", "@anthropic-ai/claude-code@" + version}
		return exec.CommandContext(ctx, program, append(args, more...)...).CombinedOutput()
	}
	out, err := run("--engine-strict")
	if err != nil && strings.Contains(string(out), "EBADENGINE") {
		return run(node)
	}
	return out, err
}

// Newest is the newest version that the registry has.
func Newest(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "npm", "view", "@anthropic-ai/claude-code", "version").Output()
	if err != nil {
		return "", fmt.Errorf("npm view @anthropic-ai/claude-code version: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// project is the folder with the go.mod above the test that runs.
func project() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above the working directory")
		}
	}
}
