package eventlogtest

import (
	"context"
	"sync"
	"testing"

	"popkit/internal/eventlog"
)

func testReadFrom(t *testing.T, o Opener) {
	const tail = 700
	l := openWriter(t, o)
	MustAppend(t, l, 0, Batch(1, tail)...)
	for _, from := range []int64{1, 2, 255, 256, 257, 258, 511, 512, 513, tail - 1, tail} {
		Wants(t, l.Read(t.Context(), from), from, tail)
	}
	for _, from := range []int64{0, -1, -1 << 63} {
		Wants(t, l.Read(t.Context(), from), 1, tail)
	}
	for _, from := range []int64{tail + 1, tail + 2, 1<<63 - 1} {
		Wants(t, l.Read(t.Context(), from), from, from-1)
	}
}

func testReadBounded(t *testing.T, o Opener) {
	l := openWriter(t, o)
	MustAppend(t, l, 0, Batch(1, 5)...)
	seq := l.Read(t.Context(), 1)
	MustAppend(t, l, 5, Batch(6, 5)...)
	Wants(t, seq, 1, 5)
	next := int64(1)
	for e, err := range l.Read(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(e, next); err != nil {
			t.Fatal(err)
		}
		MustAppend(t, l, 9+next, Event(10+next)) // must not make it endless
		next++
	}
	if next != 11 {
		t.Fatalf("read ended at event %d, want 10", next-1)
	}
}

func testReadAgain(t *testing.T, o Opener) {
	l := openWriter(t, o)
	MustAppend(t, l, 0, Batch(1, 5)...)
	seq := l.Read(t.Context(), 3)
	Wants(t, seq, 3, 5)
	Wants(t, seq, 3, 5)
}

func testStopEarly(t *testing.T, o Opener) {
	l := openWriter(t, o)
	MustAppend(t, l, 0, Batch(1, 5)...)
	for range l.Read(t.Context(), 1) {
		break
	}
	for range l.Follow(t.Context(), 1) {
		break
	}
	MustAppend(t, l, 5, Event(6))
}

func testFollowLive(t *testing.T, o Opener) {
	l := openWriter(t, o)
	MustAppend(t, l, 0, Batch(1, 3)...)
	ctx, cancel := context.WithCancel(t.Context())
	f := follow(ctx, l, 2)
	f.wants(t, 2, 3)
	for n := int64(4); n <= 40; n++ {
		MustAppend(t, l, n-1, Event(n))
		f.wants(t, n, n)
	}
	MustAppend(t, l, 40, Batch(41, 300)...)
	f.wants(t, 41, 340)
	cancel()
	f.ends(t, context.Canceled)
}

// testFollowAndAppend: an append that falls between a follower's look at the log
// and its wait is not missed, and the follower may append by itself.
func testFollowAndAppend(t *testing.T, o Opener) {
	l := openWriter(t, o)
	readers := []eventlog.Reader{l}
	if o.OpenReader != nil {
		r := o.OpenReader(t)
		t.Cleanup(func() { mustClose(t, r) })
		readers = append(readers, r)
	}
	MustAppend(t, l, 0, Event(1))
	tail := int64(1)
	for _, r := range readers {
		next, last := int64(1), tail+5
		for e, err := range r.Follow(t.Context(), 1) {
			if err == nil {
				err = Check(e, next)
			}
			if err != nil {
				t.Fatalf("follow at event %d: %v", next, err)
			}
			if next == last {
				break
			}
			if next == tail {
				tail++
				MustAppend(t, l, next, Event(tail))
			}
			next++
		}
	}
}

