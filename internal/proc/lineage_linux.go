package proc

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Walks up are tried again when a process on the way ended meanwhile; a chain
// that is longer than this is nobody's that means well.
const (
	maxWalks   = 20
	maxLineage = 4096
)

var errMoved = errors.New("its parents change while they are looked at")

// Under returns the child of this process that pid is, or is below of; 0 when it
// is not below this process. An error means that it is not known: pid has ended,
// or moves while it is looked at.
func Under(pid int) (child int, err error) {
	for range maxWalks {
		if child, err = walkUp(pid); !errors.Is(err, errMoved) {
			return child, err
		}
	}
	return 0, fmt.Errorf("who is above process %d: %w", pid, err)
}

// walkUp goes from parent to parent. A number that was given to another process
// on the way shows: a parent is never younger than its child, and the chain is
// still there once its top was reached.
func walkUp(pid int) (child int, err error) {
	self := os.Getpid()
	at, err := readStat(pid)
	if err != nil {
		return 0, fmt.Errorf("look for process %d: %w", pid, err)
	}
	if !at.running() {
		return 0, fmt.Errorf("process %d has ended", pid)
	}
	chain := []stat{at}
	for at.pid != self && at.parent > 0 {
		if at.parent == self {
			child = at.pid
			break
		}
		up, err := readStat(at.parent)
		if err != nil || up.start > at.start || len(chain) > maxLineage {
			return 0, errMoved
		}
		chain = append(chain, up)
		at = up
	}
	for _, s := range chain {
		if now, err := readStat(s.pid); err != nil || now.start != s.start || now.parent != s.parent {
			return 0, errMoved
		}
	}
	return child, nil
}

// Namespace names the PID namespace of a process, as long as a process is in it;
// "" when that can't be told.
func Namespace(pid int) string {
	name, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid))
	if err != nil {
		return "" // it has ended, or it is not ours to look at
	}
	return name
}

// Directly reports whether the PID namespace of a process was made from this
// one's: what is held by a helper of this process is in such a one, and what is
// held by something in there is deeper. False when it can't be told.
func Directly(pid int) bool {
	its, mine := levels(pid), levels(os.Getpid())
	return mine > 0 && its == mine+1
}

// levels counts the PID namespaces that a process is in, 0 when that can't be
// told.
func levels(pid int) int {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if numbers, ok := strings.CutPrefix(line, "NSpid:"); ok {
			return len(strings.Fields(numbers))
		}
	}
	return 0
}

// SameNamespace reports whether a process is in this one's PID namespace: one that
// is held by an engine, by any, is not.
func SameNamespace(pid int) (bool, error) {
	mine, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return false, err
	}
	its, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid))
	return its == mine, err
}
