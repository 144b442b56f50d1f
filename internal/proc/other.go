//go:build !linux

package proc

import (
	"context"
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// What other systems have instead of namespaces and /proc: process groups.

// Self returns the path of this program.
func Self() (string, error) { return os.Executable() }

func candidates() []isolation { return []isolation{{name: ProcessGroup}} }

func (how isolation) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true}
}

func commandAttributes(string) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func enter(string) (warning string, err error) {
	return "only process groups here: what leaves its group outlives its command", nil
}

// endBelow kills what is left of the command's process group.
func endBelow(pid int) string {
	err := unix.Kill(-pid, unix.SIGKILL)
	if err == nil || errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EPERM) { // EPERM: zombies only
		return ""
	}
	return "processes could not be ended: " + err.Error()
}

// lookUp knows a process by its number only.
func lookUp(pid int) (Ident, bool, error) {
	if err := unix.Kill(pid, 0); err != nil && !errors.Is(err, unix.EPERM) {
		return Ident{}, false, err
	}
	return Ident{PID: pid}, true, nil
}

// ice is nothing here: what runs can't be made to stand still.
type ice struct{ how string }

func freezeBelow(Ident, ice) (ice, int, error) {
	return ice{}, 0, errors.New("processes can't be frozen on this system")
}

func (ice) thaw() error { return nil }
func (ice) melt()       {}

// Ticks knows nothing here: 0.
func Ticks(Ident) uint64 { return 0 }

// Strays finds nothing here: environments of other processes can't be read.
func Strays(string) []int { return nil }

// Sweep finds nothing here, see Strays.
func Sweep(string) (killed []int, err error) { return nil, nil }

// Settle has nothing to wait for by: helpers end with their engine, see Start.
func Settle(context.Context, Ident, string) (killed []int, err error) { return nil, nil }

// Under does not know here who is above whom: 0, as if nobody were below.
func Under(int) (child int, err error) { return 0, nil }

// Namespace and Directly: there are none here.
func Namespace(int) string { return "" }

// Directly says no, see Namespace.
func Directly(int) bool { return false }

// SameNamespace: there are none here.
func SameNamespace(int) (bool, error) { return true, nil }
