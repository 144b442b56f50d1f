package git

import (
	"errors"
	"fmt"
	"math"
	"syscall"
)

// ErrDiskFull is a full disk or a used up quota; its message names the place.
var ErrDiskFull = errors.New("the disk is full")

// DiskFull makes err an ErrDiskFull when a full disk caused it, be it git's or
// popkit's own write. It names that one of dirs which has the least room; where
// git only says that it could not write, their file systems are asked.
func DiskFull(err error, dirs ...string) error {
	if err == nil || errors.Is(err, ErrDiskFull) {
		return err
	}
	full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) ||
		Said(err, "No space left on device", "Disk quota exceeded", "out of disk space")
	if !full && !Said(err, "unable to write", "could not write", "failed to write", "write error") {
		return err
	}
	dir, room := tightest(dirs)
	if !full && room >= little {
		return err
	}
	return fmt.Errorf("%w: make room below %s and try again (%w)", ErrDiskFull, dir, err)
}

// little is how much room a file system is left with, in bytes, when a write
// failed for lack of it: what was to be written did not fit in there.
const little = 1 << 20

// tightest returns the directory whose file system has the least room, and how
// much; none when no inode is left.
func tightest(dirs []string) (dir string, room uint64) {
	room = math.MaxUint64
	for _, d := range dirs {
		if dir == "" {
			dir = d
		}
		var fs syscall.Statfs_t
		if err := syscall.Statfs(d, &fs); err != nil {
			continue // it may not be there
		}
		avail := fs.Bavail * uint64(fs.Bsize)
		if fs.Files > 0 && fs.Ffree == 0 {
			avail = 0
		}
		if avail < room {
			dir, room = d, avail
		}
	}
	return dir, room
}
