package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// RemoveAll removes path and all below it, read-only directories too. It
// follows no symbolic link. A path that is not there is no error.
func RemoveAll(path string) error {
	err := os.RemoveAll(path)
	if err == nil {
		return nil
	}
	if cerr := OpenDirs(path); cerr != nil {
		return fmt.Errorf("remove %s: %w", path, errors.Join(err, cerr))
	}
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}

// OpenDirs makes every directory below path readable and writable for its
// owner, and removes what holds no content: pipes, sockets and devices.
func OpenDirs(path string) error {
	return filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
		if d == nil || err != nil {
			return nil
		}
		if d.Type()&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeDevice) != 0 {
			return os.Remove(p)
		}
		if !d.IsDir() {
			return nil
		}
		info, err := d.Info()
		if err != nil || info.Mode().Perm()&0o700 == 0o700 {
			return err
		}
		return os.Chmod(p, info.Mode().Perm()|0o700)
	})
}

// RemoveIfThere removes a file that need not be there.
func RemoveIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
