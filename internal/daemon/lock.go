package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
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

// dead reports whether a process has ended, or is just ending: it may have given
// back its sockets and not yet its locks.
func dead(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	const exiting = 0x4 // PF_EXITING
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false // no such file system
	}
	name := bytes.LastIndexByte(raw, ')')          // the name may hold anything
	fields := strings.Fields(string(raw[name+1:])) // state, parent, group, session, terminal, its group, flags, …
	if len(fields) < 7 {
		return false
	}
	flags, err := strconv.ParseUint(fields[6], 10, 64)
	return err == nil && flags&exiting != 0
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
		if err == nil || holder <= 0 || !dead(holder) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}
