package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"popkit/internal/proc"
)

// Ability is what a machine has.
type Ability struct {
	Degree Degree
	Copies bool // HOME can be copy-on-write
}

// Detect finds the best that can be had for commands whose folders are below dir,
// by trying: what a kernel claims and what a container lets through are two
// things. With None the error says why there is nothing better; with a degree that
// is not the best, why not.
func Detect(dir, home string) (a Ability, err error) {
	scratch, err := os.MkdirTemp(dir, "try-")
	if err != nil {
		return Ability{Degree: None}, err
	}
	defer func() { err = errors.Join(err, Remove(scratch)) }()
	var whys []error
	for _, a := range []Ability{{Full, true}, {Full, false}, {Mounts, true}, {Mounts, false}, {Landlock, false}} {
		spec, _, err := Place{Ability: a, Home: home, Own: scratch, Tmp: filepath.Join(scratch, "tmp"), Hide: []string{dir}, Write: []string{scratch}}.Spec()
		if err != nil {
			return Ability{Degree: None}, err
		}
		why := proc.Try(spec.Orders())
		if why == nil {
			return a, errors.Join(whys...)
		}
		whys = append(whys, fmt.Errorf("%s: %w", a, why))
	}
	return Ability{Degree: None}, errors.Join(whys...)
}

func (a Ability) String() string {
	if a.Degree == Full && !a.Copies || a.Degree == Mounts && !a.Copies {
		return string(a.Degree) + " without copy-on-write"
	}
	return string(a.Degree)
}

// Remove removes a folder with what commands left in it, folders that they made
// read-only (a module cache) and the ones that copy-on-write keeps for itself.
func Remove(dir string) error {
	if os.RemoveAll(dir) == nil {
		return nil
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			return os.Chmod(path, 0o700) // before it is read
		}
		return err
	})
	return errors.Join(err, os.RemoveAll(dir))
}
