package sandbox

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"popkit/internal/proc"
)

// Enter is the confiner of package proc: it puts the calling thread, and so the
// command that it is about to start, into the sandbox that the orders describe.
// With an error the command must not be started.
func Enter(isolation string, orders []string) error {
	s, err := parse(orders)
	if err != nil {
		return err
	}
	mounts, landlock := s.Degree != Landlock, s.Degree != Mounts
	if mounts && isolation != proc.PIDNamespace {
		return errors.New("sandbox: no mount namespace to work in")
	}
	if mounts && !landlock && !ownProc() {
		// Through the system's /proc other processes' files can be reached.
		return errors.New("sandbox: no /proc of its own, and no Landlock to keep others out of reach")
	}
	if mounts {
		if err := s.mount(); err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
	}
	if s.NoNetwork {
		if err := leaveNetwork(); err != nil {
			return fmt.Errorf("sandbox: no network of its own: %w", err)
		}
	}
	rules := -1
	if landlock {
		if rules, err = s.rules(); err != nil {
			return fmt.Errorf("sandbox: Landlock: %w", err)
		}
		defer func() { _ = unix.Close(rules) }() // it is close-on-exec as well
	}
	if err := giveUp(); err != nil {
		return fmt.Errorf("sandbox: give up privileges: %w", err)
	}
	if err := forbidCalls(); err != nil {
		return fmt.Errorf("sandbox: seccomp: %w", err)
	}
	if landlock {
		if err := restrict(rules); err != nil {
			return fmt.Errorf("sandbox: Landlock: %w", err)
		}
	}
	return nil
}

// ownProc reports whether /proc is that of this PID namespace.
func ownProc() bool {
	self, err := os.Readlink("/proc/self")
	return err == nil && self == strconv.Itoa(os.Getpid())
}

// leaveNetwork moves the calling thread into a network namespace of its own and
// brings its loopback device up.
func leaveNetwork() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }() // only used for one request
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}
