package demo

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed all:files
var files embed.FS

// Write makes the demo in dir, which must be empty or not there, and returns the
// paths of the repository and the plan.
func Write(ctx context.Context, dir string) (repo, plan string, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", "", fmt.Errorf("demo: %w", err)
	}
	if err := empty(dir); err != nil {
		return "", "", err
	}
	err = fs.WalkDir(files, "files", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return put(dir, path)
	})
	if err != nil {
		return "", "", fmt.Errorf("demo: %w", err)
	}
	repo = filepath.Join(dir, "project")
	return repo, filepath.Join(dir, "plan.yaml"), commit(ctx, repo)
}

func empty(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("demo: %s is not empty (choose another folder)", dir)
	}
	return nil
}

// put writes one embedded file. Their names end in .txt, so that nothing takes
// the project for a part of this one.
func put(dir, path string) error {
	text, err := files.ReadFile(path)
	if err != nil {
		return err
	}
	name := filepath.Join(dir, filepath.FromSlash(strings.TrimSuffix(strings.TrimPrefix(path, "files/"), ".txt")))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(strings.ReplaceAll(string(text), "@DIR@", dir)), 0o644)
}

// commit makes the project a repository with one commit.
func commit(ctx context.Context, repo string) error {
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"},
		{"config", "user.name", "popkit demo"},
		{"config", "user.email", "demo@popkit.invalid"},
		{"config", "commit.gpgsign", "false"},
		{"add", "."},
		{"commit", "-q", "-m", "A ledger that can't transfer yet"},
	} {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = repo
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("demo: git %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}
