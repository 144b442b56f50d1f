package scriptmodel

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Request is one request for an answer, as it was logged when it came.
type Request struct {
	N        int       `json:"n"` // from one
	Came     time.Time `json:"came"`
	Rule     string    `json:"rule"` // "" if none spoke
	Step     int       `json:"step"` // from one
	Session  string    `json:"session"`
	Subagent bool      `json:"subagent"`
	Model    string    `json:"model"`
	Client   string    `json:"client"`
	System   string    `json:"system"`
	Tools    []string  `json:"tools"`
	Heard    string    `json:"heard"`
	Fresh    string    `json:"fresh"`  // of Heard, what came since the model last spoke
	Answer   string    `json:"answer"` // in a few words
}

// record is the log, and what wakes those who wait for it.
type record struct {
	mu       sync.Mutex
	requests []Request
	problems []string
	strays   []string
	failed   map[At]int    // how often a step has failed
	news     chan struct{} // closed and made anew at every request
}

func newRecord() *record { return &record{failed: map[At]int{}, news: make(chan struct{})} }

func (l *record) add(r Request) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.N = len(l.requests) + 1
	l.requests = append(l.requests, r)
	close(l.news)
	l.news = make(chan struct{})
	return r.N
}

func (l *record) answered(n int, how string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests[n-1].Answer = how
}

func (l *record) problem(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if text := fmt.Sprintf(format, args...); !slices.Contains(l.problems, text) {
		l.problems = append(l.problems, text)
	}
}

func (l *record) strayed(call string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.strays, call) {
		l.strays = append(l.strays, call)
	}
}

func (l *record) elsewhere() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(slices.Values(l.strays))
}

// fails counts a request for a step that fails, and says whether this one does.
func (l *record) fails(at At, times int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed[at]++
	return times == 0 || l.failed[at] <= times
}

func (l *record) all() ([]Request, []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.requests), slices.Clone(l.problems)
}

// wait returns once the step has been asked for n times.
func (l *record) wait(ctx context.Context, at At, n int) error {
	for {
		l.mu.Lock()
		asked, news := 0, l.news
		for _, r := range l.requests {
			if r.Rule == at.Rule && r.Step == at.Step {
				asked++
			}
		}
		l.mu.Unlock()
		if asked >= n {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s, asked for %d of %d times: %w", at, asked, n, context.Cause(ctx))
		}
	}
}

// table is the log for people: a line a request, with the beginning of what was new
// in it.
func table(requests []Request) string {
	var b strings.Builder
	for _, r := range requests {
		who := "no rule"
		if r.Rule != "" {
			who = At{r.Rule, r.Step}.String()
		}
		fmt.Fprintf(&b, "%3d %s %-16s %s ◀ %s ▶ %s\n", r.N, r.Came.Format("15:04:05.000"), who, clip(r.Session, 8), excerpt(r.Fresh), clip(r.Answer, 60))
	}
	return b.String()
}

// excerpt is the beginning and the end of a text, on one line: the one says whose
// prompt it is, the other is what is newest.
func excerpt(text string) string {
	const first, last = 60, 140
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if n := len(runes); n > first+last {
		return string(runes[:first]) + " … " + string(runes[n-last:])
	}
	return string(runes)
}

func clip(text string, most int) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}
