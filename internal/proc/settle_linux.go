package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Settle returns once the process of an engine that has died is gone, with all
// below it: its helper ends by itself then, which can still be under way when
// the next engine begins. killed are those that it had to kill by their mark.
//
// It must not be called while the engine of the process runs: it would wait for
// the command's own end.
func Settle(ctx context.Context, id Ident, mark string) (killed []int, err error) {
	if err := awaitHelper(ctx, id); err != nil {
		return nil, fmt.Errorf("wait for the end of process %d: %w", id.PID, err)
	}
	return Sweep(mark)
}

func awaitHelper(ctx context.Context, id Ident) error {
	if id.PID <= 0 {
		return nil
	}
	fd, err := unix.PidfdOpen(id.PID, unix.PIDFD_NONBLOCK)
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) {
		return nil // gone; EINVAL: its number is a thread's by now
	}
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), "pidfd")
	defer func() { _ = f.Close() }() // nothing was written
	if now, err := identify(id.PID); err != nil || now != id {
		return nil // gone, and perhaps another process by now
	}
	// A helper that something stopped does not notice that its engine is gone.
	if err := unix.PidfdSendSignal(fd, unix.SIGCONT, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	detach := context.AfterFunc(ctx, func() {
		_ = f.SetReadDeadline(time.Unix(1, 0)) // closed: the end was seen
	})
	defer detach()
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	err = raw.Read(func(fd uintptr) bool { return ended(int(fd)) })
	return errors.Join(ctx.Err(), err)
}

// ended reports whether the process of a pidfd is dead.
func ended(fd int) bool {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	return n > 0 && err == nil
}
