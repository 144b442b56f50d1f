package command

import (
	"context"
	"errors"
	"syscall"
	"time"

	"popkit/internal/runs"
)

// An engine whose run has ended still has its files to write and its locks to
// give back; until then nobody else can have the run. There is nothing to wait
// on but its process, which may not be this one's child.
const (
	goneEvery  = 10 * time.Millisecond
	goneWithin = 15 * time.Second
)

// Gone waits until the engine's process has ended, so that who comes next finds
// the run free.
func (e *Env) Gone(ctx context.Context, h runs.Holder) error {
	ctx, cancel := context.WithTimeout(ctx, goneWithin)
	defer cancel()
	tick := time.NewTicker(goneEvery)
	defer tick.Stop()
	for !e.Ended(h.PID) {
		select {
		case <-ctx.Done():
			return Failed("popkit power status", "process %d, the engine of run %s, does not end", h.PID, h.Run)
		case <-tick.C:
		}
	}
	return nil
}

// ended reports whether a process has ended. A child of this process is reaped.
func ended(pid int) bool {
	if pid <= 0 {
		return true
	}
	if got, err := syscall.Wait4(pid, nil, syscall.WNOHANG, nil); err == nil {
		return got == pid
	}
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
