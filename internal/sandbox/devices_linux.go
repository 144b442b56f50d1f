package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// harmless are the devices that a command finds: none of them stores anything.
var harmless = []string{"null", "zero", "full", "random", "urandom", "tty"}

// devices lays a /dev with the harmless devices over the system's, with terminals
// and shared memory of its own.
func (m *mounter) devices(path string) error {
	clones := map[string]int{}
	defer func() {
		for _, fd := range clones {
			_ = unix.Close(fd) // the mount stays
		}
	}()
	for _, name := range harmless {
		fd, err := cloneTree(filepath.Join(path, name))
		if errors.Is(err, unix.ENOENT) {
			continue
		}
		if err != nil {
			return err
		}
		clones[name] = fd
	}
	if err := emptyDir(path); err != nil {
		return err
	}
	m.empty = append(m.empty, path)
	for name, fd := range clones {
		at := filepath.Join(path, name)
		if err := m.place(at, false); err != nil {
			return err
		}
		if err := attach(fd, at); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	for _, dir := range []struct{ name, kind, options string }{
		{"pts", "devpts", "newinstance,ptmxmode=0666,mode=0620"},
		{"shm", "tmpfs", "mode=1777"},
	} {
		at := filepath.Join(path, dir.name)
		if err := os.Mkdir(at, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(dir.kind, at, dir.kind, unix.MS_NOSUID|unix.MS_NOEXEC, dir.options); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	for name, to := range map[string]string{
		"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
	} {
		if err := os.Symlink(to, filepath.Join(path, name)); err != nil {
			return err
		}
	}
	return nil
}
