package filelog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// repair moves the torn end of f to a file of its own and returns a line that
// says so. The bytes are durable there before they are cut here; a crash in
// between leaves them in both.
func repair(path string, f *os.File, s scanned) (string, error) {
	torn, err := createTorn(path)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(torn, io.NewSectionReader(f, s.size, s.torn))
	if err == nil {
		err = torn.Sync()
	}
	if err := errors.Join(err, torn.Close()); err != nil {
		return "", fmt.Errorf("save the torn end of %s: %w", path, err)
	}
	if err := syncDir(path); err != nil {
		return "", err
	}
	if err := f.Truncate(s.size); err != nil {
		return "", fmt.Errorf("cut the torn end of %s: %w", path, err)
	}
	return fmt.Sprintf("repaired event log %s: line %d was torn by a crash (%s), its %d bytes are now in %s",
		path, s.tail+1, s.why, s.torn, filepath.Base(torn.Name())), nil
}

func createTorn(path string) (*os.File, error) {
	for n := 1; ; n++ {
		f, err := os.OpenFile(fmt.Sprintf("%s.torn-%d", path, n), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// syncDir makes the entries of the directory that path is in durable.
func syncDir(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
