package proc

import (
	"fmt"
	"os"
	"slices"
	"sync"
)

// isolation is one way to hold what a command starts.
type isolation struct {
	name   string
	userNS bool // with a user namespace, which needs no privilege
}

// best is found once: what the system grants does not change under a process,
// and trying costs a process.
var best = sync.OnceValues(func() (isolation, error) {
	var why error
	for _, how := range candidates() {
		if why = probe(how, nil); why == nil {
			return how, nil
		}
	}
	return isolation{}, why
})

// Isolation returns how processes are held here: the best of the constants that
// works, found once by trying. It is "" when none does (Start says why).
func Isolation() string {
	how, err := choose("")
	if err != nil {
		return ""
	}
	return how.name
}

// choose returns the isolation to use for a wish.
func choose(wish string) (isolation, error) {
	if !initialised.Load() {
		return isolation{}, ErrNoInit
	}
	how, err := best()
	if wish == "" || (err == nil && wish == how.name) {
		return how, err
	}
	fits := slices.DeleteFunc(candidates(), func(how isolation) bool { return how.name != wish })
	if len(fits) == 0 {
		return isolation{}, fmt.Errorf("isolation %q is not known here", wish)
	}
	for _, how := range fits[:len(fits)-1] {
		if probe(how, nil) == nil {
			return how, nil
		}
	}
	return fits[len(fits)-1], nil // whether it works, the start will tell
}

// probe starts a helper that only enters the isolation and the confinement.
func probe(how isolation, confine []string) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { _ = null.Close() }() // nothing was written
	h, err := spawn(config{confine: confine}, [3]*os.File{null, null, null}, how, func(*helper) {})
	if err != nil {
		return err
	}
	_, err = h.wait()
	return err
}
