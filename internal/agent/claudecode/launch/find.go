package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Install is the command that installs Claude Code.
const Install = "npm install -g @anthropic-ai/claude-code"

// ErrNotFound says that there is no Claude Code on this machine.
var ErrNotFound = errors.New("no Claude Code found")

// versionTimeout bounds the question for a version. A cold start reads 250 MB.
const versionTimeout = 10 * time.Second

// CLI is an installed Claude Code.
type CLI struct {
	Path    string // absolute
	Version string // e.g. 2.1.197
}

// Find returns the CLI at a path, or, without one, the first claude in the PATH of
// an environment. It asks the program for its version, which proves that it runs; one
// that is too old is none.
func Find(ctx context.Context, path string, environ []string) (CLI, error) {
	path, err := locate(path, environ)
	if err != nil {
		return CLI{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Env = environ
	cmd.WaitDelay = time.Second // what it started may hold its output open
	out, err := cmd.Output()
	if err != nil {
		return CLI{}, fmt.Errorf("%s --version: %w", path, err)
	}
	version, _, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if _, err := FeaturesOf(version); err != nil {
		return CLI{Path: path, Version: version}, fmt.Errorf("%s: %w", path, err)
	}
	return CLI{Path: path, Version: version}, nil
}

// locate finds the program, as a shell would.
func locate(path string, environ []string) (string, error) {
	if path != "" {
		if rest, ok := strings.CutPrefix(path, "~/"); ok {
			path = filepath.Join(lookup(environ, "HOME"), rest)
		}
		info, err := os.Stat(path)
		if err != nil {
			return "", fmt.Errorf("claude.path: %w", err)
		}
		if info.IsDir() || info.Mode()&0o111 == 0 {
			return "", fmt.Errorf("claude.path: %s is no program", path)
		}
		return filepath.Abs(path)
	}
	for _, dir := range filepath.SplitList(lookup(environ, "PATH")) {
		file := filepath.Join(dir, "claude")
		if info, err := os.Stat(file); filepath.IsAbs(dir) && err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return file, nil
		}
	}
	return "", ErrNotFound
}

// lookup returns the value of a variable, the last one given.
func lookup(environ []string, name string) string {
	value := ""
	for _, e := range environ {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			value = v
		}
	}
	return value
}

// Places are what of the file system the program is made of: the agent's sandbox has
// to let it be read, wherever it is installed.
func (c CLI) Places() []string {
	real := c.real()
	for at := filepath.Dir(real); at != filepath.Dir(at); at = filepath.Dir(at) {
		if filepath.Base(at) == "node_modules" { // a package, with those that it needs beside it
			return []string{at}
		}
	}
	return []string{real}
}

// real is the program without the links that lead to it, which the sandbox may not
// show. It is looked at each time: an update moves them.
func (c CLI) real() string {
	if real, err := filepath.EvalSymlinks(c.Path); err == nil {
		return real
	}
	return c.Path // it will not start, and say so
}
