package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// removeAll removes path and all below it, read-only directories too. It
// follows no symbolic link. A path that is not there is no error.
func removeAll(path string) error {
	err := os.RemoveAll(path)
	if err == nil {
		return nil
	}
	if cerr := openDirs(path); cerr != nil {
		return fmt.Errorf("remove %s: %w", path, errors.Join(err, cerr))
	}
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}

// openDirs makes every directory below path readable and writable.
func openDirs(path string) error {
	return filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
		if d == nil || !d.IsDir() || err != nil {
			return nil
		}
		return os.Chmod(p, 0o700)
	})
}
