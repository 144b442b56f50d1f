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
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Holder is the engine that holds a repository's lock.
type Holder struct {
	Run    string    `json:"run"`
	Repo   string    `json:"repo"` // its Place
	PID    int       `json:"pid"`
	Host   string    `json:"host"`
	Socket string    `json:"socket"`
	Since  time.Time `json:"since"`
}

// BusyError says that another run is active in the repository.
type BusyError struct {
	Holder    Holder
	Elsewhere bool // in another work tree of the repository
}

func (e *BusyError) Error() string {
	h := e.Holder
	switch {
	case h.Run == "":
		return "a run is about to begin here (popkit power status)"
	case e.Elsewhere:
		return fmt.Sprintf("run %s is active in another work tree of this repository, %s, held by process %d (there: popkit power status, popkit power stop)", h.Run, h.Repo, h.PID)
	}
	return fmt.Sprintf("run %s is active here, held by process %d (popkit power status, popkit power stop)", h.Run, h.PID)
}

// lockPath returns the file that is locked: it belongs to the repository, so
// that all its work trees share it.
func (p Place) lockPath() (string, error) {
	common, err := p.commonDir()
	if err != nil {
		return "", fmt.Errorf("lock the repository: %w", err)
	}
	return filepath.Join(common, "popkit", "active.lock"), nil
}

// commonDir returns the directory that the repository's work trees share,
// without asking git: looking at a run must not cost a process.
func (p Place) commonDir() (string, error) {
	file := filepath.Join(p.Repo, ".git")
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p.Repo, nil // bare
	case err != nil:
		return "", err
	case info.IsDir():
		return file, nil
	}
	dir, err := readPath(file, "gitdir: ")
	if err != nil {
		return "", err
	}
	common, err := readPath(filepath.Join(dir, "commondir"), "")
	if errors.Is(err, fs.ErrNotExist) {
		return dir, nil // a submodule, or a git dir that lies elsewhere
	}
	return common, err
}

// readPath reads a path that a file of git's holds, relative to the file.
func readPath(file, prefix string) (string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	path, ok := strings.CutPrefix(strings.TrimRight(string(raw), "\r\n"), prefix)
	if !ok || path == "" {
		return "", fmt.Errorf("%s does not say where the repository is", file)
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(file), path)
	}
	return filepath.Clean(path), nil
}

// Acquire makes the holder's run the repository's active one until the returned
// file is closed or the process ends. A *BusyError names the other one.
func (p Place) Acquire(h Holder) (io.Closer, error) {
	path, err := p.lockPath()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("lock the repository: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
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
		return nil, p.busy(*other)
	}
	h.Repo = p.Repo
	if err := writeHolder(f, h); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return lock{f}, nil
}

// busy says that the holder is in the way.
func (p Place) busy(h Holder) *BusyError {
	return &BusyError{Holder: h, Elsewhere: h.Repo != "" && h.Repo != p.Repo}
}

// Busy returns a *BusyError when a run is active in the repository.
func (p Place) Busy() error {
	h, err := p.Active()
	if err != nil || h == nil {
		return err
	}
	return p.busy(*h)
}

// lock is the held lock; closing it takes the holder's name out first.
type lock struct{ *os.File }

func (l lock) Close() error { return errors.Join(l.Truncate(0), l.File.Close()) }

// Active returns the engine that holds the repository's lock, be its run in this
// work tree or another, nil when there is none. It asks the engine's socket and
// not the lock, which looking must not take away from an engine that starts. One
// that is starting and does not answer yet is not active.
func (p Place) Active() (*Holder, error) {
	path, err := p.lockPath()
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(path)
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
	switch {
	case err == nil:
		return &h, conn.Close()
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist), h.dead():
		return nil, nil
	}
	return &h, nil // it lives and can't be reached: another user's, or too busy
}

// dead reports whether the holder's process is known to be gone.
func (h Holder) dead() bool {
	host, err := os.Hostname()
	return err == nil && host == h.Host && errors.Is(syscall.Kill(h.PID, 0), syscall.ESRCH)
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
		return &Holder{}, nil // the holder has not written its name yet
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
