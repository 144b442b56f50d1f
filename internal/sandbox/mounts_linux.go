package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// mounter lays the entries over the file system.
type mounter struct {
	list   []Entry
	clones map[string]int // by the entry's path: a detached copy of what will be there
	empty  []string       // file systems made here, read-only in the end
}

// mount makes the file system that the entries describe. Copies of what will be
// seen are taken first, while everything can still be reached; then all is made
// read-only; then the entries are put in their places, shallow ones first.
func (s Spec) mount() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	m := &mounter{list: s.ordered(), clones: map[string]int{}}
	defer func() {
		for _, fd := range m.clones {
			_ = unix.Close(fd) // the mount stays where it was put
		}
	}()
	for _, e := range m.list {
		if err := m.take(e); err != nil {
			return fmt.Errorf("%s %s: %w", e.Access, e.Path, err)
		}
	}
	if err := setReadOnly(unix.AT_FDCWD, "/", unix.AT_RECURSIVE); err != nil {
		return fmt.Errorf("make everything read-only: %w", err)
	}
	for _, e := range m.list {
		if err := m.put(e); err != nil {
			return fmt.Errorf("%s %s: %w", e.Access, e.Path, err)
		}
	}
	for _, path := range m.empty {
		if err := setReadOnly(unix.AT_FDCWD, path, 0); err != nil {
			return fmt.Errorf("make %s read-only: %w", path, err)
		}
	}
	return nil
}

func setReadOnly(dir int, path string, flags uint) error {
	return unix.MountSetattr(dir, path, flags, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
}

// take copies what an entry shows, as a tree of mounts that is nowhere yet.
func (m *mounter) take(e Entry) error {
	source := e.Source
	switch e.Access {
	case Hidden, Devices:
		return nil
	case Copied:
		fd, err := layer(e)
		if err != nil {
			return fmt.Errorf("copy-on-write: %w", err)
		}
		m.clones[e.Path] = fd
		return nil
	case ReadOnly, Writable:
	}
	if source == "" {
		source = e.Path
	}
	fd, err := cloneTree(source)
	if errors.Is(err, unix.ENOENT) && e.Access == ReadOnly {
		return nil // gone since the spec was made: then it can't be read
	}
	if err != nil {
		return err
	}
	m.clones[e.Path] = fd
	if e.Access == ReadOnly {
		return setReadOnly(fd, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE)
	}
	return nil
}

func cloneTree(path string) (int, error) {
	return unix.OpenTree(unix.AT_FDCWD, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE|unix.AT_SYMLINK_NOFOLLOW)
}

// layer makes a copy-on-write file system of what is at a path. It is nowhere yet.
func layer(e Entry) (int, error) {
	upper, work := filepath.Join(e.Source, "changes"), filepath.Join(e.Source, "work")
	for _, dir := range []string{upper, work} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return -1, err
		}
	}
	var st unix.Stat_t // the folder itself looks as before
	if err := unix.Stat(e.Path, &st); err != nil {
		return -1, err
	}
	if err := os.Chmod(upper, os.FileMode(st.Mode&0o777)); err != nil {
		return -1, err
	}
	fs, err := unix.Fsopen("overlay", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, err
	}
	defer func() { _ = unix.Close(fs) }() // the mount outlives it
	esc := strings.NewReplacer(`\`, `\\`, `:`, `\:`).Replace
	for _, o := range [][2]string{{"lowerdir", esc(e.Path)}, {"upperdir", esc(upper)}, {"workdir", esc(work)}} {
		if err := unix.FsconfigSetString(fs, o[0], o[1]); err != nil {
			return -1, fmt.Errorf("%s: %w", o[0], err)
		}
	}
	if err := unix.FsconfigSetFlag(fs, "userxattr"); err != nil {
		return -1, err
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return -1, err
	}
	return unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
}

// put puts an entry in its place.
func (m *mounter) put(e Entry) error {
	switch e.Access {
	case Devices:
		return m.devices(e.Path)
	case Hidden:
		return m.hide(e.Path)
	case ReadOnly, Writable, Copied:
	}
	fd, ok := m.clones[e.Path]
	if !ok {
		return nil
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if err := m.place(e.Path, st.Mode&unix.S_IFMT == unix.S_IFDIR); err != nil {
		return err
	}
	return attach(fd, e.Path)
}

// attach puts a detached mount at a path, in which no symbolic link is followed:
// an earlier command of the agent may have laid one there.
func attach(fd int, path string) error {
	at, err := openPlain(path)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(at) }() // a path handle
	return unix.MoveMount(fd, "", at, "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH)
}

func openPlain(path string) (int, error) {
	return unix.Openat2(unix.AT_FDCWD, path, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS})
}

// hide lays something empty over what is at a path; what is not there needs none.
func (m *mounter) hide(path string) error {
	at, err := openPlain(path)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(at) }() // a path handle
	var st unix.Stat_t
	if err := unix.Fstat(at, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		m.empty = append(m.empty, path)
		return emptyDir(path)
	}
	null, err := cloneTree("/dev/null")
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(null) }() // the mount stays
	if err := setReadOnly(null, "", unix.AT_EMPTY_PATH); err != nil {
		return err
	}
	return unix.MoveMount(null, "", at, "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH)
}

func emptyDir(path string) error {
	return unix.Mount("tmpfs", path, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=1m")
}

// place makes sure that there is something at a path that can be mounted on. It is
// made only in what this sandbox has laid there.
func (m *mounter) place(path string, dir bool) error {
	if at, err := openPlain(path); err == nil {
		return unix.Close(at)
	}
	parent := filepath.Dir(path)
	if err := m.place(parent, true); err != nil {
		return err
	}
	at, err := openPlain(parent)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(at) }() // a path handle
	if dir {
		return unix.Mkdirat(at, filepath.Base(path), 0o755)
	}
	fd, err := unix.Openat(at, filepath.Base(path), unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}
