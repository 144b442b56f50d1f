package keep

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"popkit/internal/core/transcript"
	"popkit/internal/redact"
)

// Transcript is the file. Its lines are written under its lock.
type Transcript struct {
	redactor *redact.Redactor
	limit    int64 // bytes to keep, 0 = all

	mu    sync.Mutex
	file  *os.File
	total int64 // bytes so far, kept or not
	cut   bool  // it was said that the rest is not kept
	err   error // of the file; nothing is kept after it
}

// Open opens the file at path, to be added to. r takes out the configured secrets;
// limit is how many bytes are kept, 0 is no limit.
func Open(path string, limit int64, r *redact.Redactor) (*Transcript, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open transcript: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open transcript: %w", err)
	}
	return &Transcript{redactor: r, limit: limit, file: f}, nil
}

// Heard keeps a line that the agent printed.
func (t *Transcript) Heard(line []byte) { t.add(transcript.FromAgent, line) }

// Told keeps a line that popkit wrote to the agent.
func (t *Transcript) Told(line []byte) { t.add(transcript.FromPopkit, line) }

// Note keeps something that popkit has to say about the agent.
func (t *Transcript) Note(text string) {
	t.keep(transcript.Line{From: transcript.FromNote, Text: shorten(t.clean(text))}, true)
}

// Close says how much there was, when not all of it was kept.
func (t *Transcript) Close() error {
	if t.passed() {
		t.keep(transcript.Line{From: transcript.FromNote, Text: fmt.Sprintf("%d bytes in all", t.total)}, true)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := errors.Join(t.err, t.file.Close()); err != nil {
		return fmt.Errorf("transcript is incomplete: %w", err)
	}
	return nil
}

func (t *Transcript) passed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cut
}

func (t *Transcript) add(from string, line []byte) {
	l := transcript.Line{From: from}
	if clean, ok := t.object(line); ok {
		l.Line = clean
	} else {
		l.Text = shorten(t.clean(strings.TrimRight(strings.ToValidUTF8(string(line), "\uFFFD"), "\r\n")))
	}
	t.keep(l, false)
}

// keep writes the line; always says that the limit does not hold for it.
func (t *Transcript) keep(l transcript.Line, always bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l.At = time.Now().UTC()
	raw, err := transcript.Encode(l)
	if err != nil {
		t.err = errors.Join(t.err, err)
		return
	}
	t.total += int64(len(raw))
	if t.limit > 0 && t.total > t.limit && !always {
		if t.cut {
			return
		}
		t.cut = true
		raw, err = transcript.Encode(transcript.Line{
			At: l.At, From: transcript.FromNote, Text: fmt.Sprintf("what comes after %d bytes is not kept", t.limit),
		})
		if err != nil {
			t.err = errors.Join(t.err, err)
			return
		}
	}
	if t.err == nil {
		_, t.err = t.file.Write(raw)
	}
}
