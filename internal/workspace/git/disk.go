package git

import (
	"errors"
	"fmt"
	"syscall"
)

// ErrDiskFull is a full disk or a used up quota; its message names the place.
var ErrDiskFull = errors.New("the disk is full")

// DiskFull makes err an ErrDiskFull that names dir when a full disk caused it,
// be it git's or popkit's own write.
func DiskFull(err error, dir string) error {
	if err == nil || errors.Is(err, ErrDiskFull) {
		return err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) ||
		Said(err, "No space left on device", "Disk quota exceeded", "out of disk space") {
		return fmt.Errorf("%w: make room below %s and try again (%w)", ErrDiskFull, dir, err)
	}
	return err
}
