package filelog

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/eventlog"
	"popkit/internal/eventlog/eventlogtest"
)

// versions is a file that another process changes: the nth read sees the nth
// version, and every later one the last.
type versions struct {
	reads int
	files []string
}

func (v *versions) ReadAt(p []byte, off int64) (int, error) {
	file := v.files[min(v.reads, len(v.files)-1)]
	v.reads++
	return bytes.NewReader([]byte(file)).ReadAt(p, off)
}

// TestChangedWhileRead: lines that only look damaged because a writer cut and
// wrote while they were read are read again; damage that stays is damage.
func TestChangedWhileRead(t *testing.T) {
	lines, err := eventlog.Encode(0, eventlogtest.Batch(1, 3))
	if err != nil {
		t.Fatal(err)
	}
	good := string(bytes.Join(lines, []byte("\n"))) + "\n"
	mixed := strings.Replace(good, `"seq":2`, "\x00\x00\x00\x00\x00\x00\x00", 1)
	worse := strings.Replace(good, `"seq":2`, `"seq":9`, 1)
	for name, c := range map[string]struct {
		files []string
		want  int64
		bad   bool
	}{
		"once":          {[]string{mixed, good}, 3, false},
		"several times": {[]string{mixed, worse, mixed, worse, good}, 3, false},
		"cut":           {[]string{mixed, good[:len(lines[0])+1]}, 1, false},
		"for good":      {[]string{mixed, worse, mixed}, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			at := &cursor{path: "log", f: &versions{files: c.files}, seq: 1, from: 1, shared: true}
			var n int64
			var last error
			at.emit(t.Context(), int64(len(good)), func(e event.Event, err error) bool {
				if last = err; err == nil {
					n++
					last = eventlogtest.Check(e, n)
				}
				return last == nil
			})
			var corrupt *eventlog.CorruptError
			if n != c.want || errors.As(last, &corrupt) != c.bad || (last != nil) != c.bad {
				t.Fatalf("got %d events and %v", n, last)
			}
		})
	}
}
