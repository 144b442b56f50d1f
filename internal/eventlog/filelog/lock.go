package filelog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"popkit/internal/eventlog"
)

// holder is what the lock file says about who holds it.
type holder struct {
	PID  int    `json:"pid"`
	Host string `json:"host"`
	Run  string `json:"run,omitempty"`
}

// acquire takes the writer's lock of the log at path and returns the open lock
// file that holds it. gate is the open log itself: it is locked while a lock is
// being taken, so that who finds the lock held also finds the holder's name in
// it, complete and not its predecessor's.
func acquire(path string, gate *os.File, run string) (*os.File, error) {
	if err := flock(gate, unix.LOCK_EX); err != nil {
		return nil, fmt.Errorf("lock %s: %w", gate.Name(), err)
	}
	f, err := take(path, run)
	if openErr := flock(gate, unix.LOCK_UN); openErr != nil {
		err = errors.Join(err, fmt.Errorf("unlock %s: %w", gate.Name(), openErr))
	}
	if err != nil && f != nil {
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// take takes the lock and writes who holds it. The file it returns, also with an
// error, is for the caller to close.
func take(path, run string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	switch err := flock(f, unix.LOCK_EX|unix.LOCK_NB); {
	case errors.Is(err, unix.EWOULDBLOCK):
		held := readHolder(f)
		return f, &eventlog.HeldError{Path: path, PID: held.PID, Host: held.Host, Run: held.Run}
	case err != nil:
		return f, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	if err := writeHolder(f, run); err != nil {
		return f, fmt.Errorf("name the holder of %s: %w", f.Name(), err)
	}
	return f, nil
}

// release empties the lock file and frees the lock. It unlocks by name because
// a child that is between fork and exec may still hold a copy of the file.
func release(f *os.File) error {
	return errors.Join(f.Truncate(0), flock(f, unix.LOCK_UN), f.Close())
}

func writeHolder(f *os.File, run string) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	text, err := json.Marshal(holder{PID: os.Getpid(), Host: host, Run: run})
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(append(text, '\n'), 0)
	return err
}

// readHolder returns the zero holder when the file does not say: that it is held
// is known all the same.
func readHolder(f *os.File) holder {
	var h holder
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 4096))
	if err != nil || json.Unmarshal(text, &h) != nil {
		return holder{}
	}
	return h
}

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
