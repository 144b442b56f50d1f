package daemon

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"popkit/internal/eventlog"
	"popkit/internal/eventlog/filelog"
	"popkit/internal/runs"
)

// A lock dies with its holder, but not at the same instant: a child that the
// holder had forked and that has not reached its exec has a copy of the lock's
// file. So a lock whose holder is dead is tried again for a while.
const (
	deadLockWait  = 10 * time.Second
	deadLockEvery = 10 * time.Millisecond // nothing tells when the copy is gone
)

// openLog opens a run's log for writing.
func openLog(ctx context.Context, run runs.Run, report func(string)) (log *filelog.Log, err error) {
	err = outlastDead(ctx, func() (int, error) {
		log, err = filelog.Open(run.LogPath(), filelog.Options{Run: run.ID, Report: report})
		var held *eventlog.HeldError
		if host, hostErr := os.Hostname(); errors.As(err, &held) && hostErr == nil && held.Host == host {
			return held.PID, err
		}
		return 0, err
	})
	return log, err
}

// acquire takes the repository's lock.
func acquire(ctx context.Context, place runs.Place, h runs.Holder) (lock io.Closer, err error) {
	err = outlastDead(ctx, func() (int, error) {
		lock, err = place.Acquire(h)
		var busy *runs.BusyError
		if errors.As(err, &busy) && busy.Holder.Host == h.Host {
			return busy.Holder.PID, err
		}
		return 0, err
	})
	return lock, err
}

// outlastDead tries to take a lock again while its holder (0: nobody) is a
// process that is dead.
func outlastDead(ctx context.Context, try func() (holder int, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, deadLockWait)
	defer cancel()
	tick := time.NewTicker(deadLockEvery)
	defer tick.Stop()
	for {
		holder, err := try()
		if err == nil || holder <= 0 || !errors.Is(syscall.Kill(holder, 0), syscall.ESRCH) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}
