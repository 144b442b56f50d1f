package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What the entries grant. What is not named is not granted: devices and sockets
// can't be made where nothing may be written.
const (
	canRead  = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR | unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX
	canWrite = canRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO |
		unix.LANDLOCK_ACCESS_FS_MAKE_SYM | unix.LANDLOCK_ACCESS_FS_REFER | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	canUseDevices = canRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE
	// onFiles are the rights that a rule for a file can have.
	onFiles = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_READ_FILE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV | unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX
	fsFirst = unix.LANDLOCK_ACCESS_FS_REFER - 1 // all rights of the first version
)

// handled returns the file system's rights that a version of Landlock knows.
func handled(version int) uint64 {
	known := uint64(fsFirst)
	for since, right := range map[int]uint64{
		2: unix.LANDLOCK_ACCESS_FS_REFER, 3: unix.LANDLOCK_ACCESS_FS_TRUNCATE, 5: unix.LANDLOCK_ACCESS_FS_IOCTL_DEV, 9: unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX,
	} {
		if version >= since {
			known |= right
		}
	}
	return known
}

// landlockVersion is the kernel's; 0 where there is none.
func landlockVersion() int {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(v)
}

// The first version by which a rename between folders can be allowed, and the
// one by which truncating a file is held.
const leastLandlock = 3

// rules makes the set of rules for the entries. The paths are opened, so it must
// come after all that changes what is at them.
func (s Spec) rules() (int, error) {
	version := landlockVersion()
	if version < leastLandlock {
		return -1, fmt.Errorf("the kernel has version %d, %d is needed", version, leastLandlock)
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: handled(version)}
	if version >= scoped {
		attr.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return -1, errno
	}
	set := &ruleset{fd: int(fd), handled: attr.Handled_access_fs}
	grant := set.whole
	if s.Degree == Landlock {
		grant = set.piecewise
	}
	if err := grant(s.ordered()); err != nil {
		return -1, errors.Join(err, unix.Close(set.fd))
	}
	return set.fd, nil
}

// restrict holds the calling thread, and what it starts, to the rules.
func restrict(rules int) error {
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(rules), 0, 0); errno != 0 {
		return errno
	}
	return nil
}

type ruleset struct {
	fd      int
	handled uint64
}

// grant adds a rule for a path and what is below it.
func (r *ruleset) grant(path string, rights uint64) error {
	at, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EACCES) {
		return nil // what is not there, or out of reach, needs no grant
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer func() { _ = unix.Close(at) }() // a path handle
	var st unix.Stat_t
	if err := unix.Fstat(at, &st); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
	case unix.S_IFLNK:
		return nil // its target has its own
	default:
		rights &= onFiles
	}
	attr := unix.LandlockPathBeneathAttr{Allowed_access: rights & r.handled, Parent_fd: int32(at)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(r.fd), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&attr)), 0, 0, 0)
	runtime.KeepAlive(&attr)
	if errno != 0 {
		return fmt.Errorf("%s: %w", path, errno)
	}
	return nil
}

// whole is for a file system in which the mounts have hidden what is to be hidden:
// all can be read, and written what mounts leave writable.
func (r *ruleset) whole(list []Entry) error {
	if err := r.grant("/", canRead); err != nil {
		return err
	}
	for _, e := range list {
		var err error
		switch e.Access {
		case Writable, Copied:
			if up := nearest(list, e.Path).Access; up != Writable && up != Copied {
				err = r.grant(e.Path, canWrite)
			}
		case Devices:
			err = r.grant(e.Path, canUseDevices)
		case Hidden, ReadOnly:
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// piecewise is for a file system as it is. Rules only ever grant, so whatever has
// something lesser below it is granted child by child.
func (r *ruleset) piecewise(list []Entry) error {
	for _, e := range append([]Entry{{Access: ReadOnly, Path: "/"}}, list...) {
		var err error
		switch e.Access {
		case ReadOnly:
			err = r.around(list, e.Path, canRead)
		case Writable:
			err = r.around(list, e.Path, canWrite)
		case Devices:
			for _, name := range append([]string{"pts", "ptmx", "shm"}, harmless...) {
				err = errors.Join(err, r.grant(filepath.Join(e.Path, name), canUseDevices))
			}
		case Hidden, Copied: // nothing is copied here: out of reach
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// around grants what is at a path but for the entries below it.
func (r *ruleset) around(list []Entry, path string, rights uint64) error {
	inner := false
	for _, e := range list {
		inner = inner || below(path, e.Path)
	}
	if !inner {
		return r.grant(path, rights)
	}
	children, err := os.ReadDir(path)
	if errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, c := range children {
		child := filepath.Join(path, c.Name())
		if isEntry(list, child) {
			continue // has its own turn
		}
		if err := r.around(list, child, rights); err != nil {
			return err
		}
	}
	return nil
}

func isEntry(list []Entry, path string) bool {
	for _, e := range list {
		if e.Path == path {
			return true
		}
	}
	return false
}
