//go:build !linux

package statefile

import (
	"fmt"
	"os"
	"path/filepath"
)

// exchange puts the file temp in name's place and what was there in temp's. Not
// in one step here: what somebody else puts in name's place between the two
// calls is lost.
func exchange(dir *os.File, temp, name string) error {
	at := func(name string) string { return filepath.Join(dir.Name(), name) }
	kept := temp + ".old"
	if err := os.Link(at(name), at(kept)); err != nil {
		return fmt.Errorf("exchange %s: %w", name, err)
	}
	if err := os.Rename(at(temp), at(name)); err != nil {
		return fmt.Errorf("exchange %s: %w", name, err)
	}
	if err := os.Rename(at(kept), at(temp)); err != nil {
		return fmt.Errorf("exchange %s: %w", name, err)
	}
	return nil
}

// create gives temp its name unless there is one: the error is fs.ErrExist then.
func create(dir *os.File, temp, name string) error {
	at := func(name string) string { return filepath.Join(dir.Name(), name) }
	if err := os.Link(at(temp), at(name)); err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	if err := os.Remove(at(temp)); err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	return nil
}

// written says whether somebody has the file open for writing; known is false
// where the system can't say.
func written(*os.File) (open, known bool) { return false, false }
