package filelog_test

import (
	"path/filepath"
	"testing"

	"popkit/internal/eventlog"
	"popkit/internal/eventlog/eventlogtest"
	"popkit/internal/eventlog/filelog"
)

func TestConformance(t *testing.T) {
	eventlogtest.Run(t, func(t *testing.T) eventlogtest.Opener {
		path := filepath.Join(t.TempDir(), "log.jsonl")
		return eventlogtest.Opener{
			Open:       func(t *testing.T) eventlog.Log { return open(t, path) },
			OpenReader: func(t *testing.T) eventlogtest.ReadCloser { return openReader(t, path) },
		}
	})
}

// open opens a log that has nothing to repair. The caller closes it.
func open(t testing.TB, path string) *filelog.Log {
	t.Helper()
	l, err := filelog.Open(path, filelog.Options{Run: "run-1"})
	if err != nil {
		t.Fatal(err)
	}
	if l.Repaired() != "" {
		t.Fatal(l.Repaired())
	}
	return l
}

func openReader(t testing.TB, path string) *filelog.Reader {
	t.Helper()
	r, err := filelog.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
