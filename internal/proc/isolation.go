package proc

import (
	"fmt"
	"os"
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
		if why = probe(how); why == nil {
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
	for _, how := range candidates() {
		if how.name != wish {
			continue
		}
		if err = probe(how); err == nil {
			return how, nil
		}
	}
	if err != nil {
		return isolation{}, fmt.Errorf("isolation %s is not to be had: %w", wish, err)
	}
	return isolation{}, fmt.Errorf("isolation %s is not known here", wish)
}

// probe starts a helper that only enters the isolation.
func probe(how isolation) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { _ = null.Close() }() // nothing was written
	h, err := spawn(config{}, [3]*os.File{null, null, null}, how, func(*helper) {})
	if err != nil {
		return err
	}
	_, err = h.wait()
	return err
}
