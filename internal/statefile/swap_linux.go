package statefile

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// exchange puts the file temp in name's place and what was there in temp's, in
// one step. It returns an error that is fs.ErrNotExist when there is no name.
func exchange(dir *os.File, temp, name string) error {
	fd := int(dir.Fd())
	if err := unix.Renameat2(fd, temp, fd, name, unix.RENAME_EXCHANGE); err != nil {
		return fmt.Errorf("exchange %s: %w", name, err)
	}
	return nil
}

// create gives temp its name unless there is one: the error is fs.ErrExist then.
func create(dir *os.File, temp, name string) error {
	fd := int(dir.Fd())
	if err := unix.Renameat2(fd, temp, fd, name, unix.RENAME_NOREPLACE); err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	return nil
}

// written says whether somebody has the file open for writing; known is false
// where the system can't say.
func written(file *os.File) (open, known bool) {
	_, err := unix.FcntlInt(file.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	if errors.Is(err, unix.EAGAIN) {
		return true, true
	}
	// The lease ends when the file is closed.
	return false, err == nil
}
