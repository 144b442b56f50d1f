package desk

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/core/inbox"
	"popkit/internal/core/state"
	"popkit/internal/desktest"
)

// listener is a CLI that has what is urgent said to it.
type listener struct {
	mu     sync.Mutex
	heard  strings.Builder
	ended  chan struct{}
	cancel context.CancelFunc
}

func (l *listener) hear(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard.WriteString(text)
}

func (l *listener) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard.String()
}

// seat is one agent at work: its desk, and all that reached its conversation.
type seat struct {
	cli
	agent, other string
	urgent       *listener
	quiet        strings.Builder
}

func sitDown(t *testing.T, r *desktest.Run) *seat {
	s := &seat{cli: cli{t: t, run: r}, urgent: &listener{ended: make(chan struct{})}}
	s.agent, s.other = r.Live()
	s.desk = New(Config{Caller: r.As(s.agent)})
	var ctx context.Context
	ctx, s.urgent.cancel = context.WithCancel(t.Context())
	go func() {
		defer close(s.urgent.ended)
		for text, err := range s.desk.Urgent(ctx) {
			if err != nil {
				return // its engine has ended
			}
			s.urgent.hear(text)
		}
	}()
	return s
}

// leave ends the agent's conversation.
func (s *seat) leave() {
	s.urgent.cancel()
	<-s.urgent.ended
	if err := s.desk.Close(); err != nil {
		s.t.Error(err)
	}
}

// act makes a tool call, or the end of a round, whose answer gets to the model, or does
// not: the CLI withdraws the question, or can't be written to.
func (s *seat) act(t *rapid.T) {
	s.n++
	id := fmt.Sprint("toolu_", s.n)
	s.pre("Read", id, `{"file_path":"a.go"}`)
	cb := s.callback(callPost, postToolUse, "Read", id, `{}`, "")
	switch rapid.IntRange(0, 3).Draw(t, "hook") {
	case 0:
		cb = s.callback(callBatch, postToolBatch, "", "", `{}`, "")
	case 1:
		cb = s.callback(callPost, postToolUseFailure, "Read", id, `{}`, "")
	case 2:
		cb = s.callback(callPost, postToolUse, "Read", id, `{}`, "adf5")
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	fate := rapid.SampledFrom([]string{"sent", "sent", "withdrawn", "unsent"}).Draw(t, "fate")
	if fate == "withdrawn" {
		cancel()
	}
	raw := s.desk.Hook(ctx, cb)
	switch fate {
	case "sent":
		s.quiet.WriteString(read(s.t, raw).Hook.Context)
	case "withdrawn":
		if got := read(s.t, raw).Hook.Context; got != "" {
			t.Fatalf("an answer that nobody waits for holds %q", got)
		}
	case "unsent":
		s.desk.Unsent(raw)
	}
}

// said does what others do: an insight, or a message of a person or of popkit.
func (s *seat) others(t *rapid.T, n int) {
	switch rapid.IntRange(0, 3).Draw(t, "says") {
	case 0, 1:
		kind := rapid.SampledFrom([]string{event.InsightBlocker, event.InsightDiscovery, event.InsightPattern}).Draw(t, "kind")
		s.run.Must(s.run.As(s.other), api.OpShare, api.ShareArgs{Type: kind, Content: fmt.Sprintf("thing-%d: path%d/file%d.go", n, n, n), Tags: []string{"auth"}}, nil)
	default:
		s.run.Must(s.run.Person(), api.OpTell, api.TellArgs{To: rapid.SampledFrom([]string{"", s.agent}).Draw(t, "to"),
			By: rapid.SampledFrom([]string{"ada", event.Popkit}).Draw(t, "by"), Text: fmt.Sprintf("thing-%d: do it", n), Urgent: rapid.Bool().Draw(t, "urgent")}, nil)
	}
}

var thing = regexp.MustCompile(`thing-\d+:`)

// counts says how often each thing occurs.
func counts(texts ...string) map[string]int {
	n := map[string]int{}
	for _, text := range texts {
		for _, name := range thing.FindAllString(text, -1) {
			n[name]++
		}
	}
	return n
}

// TestDeliveredOnce: whatever is shared and said, whichever answers can't be sent and
// however often the engine dies, each thing gets into an agent's conversation at most
// once, urgent things by themselves and the others beside tools' results; and of one
// that lives to the end, once each.
func TestDeliveredOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := desktest.New(t, desktest.Settings())
		defer r.End()
		s := sitDown(t, r)
		defer func() { s.leave() }()
		for n := range rapid.IntRange(1, 25).Draw(rt, "steps") {
			switch rapid.IntRange(0, 8).Draw(rt, "step") {
			case 0, 1, 2, 3:
				s.others(rt, n)
			case 4, 5, 6, 7:
				s.act(rt)
			case 8:
				r.Restart()
				s.leave()
				s.check(rt, false)
				s = sitDown(t, r)
			}
		}
		r.Until(func(st *state.State) bool { return !inbox.Presses(st, st.Agents[s.agent]) })
		for got := s.tool(); got != ""; got = s.tool() {
			s.quiet.WriteString(got)
		}
		r.Finish(s.agent) // what was handed out is handed over by then
		<-s.urgent.ended
		s.check(rt, true)
	})
}

// check wants of an agent's conversation what TestDeliveredOnce says.
func (s *seat) check(t *rapid.T, whole bool) {
	var prompt strings.Builder
	want, pressing, events := map[string]bool{}, map[string]bool{}, s.run.Events()
	begun := false
	shared := map[string]string{}
	for _, e := range events {
		switch d := e.Data.(type) {
		case event.AgentStarted:
			begun = begun || d.Agent == s.agent
		case event.InsightShared:
			shared[d.ID] = d.Content
			name := thing.FindString(d.Content)
			want[name], pressing[name] = true, d.Kind == event.InsightBlocker
		case event.AgentRequested:
			if d.Agent == s.agent {
				for _, id := range d.Insights {
					prompt.WriteString(shared[id] + "\n")
				}
			}
		case event.MessageSent:
			if begun && (d.To == "" || d.To == s.agent) {
				name := thing.FindString(d.Text)
				want[name], pressing[name] = true, d.Urgent || d.From != event.Popkit
			}
		}
	}
	urgent, quiet, told := counts(s.urgent.text()), counts(s.quiet.String()), counts(prompt.String())
	for name := range want {
		n := urgent[name] + quiet[name] + told[name]
		if n > 1 || whole && n != 1 {
			t.Fatalf("%s got %s %d times: by its prompt %d, urgent %d, quiet %d", s.agent, name, n, told[name], urgent[name], quiet[name])
		}
		if pressing[name] && quiet[name] > 0 || !pressing[name] && urgent[name] > 0 {
			t.Fatalf("%s got %s by the wrong way: urgent %d, quiet %d", s.agent, name, urgent[name], quiet[name])
		}
	}
	for name := range counts(s.urgent.text(), s.quiet.String()) {
		if !want[name] {
			t.Fatalf("%s got %s, which is not for it", s.agent, name)
		}
	}
}
