package filelog_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/eventlog/eventlogtest"
	"popkit/internal/eventlog/filelog"
)

// BenchmarkAppend: its cost must not depend on the log's size.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{0, 100_000} {
		for _, batch := range []int{1, 64} {
			b.Run(fmt.Sprintf("size=%d/batch=%d", size, batch), func(b *testing.B) {
				path := filepath.Join(b.TempDir(), "log.jsonl")
				l := open(b, path)
				tail := fill(b, l, size)
				for b.Loop() {
					if err := l.Append(b.Context(), tail, usual(tail, batch)); err != nil {
						b.Fatal(err)
					}
					tail += int64(batch)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/event")
				if err := l.Close(); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// BenchmarkOpen100k is the log's part of resuming a run of 100,000 events.
func BenchmarkOpen100k(b *testing.B) {
	path := hundredThousand(b)
	for b.Loop() {
		if err := open(b, path).Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead100k is the decoding, which is the reader's own cost.
func BenchmarkRead100k(b *testing.B) {
	l := open(b, hundredThousand(b))
	for b.Loop() {
		n := 0
		for _, err := range l.Read(b.Context(), 1) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 100_000 {
			b.Fatal(n)
		}
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkFollow is from Append to a reader's yield, over the kernel's watch.
func BenchmarkFollow(b *testing.B) {
	path := filepath.Join(b.TempDir(), "log.jsonl")
	l := open(b, path)
	r := openReader(b, path)
	got := make(chan error)
	go func() {
		for _, err := range r.Follow(b.Context(), 1) {
			got <- err
			if err != nil {
				return
			}
		}
	}()
	var tail int64
	for b.Loop() {
		if err := l.Append(b.Context(), tail, usual(tail, 1)); err != nil {
			b.Fatal(err)
		}
		if err := <-got; err != nil {
			b.Fatal(err)
		}
		tail++
	}
	if err := r.Close(); err != nil {
		b.Fatal(err)
	}
	<-got
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}

func hundredThousand(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "log.jsonl")
	l := open(b, path)
	fill(b, l, 100_000)
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}

func fill(b *testing.B, l *filelog.Log, count int) int64 {
	b.Helper()
	var tail int64
	for tail < int64(count) {
		n := min(1000, count-int(tail))
		if err := l.Append(b.Context(), tail, usual(tail, n)); err != nil {
			b.Fatal(err)
		}
		tail += int64(n)
	}
	return tail
}

// usual returns a batch of events as a run mostly has them.
func usual(after int64, count int) []event.Event {
	insight := event.InsightShared{
		ID: "i-17", Agent: "implementer-2", Task: "api", Phase: "implement", Kind: event.InsightDiscovery,
		Content: strings.Repeat("the user model lives in src/models and is generated; ", 3), Tags: []string{"model", "database"}, Confidence: 0.8,
	}
	progress := 0.4
	evs := make([]event.Event, count)
	for i := range evs {
		seq := after + 1 + int64(i)
		evs[i] = event.Event{Seq: seq, Time: eventlogtest.At(0).Add(time.Duration(seq) * time.Second)}
		switch seq % 4 {
		case 0:
			evs[i].Data = insight
		case 1:
			evs[i].Data = event.CheckedIn{Agent: "implementer-2", Progress: &progress, Doing: "wiring the handler to the store"}
		default:
			evs[i].Data = event.ToolCalled{Agent: "implementer-2", Tool: "Edit"}
		}
	}
	return evs
}
