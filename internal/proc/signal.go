package proc

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// signalName returns e.g. "SIGTERM"; real-time signals have a number only.
func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(s))
}
