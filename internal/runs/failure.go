package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"popkit/internal/core/view"
)

func (r Run) failurePath() string { return filepath.Join(r.Dir(), "failure.json") }

// NoteFailure says why the run's engine failed where its log can't: it may be
// what failed.
func (r Run) NoteFailure(at time.Time, text string) error {
	raw, err := json.Marshal(view.Error{Time: at, Source: "engine", Text: text})
	if err != nil {
		return err
	}
	if err := os.WriteFile(r.failurePath(), append(raw, '\n'), 0o644); err != nil {
		return fmt.Errorf("note why the engine failed: %w", err)
	}
	return nil
}

// Failure returns why the run's last engine failed, nil when it did not.
func (r Run) Failure() (*view.Error, error) {
	raw, err := os.ReadFile(r.failurePath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("why the engine failed: %w", err)
	}
	var e view.Error
	if json.Unmarshal(raw, &e) != nil { // written on a disk that was full
		info, err := os.Stat(r.failurePath())
		if err != nil {
			return nil, fmt.Errorf("when the engine failed: %w", err)
		}
		e = view.Error{Time: info.ModTime(), Source: "engine",
			Text: "the engine failed, and why could not be written: is the disk full? (see " + r.EngineLog() + ")"}
	}
	return &e, nil
}

// ForgetFailure is called once the failure is in the log.
func (r Run) ForgetFailure() error {
	if err := os.Remove(r.failurePath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget why the engine failed: %w", err)
	}
	return nil
}
