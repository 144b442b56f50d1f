package statefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
)

// Below is where the files are, below the repository's top level and below each
// workspace.
const Below = ".claude/popkit"

// The names of the files.
const (
	insightsName = "insights.json"
	stateName    = "power-state.json"
	ignoreName   = ".gitignore"
)

const ignoreText = `# popkit's own files; only its configuration belongs into commits
*
!config.json
`

// EnsureDir makes repo's directory for popkit's files, with a .gitignore that
// keeps all but config.json out of commits. An existing .gitignore is left as it
// is when it ignores everything already; else the lines that do so are put
// before its own, which therefore still count.
func EnsureDir(repo string) error {
	dir := filepath.Join(repo, Below)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	file := filepath.Join(dir, ignoreName)
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s: %w", file, err)
	}
	if ignoresAll(string(old)) {
		return nil
	}
	if err := renameio.WriteFile(file, append([]byte(ignoreText), old...), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}

func ignoresAll(text string) bool {
	for line := range strings.Lines(text) {
		switch strings.TrimSpace(line) {
		case "*", "/*", "**":
			return true
		}
	}
	return false
}

// openWorkspace makes the directory in a workspace and opens it. A .gitignore is
// only made where there is none: one that is there may be tracked, and would
// become part of the agent's work. Nothing outside of root is touched, whatever
// links are there.
func openWorkspace(root string) (*os.Root, error) {
	top, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer top.Close() // read only: nothing to lose
	if err := top.MkdirAll(Below, 0o755); err != nil {
		return nil, err
	}
	below, err := top.OpenRoot(Below)
	if err != nil {
		return nil, err
	}
	file, err := below.OpenFile(ignoreName, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return below, nil
	}
	if err == nil {
		_, err = file.WriteString(ignoreText)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return nil, errors.Join(err, below.Close())
	}
	return below, nil
}
