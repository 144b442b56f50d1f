//go:build linux

package filelog_test

import (
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"

	"popkit/internal/eventlog/eventlogtest"
	"popkit/internal/eventlog/filelog"
)

// TestKill: a writer is killed at any moment, many times. Each time the log opens,
// holds every event that was acknowledged, and at most the batch in flight more.
// A reader that follows all along sees each event once and no error.
func TestKill(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), "log.jsonl")
	mustClose(t, open(t, path))
	r := openReader(t, path)
	seen := make(chan int64, 1)
	go func() { seen <- followUntilClosed(t, r) }()

	var tail int64
	var landed, repaired int
	for trial := range killTrials {
		acked := killOnce(t, path, tail, random.IntN(8))
		l, err := filelog.Open(path, filelog.Options{})
		if err != nil {
			t.Fatalf("trial %d: %v", trial, err)
		}
		if l.Repaired() != "" {
			repaired++
		}
		now, err := l.Tail(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		inFlight := int64(len(killBatch(acked)))
		if now < acked || now > acked+inFlight {
			t.Fatalf("trial %d: tail is %d; %d was acknowledged, %d more were in flight", trial, now, acked, inFlight)
		}
		if now > acked {
			landed++
		}
		eventlogtest.Wants(t, l.Read(t.Context(), tail+1), tail+1, now)
		mustClose(t, l)
		tail = now
	}
	l := open(t, path)
	eventlogtest.Wants(t, l.Read(t.Context(), 1), 1, tail)
	mustClose(t, l)
	eventlogtest.WantTail(t, r, tail)
	mustClose(t, r)
	if n := <-seen; n > tail {
		t.Fatalf("the reader was given %d events of %d", n, tail)
	}
	t.Logf("%d events; in %d trials more landed than was acknowledged, %d torn ends were repaired", tail, landed, repaired)
}

// killOnce starts a writer, kills it after acks acknowledgements and returns the
// last tail that it was acknowledged.
func killOnce(t *testing.T, path string, tail int64, acks int) int64 {
	t.Helper()
	c := startChild(t, "append", path)
	acked := tail
	for n := 0; ; n++ {
		if n == acks {
			c.kill(t)
		}
		text := c.line(t)
		if text == "" {
			break
		}
		now, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			break // the kill cut the number; the one before it counts
		}
		acked = now
	}
	if err := c.wait(); err == nil || c.stderr.Len() > 0 {
		t.Fatalf("the writer ended by itself: %v", err)
	}
	return acked
}

// followUntilClosed returns how many events were seen, each in its place.
func followUntilClosed(t *testing.T, r *filelog.Reader) int64 {
	var n int64
	for e, err := range r.Follow(t.Context(), 1) {
		if err != nil {
			wantClosed(t, err)
			return n
		}
		n++
		if err := eventlogtest.Check(e, n); err != nil {
			t.Errorf("the reader at event %d: %v", n, err)
			return n
		}
	}
	return n
}
