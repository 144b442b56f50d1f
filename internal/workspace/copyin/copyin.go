package copyin

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Copy copies files or directories, by their names below top, into a work tree.
// One that is not there, or that the commit brings along, is reported and left
// out; so are all when there is no checkout (top is "").
func Copy(top, work string, names []string, report func(format string, args ...any)) error {
	for _, name := range names {
		rel := filepath.Clean(name)
		if !filepath.IsLocal(rel) || rel == "." || inGit(rel) {
			return fmt.Errorf("copy %q: not a path inside the checkout", name)
		}
		if top == "" {
			report("%s is not copied: a bare repository has no checkout to copy from", name)
			continue
		}
		from, to := filepath.Join(top, rel), filepath.Join(work, rel)
		info, err := os.Lstat(from)
		if errors.Is(err, fs.ErrNotExist) {
			report("%s is not copied: it is not in the checkout", name)
			continue
		}
		if err != nil {
			return fmt.Errorf("copy %q: %w", name, err)
		}
		if _, err := os.Lstat(to); err == nil && !info.IsDir() {
			report("%s is not copied: the workspace has it from the commit", name)
			continue
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return fmt.Errorf("copy %q: %w", name, err)
		}
		if err := copyTree(from, to); err != nil {
			return fmt.Errorf("copy %q: %w", name, err)
		}
	}
	return nil
}

// inGit reports whether a path is git's own.
func inGit(rel string) bool {
	first, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
	return first == ".git"
}

// copyTree copies a file, a symbolic link (as one) or a directory. What is at
// the target already stays.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		if _, err := os.Lstat(target); err == nil {
			return nil
		}
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		case d.Type().IsRegular():
			return File(path, target)
		}
		return nil // sockets, pipes and devices are no content
	})
}

// File copies a file with its permissions.
func File(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, info.Mode().Perm())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
