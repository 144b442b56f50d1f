//go:build linux

package filelog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
	"popkit/internal/eventlog/eventlogtest"
	"popkit/internal/eventlog/filelog"
)

// limitEnv tells fillChild how its disk is limited.
const limitEnv = "POPKIT_FILELOG_LIMIT"

// TestDiskFull fills a real disk where the process may mount one (as root, or in
// a user namespace), and in any case runs into a file size limit, which makes
// the kernel cut a write short in the same way.
func TestDiskFull(t *testing.T) {
	t.Run("size limit", func(t *testing.T) {
		t.Setenv(limitEnv, "rlimit")
		if err := startChild(t, "fill", t.TempDir()).wait(); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("tmpfs", func(t *testing.T) {
		t.Setenv(limitEnv, "tmpfs")
		c, err := tryChild(t, "fill", t.TempDir(), ownMounts())
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL) {
			t.Log("no namespace to be had: only the size limit was tested:", err)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		err = c.wait()
		if c.cmd.ProcessState.ExitCode() == noMount {
			t.Log("no mount to be had: only the size limit was tested:", err)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

// ownMounts gives a child mounts of its own.
func ownMounts() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return attr
}

// noMount is fillChild's exit status where it may not mount.
const noMount = 77

// fillChild fills the disk that dir is on with a log, checks that the log stands
// it, makes room, and checks that it goes on. It must not leave the disk behind:
// a mount of its own ends with it.
func fillChild(dir string) error {
	limit, full := limitSize, error(syscall.EFBIG)
	if os.Getenv(limitEnv) == "tmpfs" {
		limit, full = limitMount, syscall.ENOSPC
	}
	more, err := limit(dir)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "log.jsonl")
	l, err := filelog.Open(path, filelog.Options{})
	if err != nil {
		return err
	}
	r, err := filelog.OpenReader(path)
	if err != nil {
		return err
	}
	tail, err := fillUp(l, full)
	if err != nil {
		return err
	}
	if tail < 10 {
		return fmt.Errorf("the disk was full after %d events: nothing was tested", tail)
	}
	for range 3 { // it stays as it is, however often it is tried
		if err := l.Append(context.Background(), tail, bigBatch(tail)); !errors.Is(err, full) || errors.Is(err, eventlog.ErrUnknown) {
			return fmt.Errorf("append on a full disk: %w", err)
		}
		if err := holds(tail, l, r); err != nil {
			return err
		}
	}
	if err := more(); err != nil {
		return err
	}
	if err := l.Append(context.Background(), tail, bigBatch(tail)); err != nil {
		return fmt.Errorf("append after room was made: %w", err)
	}
	tail += int64(len(bigBatch(tail)))
	if err := errors.Join(holds(tail, l, r), l.Close()); err != nil {
		return err
	}
	l, err = filelog.Open(path, filelog.Options{})
	if err != nil {
		return err
	}
	if l.Repaired() != "" {
		return errors.New(l.Repaired())
	}
	return errors.Join(holds(tail, l, r), r.Close(), l.Close())
}

// fillUp appends until the disk is full and returns the tail.
func fillUp(l *filelog.Log, full error) (int64, error) {
	for tail := int64(0); ; tail += int64(len(bigBatch(tail))) {
		switch err := l.Append(context.Background(), tail, bigBatch(tail)); {
		case errors.Is(err, full):
			return tail, nil
		case err != nil:
			return 0, err
		}
	}
}

// bigBatch has a first event that may find room where the rest does not.
func bigBatch(tail int64) []event.Event {
	return []event.Event{eventlogtest.Event(tail + 1), eventlogtest.Large(tail+2, 20_000), eventlogtest.Event(tail + 3)}
}

// holds checks that every reader sees the events 1 … tail and no more.
func holds(tail int64, readers ...eventlog.Reader) error {
	for _, r := range readers {
		at, err := r.Tail(context.Background())
		if err != nil || at != tail {
			return fmt.Errorf("tail is %d (%w), want %d", at, err, tail)
		}
		n := int64(0)
		for e, err := range r.Read(context.Background(), 1) {
			if err != nil {
				return err
			}
			n++
			if err := eventlogtest.Check(e, n); err != nil {
				return err
			}
		}
		if n != tail {
			return fmt.Errorf("read %d events, want %d", n, tail)
		}
	}
	return nil
}

// limitSize limits the size of any file that the process writes; more lifts the
// limit.
func limitSize(string) (more func() error, err error) {
	signal.Ignore(syscall.SIGXFSZ)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		return nil, err
	}
	now := was
	now.Cur = 250_000
	return func() error { return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was) }, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now)
}

// limitMount mounts a small file system on dir, in a mount namespace of the
// process's own; more frees a part of it.
func limitMount(dir string) (more func() error, err error) {
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		fmt.Fprintln(os.Stderr, "make mounts private:", err)
		os.Exit(noMount)
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=512k"); err != nil {
		fmt.Fprintln(os.Stderr, "mount tmpfs:", err)
		os.Exit(noMount)
	}
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 200_000), 0o600); err != nil {
		return nil, err
	}
	return func() error { return os.Remove(ballast) }, nil
}