func testFollowFuture(t *testing.T, o Opener) {
	l := openWriter(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	f := follow(ctx, l, 5)
	MustAppend(t, l, 0, Batch(1, 3)...)
	MustAppend(t, l, 3, Batch(4, 3)...)
	f.wants(t, 5, 6)
	cancel()
	f.ends(t, context.Canceled)
}

func testSeveralFollowers(t *testing.T, o Opener) {
	const followers, tail = 8, 200
	l := openWriter(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for i := range int64(followers) {
		wg.Go(func() {
			next := 1 + i
			for e, err := range l.Follow(ctx, next) {
				if err == nil {
					err = Check(e, next)
				}
				if err != nil {
					t.Errorf("follower %d at event %d: %v", i, next, err)
					return
				}
				if next == tail {
					return
				}
				next++
			}
		})
	}
	for n := int64(1); n <= tail; n += 4 {
		MustAppend(t, l, n-1, Batch(n, 4)...)
	}
	wg.Wait()
}

func testClose(t *testing.T, o Opener) {
	l := o.Open(t)
	MustAppend(t, l, 0, Batch(1, 3)...)
	mustClose(t, l)
	mustClose(t, l)
	wantErr(t, l.Append(t.Context(), 3, Batch(4, 1)), eventlog.ErrClosed)
	wantErr(t, l.Append(t.Context(), 3, nil), eventlog.ErrClosed)
	_, err := l.Tail(t.Context())
	wantErr(t, err, eventlog.ErrClosed)
	var yields int
	for _, err := range l.Read(t.Context(), 1) {
		yields++
		wantErr(t, err, eventlog.ErrClosed)
	}
	for _, err := range l.Follow(t.Context(), 1) {
		yields++
		wantErr(t, err, eventlog.ErrClosed)
	}
	if yields != 2 {
		t.Fatalf("read and follow of a closed log yielded %d times, want 2", yields)
	}
}

func testCloseEndsFollowers(t *testing.T, o Opener) {
	l := o.Open(t)
	MustAppend(t, l, 0, Event(1))
	waits, future := follow(t.Context(), l, 1), follow(t.Context(), l, 9)
	waits.wants(t, 1, 1)
	mustClose(t, l)
	waits.ends(t, eventlog.ErrClosed)
	future.ends(t, eventlog.ErrClosed)
}

// testLastEvents: followers get what was appended before Close, however far
// behind they are, and whoever of them is done first.
func testLastEvents(t *testing.T, o Opener) {
	l := o.Open(t)
	MustAppend(t, l, 0, Event(1))
	first, second := follow(t.Context(), l, 1), follow(t.Context(), l, 1)
	first.wants(t, 1, 1)
	second.wants(t, 1, 1)
	MustAppend(t, l, 1, Batch(2, 4000)...)
	mustClose(t, l)
	mustClose(t, openWriter(t, o))
	first.wants(t, 2, 4001)
	first.ends(t, eventlog.ErrClosed)
	second.wants(t, 2, 4001)
	second.ends(t, eventlog.ErrClosed)
}

func testReopen(t *testing.T, o Opener) {
	var tail int64
	for range 4 {
		l := o.Open(t)
		WantTail(t, l, tail)
		Wants(t, l.Read(t.Context(), 1), 1, tail)
		wantErr(t, l.Append(t.Context(), tail+1, Batch(tail+2, 1)), eventlog.ErrConflict)
		MustAppend(t, l, tail, Batch(tail+1, 130)...)
		tail += 130
		Wants(t, l.Read(t.Context(), tail-1), tail-1, tail)
		mustClose(t, l)
	}
}

// testReadWhileAppending: who reads while events of many sizes are appended
// sees a prefix of the log, whole.
func testReadWhileAppending(t *testing.T, o Opener) {
	const tail = 120
	l := openWriter(t, o)
	readers := []eventlog.Reader{l}
	if o.OpenReader != nil {
		r := o.OpenReader(t)
		t.Cleanup(func() { mustClose(t, r) })
		readers = append(readers, r)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for _, r := range readers {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				next := int64(1)
				for e, err := range r.Read(t.Context(), 1) {
					if err == nil {
						err = Check(e, next)
					}
					if err != nil {
						t.Errorf("at event %d: %v", next, err)
						return
					}
					next++
				}
				if at, err := r.Tail(t.Context()); err != nil || at < next-1 {
					t.Errorf("tail is %d (%v) after event %d was read", at, err, next-1)
					return
				}
			}
		})
	}
	for n := int64(1); n <= tail; n += 3 {
		MustAppend(t, l, n-1, Event(n), Large(n+1, int(n)*397), Event(n+2))
	}
	close(done)
	wg.Wait()
}

func testReader(t *testing.T, o Opener) {
	if o.OpenReader == nil {
		return // nothing to conform to
	}
	l := openWriter(t, o)
	r := o.OpenReader(t)
	WantTail(t, r, 0)
	Wants(t, r.Read(t.Context(), 1), 1, 0)
	MustAppend(t, l, 0, Batch(1, 300)...)
	WantTail(t, r, 300)
	Wants(t, r.Read(t.Context(), 1), 1, 300)
	Wants(t, r.Read(t.Context(), 299), 299, 300)
	Wants(t, r.Read(t.Context(), 302), 302, 301)
	seq := r.Read(t.Context(), 1)
	MustAppend(t, l, 300, Large(301, 1<<20))
	Wants(t, seq, 1, 300)
	WantTail(t, r, 301)
	mustClose(t, r)
	_, err := r.Tail(t.Context())
	wantErr(t, err, eventlog.ErrClosed)
	for _, err := range r.Read(t.Context(), 1) {
		wantErr(t, err, eventlog.ErrClosed)
	}
	MustAppend(t, l, 301, Event(302))
}

// testReaderFollows: a reader sees appends live, also over the writer's end and
// the next one's beginning.
func testReaderFollows(t *testing.T, o Opener) {
	if o.OpenReader == nil {
		return // nothing to conform to
	}
	l := o.Open(t)
	r := o.OpenReader(t)
	ctx, cancel := context.WithCancel(t.Context())
	f, late := follow(ctx, r, 1), follow(t.Context(), r, 150)
	for n := int64(1); n <= 50; n++ {
		MustAppend(t, l, n-1, Event(n))
		f.wants(t, n, n)
	}
	mustClose(t, l)
	l = openWriter(t, o)
	for n := int64(51); n <= 149; n += 3 {
		MustAppend(t, l, n-1, Batch(n, 3)...)
	}
	f.wants(t, 51, 149)
	cancel()
	f.ends(t, context.Canceled)
	MustAppend(t, l, 149, Large(150, 1<<20))
	late.wants(t, 150, 150)
	mustClose(t, r)
	late.ends(t, eventlog.ErrClosed)
}
