package redact

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// MinLength is the length in bytes below which a secret is not redacted.
const MinLength = 6

// Replacement stands where a secret was.
const Replacement = "[redacted]"

// Redactor replaces secrets. The zero value and nil replace nothing.
type Redactor struct {
	mu    sync.Mutex // held by who learns
	known atomic.Pointer[table]
}

// table is a set of secrets, and not changed once it is known.
type table struct {
	byFirst [256][][]byte // the secrets by their first byte, longest first
	longest int
}

// New returns a Redactor for these values. Blanks around a value are not part
// of it.
func New(secrets []string) *Redactor {
	r := &Redactor{}
	r.Learn(secrets...)
	return r
}

// Learn adds values that are secret from now on.
func (r *Redactor) Learn(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := &table{}
	if old := r.known.Load(); old != nil {
		t.longest = old.longest
		for i, list := range old.byFirst {
			t.byFirst[i] = slices.Clone(list)
		}
	}
	for _, secret := range secrets {
		t.add(secret)
		for line := range strings.Lines(secret) {
			t.add(line)
		}
	}
	r.known.Store(t)
}

// table is what is known now; nil for nothing.
func (r *Redactor) table() *table {
	if r == nil {
		return nil
	}
	t := r.known.Load()
	if t == nil || t.longest == 0 {
		return nil
	}
	return t
}

// add looks for a secret as it is, and as it stands in a string of JSON, and in one
// of JSON within JSON.
func (t *table) add(secret string) {
	secret = strings.TrimSpace(secret)
	t.addOne(secret)
	for range 2 {
		escaped := inJSON(secret)
		if escaped == secret {
			return
		}
		t.addOne(escaped)
		secret = escaped
	}
}

// inJSON is a text as JSON's strings have it.
func inJSON(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		return text // can't be: strings can be encoded
	}
	quoted := strings.TrimRight(b.String(), "\n")
	return quoted[1 : len(quoted)-1]
}

func (t *table) addOne(secret string) {
	s := []byte(secret)
	if len(s) < MinLength {
		return
	}
	list := &t.byFirst[s[0]]
	for _, known := range *list {
		if bytes.Equal(known, s) {
			return
		}
	}
	*list = append(*list, s)
	slices.SortFunc(*list, func(a, b []byte) int { return len(b) - len(a) })
	t.longest = max(t.longest, len(s))
}

// String returns s without the secrets.
func (r *Redactor) String(s string) string {
	t := r.table()
	if t == nil {
		return s
	}
	out, _ := t.redact(nil, []byte(s), true)
	return string(out)
}

// redact appends the redacted data to out. Unless it is final, it stops where
// the rest could be the beginning of a secret, or of a longer overlap, and
// returns that rest.
func (t *table) redact(out, data []byte, final bool) (redacted, rest []byte) {
	for i := 0; i < len(data); {
		if !final && len(data)-i < t.longest && t.mayBegin(data[i:]) {
			return out, data[i:]
		}
		n := t.match(data[i:])
		if n == 0 {
			out = append(out, data[i])
			i++
			continue
		}
		end := t.extend(data, i, i+n)
		if !final && t.mayGrow(data, i, end) {
			return out, data[i:]
		}
		out = append(out, Replacement...)
		i = end
	}
	return out, nil
}

// match returns the length of the longest secret that data begins with.
func (t *table) match(data []byte) int {
	if len(data) == 0 {
		return 0
	}
	for _, s := range t.byFirst[data[0]] {
		if bytes.HasPrefix(data, s) {
			return len(s)
		}
	}
	return 0
}

// extend returns the end of the stretch of overlapping secrets that begins with
// data[start:end].
func (t *table) extend(data []byte, start, end int) int {
	for i := start + 1; i < end; i++ {
		end = max(end, i+t.match(data[i:]))
	}
	return end
}

// mayBegin reports whether data, to its end, is the beginning of a longer secret.
func (t *table) mayBegin(data []byte) bool {
	for _, s := range t.byFirst[data[0]] {
		if len(s) > len(data) && bytes.HasPrefix(s, data) {
			return true
		}
	}
	return false
}

// mayGrow reports whether more data could make the stretch longer.
func (t *table) mayGrow(data []byte, start, end int) bool {
	for i := max(start, len(data)-t.longest); i < end; i++ {
		if t.mayBegin(data[i:]) {
			return true
		}
	}
	return false
}

// Writer returns a writer that hands on to w what is written to it, without the
// secrets, also those that come in pieces. What could be the beginning of one is
// held back until it is decided; Close hands on the rest. It does not close w.
func (r *Redactor) Writer(w io.Writer) io.WriteCloser {
	return &writer{redactor: r, w: w}
}

type writer struct {
	redactor *Redactor
	w        io.Writer
	held     []byte
	out      []byte
	closed   bool
}

var errClosed = errors.New("write to a closed redacting writer")

// Write takes all of p or fails for good: part of it may have been handed on.
func (w *writer) Write(p []byte) (int, error) {
	if w.closed {
		return 0, errClosed
	}
	if w.redactor.table() == nil {
		return w.w.Write(p)
	}
	w.held = append(w.held, p...)
	if err := w.flush(false); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (w *writer) flush(final bool) error {
	var rest []byte
	w.out, rest = w.redactor.table().redact(w.out[:0], w.held, final)
	w.held = append(w.held[:0], rest...)
	if len(w.out) == 0 {
		return nil
	}
	_, err := w.w.Write(w.out)
	return err
}

// Close hands on what was held back.
func (w *writer) Close() error {
	if w.closed {
		return nil
	}
	w.closed = true
	if w.redactor.table() == nil {
		return nil
	}
	return w.flush(true)
}
