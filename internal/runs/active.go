package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Holder is the engine that holds a repository's lock.
type Holder struct {
	Run    string    `json:"run"`
	PID    int       `json:"pid"`
	Host   string    `json:"host"`
	Socket string    `json:"socket"`
	Since  time.Time `json:"since"`
}

// BusyError says that another run is active in the repository.
type BusyError struct{ Holder Holder }

func (e *BusyError) Error() string {
	return fmt.Sprintf("run %s is active here, held by process %d (popkit power status, popkit power stop)", e.Holder.Run, e.Holder.PID)
}

func (p Place) lockPath() string { return filepath.Join(p.Dir(), "active.lock") }

// Acquire makes the holder's run the repository's active one until the returned
// file is closed or the process ends. A *BusyError names the other one.
func (p Place) Acquire(h Holder) (io.Closer, error) {
	f, err := os.OpenFile(p.lockPath(), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the repository: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock the repository: %w", err)
		}
		other, err := readHolder(f)
		if err != nil {
			return nil, err
		}
		return nil, &BusyError{*other}
	}
	if err := writeHolder(f, h); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return lock{f}, nil
}

// lock is the held lock; closing it takes the holder's name out first.
type lock struct{ *os.File }

func (l lock) Close() error { return errors.Join(l.Truncate(0), l.File.Close()) }

// Active returns the engine that holds the repository's lock, nil when there is
// none. It asks the engine's socket and not the lock, which looking must not
// take away from an engine that starts.
func (p Place) Active() (*Holder, error) {
	raw, err := os.ReadFile(p.lockPath())
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(raw) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at the repository's lock: %w", err)
	}
	var h Holder
	if err := json.Unmarshal(raw, &h); err != nil {
		return nil, nil //nolint:nilerr // an engine that is about to write its name, or died doing so
	}
	conn, err := net.Dial("unix", h.Socket)
	if err != nil {
		return nil, nil //nolint:nilerr // the engine died
	}
	return &h, conn.Close()
}

// Holder returns the engine of this run, nil when none lives.
func (r Run) Holder() (*Holder, error) {
	h, err := r.Place.Active()
	if err != nil || h == nil || h.Run != r.ID {
		return nil, err
	}
	return h, nil
}

// readHolder reads who holds a lock that is held.
func readHolder(f *os.File) (*Holder, error) {
	raw, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<16))
	if err != nil {
		return nil, fmt.Errorf("read the repository's lock: %w", err)
	}
	var h Holder
	if err := json.Unmarshal(raw, &h); err != nil {
		return &Holder{Run: "(starting)"}, nil // the holder has not written its name yet
	}
	return &h, nil
}

func writeHolder(f *os.File, h Holder) error {
	raw, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("write the repository's lock: %w", err)
	}
	if _, err := f.WriteAt(append(raw, '\n'), 0); err != nil {
		return fmt.Errorf("write the repository's lock: %w", err)
	}
	return nil
}
