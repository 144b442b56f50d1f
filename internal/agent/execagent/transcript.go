package execagent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"popkit/internal/agent"
)

// transcript keeps an agent's output in a file, up to a limit, and the last of
// it in memory. It is written to by one goroutine; the rest comes after that.
type transcript struct {
	file  *os.File
	limit int64  // bytes to keep, 0 = all
	total int64  // bytes of output so far, kept or not
	last  []byte // the end of it, at most 2 × agent.MaxDetail
	err   error  // of the file; nothing is kept after it
}

func openTranscript(path string, limit int64) (*transcript, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open transcript: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open transcript: %w", err)
	}
	return &transcript{file: f, limit: limit}, nil
}

// Write never fails: a command must not be held up, or die of a broken pipe,
// because its output can't be kept. Close returns what went wrong.
func (t *transcript) Write(p []byte) (int, error) {
	before := t.total
	t.total += int64(len(p))
	t.remember(p)
	if t.limit <= 0 || t.total <= t.limit {
		t.keep(p)
		return len(p), nil
	}
	if before <= t.limit { // it is passed now, not earlier
		t.keep(p[:t.limit-before])
		t.keep(fmt.Appendf(nil, "\n[popkit: output past %d bytes is not kept]\n", t.limit))
	}
	return len(p), nil
}

func (t *transcript) keep(p []byte) {
	if t.err != nil || len(p) == 0 {
		return
	}
	_, t.err = t.file.Write(p)
}

func (t *transcript) remember(p []byte) {
	if len(p) > agent.MaxDetail {
		p = p[len(p)-agent.MaxDetail:]
	}
	t.last = append(t.last, p...)
	if n := len(t.last) - agent.MaxDetail; n > agent.MaxDetail {
		t.last = append(t.last[:0], t.last[n:]...)
	}
}

// Close says how much there was, when not all of it was kept.
func (t *transcript) Close() error {
	if t.limit > 0 && t.total > t.limit {
		t.keep(fmt.Appendf(nil, "[popkit: %d bytes of output in all]\n", t.total))
	}
	if err := errors.Join(t.err, t.file.Close()); err != nil {
		return fmt.Errorf("transcript is incomplete: %w", err)
	}
	return nil
}

// tail returns the last lines of the output, at most agent.MaxDetail bytes.
func (t *transcript) tail() string {
	last := t.last
	if n := len(last) - agent.MaxDetail; n > 0 {
		last = last[n:]
	}
	s := string(last)
	if int64(len(last)) < t.total { // begin with a whole line, where there is one
		if _, rest, found := strings.Cut(s, "\n"); found && rest != "" {
			s = rest
		}
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
