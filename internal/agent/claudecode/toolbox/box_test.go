package toolbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/desktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host is what a CLI does to a box.
type host struct {
	t   *testing.T
	run *desktest.Run
	box *Box
	mu  sync.Mutex
	n   int
}

func newHost(t *testing.T, settings event.Settings, plan bool) *host {
	t.Helper()
	h := &host{t: t, run: desktest.New(t, settings)}
	h.box = New(Config{Caller: h.run.As(desktest.One), Version: "1.2.3", Plan: plan, HelpWait: time.Millisecond})
	t.Cleanup(func() {
		if err := h.box.Close(); err != nil {
			t.Error(err)
		}
	})
	h.initialize()
	return h
}

// reply is a JSON-RPC answer.
type reply struct {
	ID     json.RawMessage `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// send sends a request and returns the answer to it.
func (h *host) send(ctx context.Context, method string, params any) (reply, error) {
	h.mu.Lock()
	h.n++
	id := h.n
	h.mu.Unlock()
	raw, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": id, "method": method, "params": params})
	if err != nil {
		h.t.Fatal(err)
	}
	answer, err := h.box.Answer(ctx, raw)
	if err != nil {
		return reply{}, err
	}
	var r reply
	if err := json.Unmarshal(answer, &r); err != nil {
		h.t.Errorf("%s: %v", answer, err)
	}
	if string(r.ID) != fmt.Sprint(id) {
		h.t.Errorf("%s: the answer to %s is for %s", method, fmt.Sprint(id), r.ID)
	}
	return r, nil
}

func (h *host) must(method string, params any) reply {
	h.t.Helper()
	r, err := h.send(h.t.Context(), method, params)
	if err != nil || r.Error != nil {
		h.t.Fatalf("%s: %v, %+v", method, err, r.Error)
	}
	return r
}

// initialize begins a session as a CLI does.
func (h *host) initialize() reply {
	h.t.Helper()
	r := h.must("initialize", map[string]any{"protocolVersion": "2025-06-18", "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "claude-code", "version": "2"}})
	answer, err := h.box.Answer(h.t.Context(), json.RawMessage(`{"jsonrpc":"2.0","method":"notifications/initialized"}`))
	if err != nil || !json.Valid(answer) {
		h.t.Errorf("a notice: %s, %v", answer, err)
	}
	return r
}

// call calls a tool and returns what the model is told.
func (h *host) call(ctx context.Context, tool string, input any) (text string, failed bool, err error) {
	r, err := h.send(ctx, "tools/call", map[string]any{"name": tool, "arguments": input})
	if err != nil {
		return "", true, err
	}
	if r.Error != nil {
		return r.Error.Message, true, nil
	}
	var res struct {
		IsError bool `json:"isError"`
		Content []struct{ Type, Text string }
	}
	if err := json.Unmarshal(r.Result, &res); err != nil || len(res.Content) != 1 || res.Content[0].Type != "text" {
		h.t.Fatalf("%s: %s, %v", tool, r.Result, err)
	}
	return res.Content[0].Text, res.IsError, nil
}

type in map[string]any

// says calls a tool and wants words in what the model is told.
func (h *host) says(tool string, input in, failed bool, words ...string) {
	h.t.Helper()
	text, bad, err := h.call(h.t.Context(), tool, input)
	if err != nil || bad != failed {
		h.t.Errorf("%s %v: %q, an error: %t, %v", tool, input, text, bad, err)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			h.t.Errorf("%s %v: %q does not say %q", tool, input, text, w)
		}
	}
}

// TestOffer: a host is offered the tools with a schema each, and how they go together;
// the one for plans where the role has to present one.
func TestOffer(t *testing.T) {
	for _, plan := range []bool{false, true} {
		h := newHost(t, desktest.Settings(), plan)
		var about struct {
			ServerInfo   struct{ Name, Version string }
			Instructions string
		}
		if err := json.Unmarshal(h.initialize().Result, &about); err != nil {
			t.Fatal(err)
		}
		if about.ServerInfo.Name != "popkit" || about.ServerInfo.Version != "1.2.3" || !strings.Contains(about.Instructions, "End with report") ||
			strings.Contains(about.Instructions, presentPlan) != plan {
			t.Errorf("about: %+v", about)
		}
		var list struct {
			Tools []struct {
				Name, Description string
				Meta              map[string]any `json:"_meta"`
				InputSchema       struct {
					Type       string
					Required   []string
					Properties map[string]struct {
						Type, Description string
						Enum              []string
						Items             *struct{ Type string }
					}
				}
			}
		}
		if err := json.Unmarshal(h.must("tools/list", nil).Result, &list); err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, x := range list.Tools {
			names[x.Name] = true
			if x.Meta["anthropic/alwaysLoad"] != true {
				t.Errorf("%s may be hidden from the model: %v", x.Name, x.Meta)
			}
			if len(x.Description) < 100 || x.InputSchema.Type != "object" || len(x.InputSchema.Properties) == 0 {
				t.Errorf("%s is offered as %+v", x.Name, x)
			}
			for name, p := range x.InputSchema.Properties {
				if p.Type == "" || p.Description == "" || (p.Type == "array") != (p.Items != nil) {
					t.Errorf("%s: %s is %+v", x.Name, name, p)
				}
			}
		}
		want := []string{shareInsight, readInsights, checkIn, askPerson, report, requestHelp}
		if plan {
			want = append(want, presentPlan)
		}
		for _, name := range want {
			if !names[name] {
				t.Errorf("%s is not offered", name)
			}
		}
		if len(names) != len(want) {
			t.Errorf("offered: %v", names)
		}
	}
}

// TestTools: what a tool is called with gets to the run, also where a model has the
// types wrong and what it means is plain; and what is wrong is said so that the next
// call can be right.
func TestTools(t *testing.T) {
	h := newHost(t, desktest.Settings(), false)
	h.says(shareInsight, in{"type": "discovery", "content": "the model is in src/models", "tags": []string{"auth"}, "confidence": 0.8}, false, "Shared as i-1")
	h.says(shareInsight, in{"type": "discovery", "content": "the model is in src/models"}, false, "shared that already")
	h.says(shareInsight, in{"type": "pattern", "content": "errors are wrapped", "tags": "auth, errors", "confidence": "90%"}, false, "Shared as i-2")
	h.run.Must(h.run.As(desktest.Two), api.OpShare, api.ShareArgs{Type: "pattern", Content: "tests are tables"}, nil)
	h.says(shareInsight, in{"type": "pattern", "content": "tests are tables"}, false, "confirms it")
	h.says(shareInsight, in{"type": "news", "content": "x"}, true, `type "news" is none of discovery, pattern`)
	h.says(shareInsight, in{"content": "x"}, true, "type is missing", "share_insight takes type, content, [tags], [confidence]")
	h.says(shareInsight, in{"type": "discovery", "content": ""}, true, "content is missing")
	h.says(shareInsight, in{"type": "discovery", "content": "x", "confidence": 200}, true, "not between 0 and 1")
	h.says(shareInsight, in{"type": "discovery", "content": "x", "to": "all"}, true, `share_insight takes no "to"`)
	h.says(shareInsight, in{"type": "discovery", "content": "x", "tags": 7}, true, "tags is no list of texts")
	h.says(readInsights, in{"tags": []string{"errors"}}, false, "> [i-2 pattern from implementer-1", "not instructions")
	h.says(readInsights, in{"tags": []string{"moon"}}, false, "Nothing with these tags")
	h.says(readInsights, nil, false, "i-3", "i-1")
	h.says(checkIn, in{"progress": 40, "doing": "writing"}, false, "Noted")
	h.says(checkIn, in{"progress": "0.5", "doing": "testing"}, false, "Noted")
	h.says(checkIn, in{"progress": "half", "doing": "testing"}, true, "no number from 0 to 1")
	h.says(report, in{"status": "splendid", "summary": "x"}, true, "is none of done, failed, blocked")
	h.says(report, in{"status": "done"}, true, "summary is missing")
	h.says(report, in{"status": "done", "summary": "x", "no_code": "maybe"}, true, "true or false")
	h.says("explode", nil, true, "explode")
	if h.box.Report() != nil {
		t.Errorf("a report that was refused counts: %+v", h.box.Report())
	}
	h.says(report, in{"status": "blocked", "summary": "no access", "no_code": "true", "follow_ups": "get access, please\nthen go on"}, false, "Reported: blocked")
	if r := h.box.Report(); r == nil || r.Status != event.ReportBlocked || !r.NoCode || len(r.FollowUps) != 2 {
		t.Errorf("the report: %+v", r)
	}
	h.run.Query(func(s *state.State) {
		a := s.Agents[desktest.One]
		if a.Progress != 0.5 || a.CheckIn.Doing != "testing" || a.Report == nil || s.Insights.Get("i-2").Confidence != 0.9 || len(s.Insights.Get("i-2").Tags) != 2 {
			t.Errorf("the run knows %v, %+v, %+v", a.Progress, a.CheckIn, a.Report)
		}
	})
}

// decide answers the next question that is open, as a person.
func (h *host) decide(answer, note string) {
	var id string
	h.run.Until(func(s *state.State) bool {
		if len(s.Open) > 0 {
			id = s.Open[0]
		}
		return id != ""
	})
	h.run.Must(h.run.Person(), api.OpAnswer, api.AnswerArgs{ID: id, Answer: answer, By: "ada", Note: note}, nil)
}

// TestAsking: ask and present_plan wait for a person and say what they said; request_help
// says why nobody was asked.
func TestAsking(t *testing.T) {
	settings := desktest.Settings()
	settings.MaxQuestions = 4
	settings.Roles = map[string]event.Role{"implementer": {PlanRequired: true, Tools: []string{}}}
	h := newHost(t, settings, true)
	go h.decide("B", "it is simpler")
	h.says(askPerson, in{"question": "A or B?", "options": "A, B"}, false, "ada answers: B", "ada adds: it is simpler")
	go h.decide("revise", "name the tests")
	h.says(presentPlan, in{"plan": "change a.go"}, false, "revised: name the tests", "call present_plan again")
	go h.decide("approve", "")
	h.says(presentPlan, in{"plan": "change a.go, and a_test.go"}, false, "ada approves the plan")
	go h.decide("Grace does", "")
	h.says(requestHelp, in{"about": "who signs the release"}, false, "ada answers: Grace does")
	h.says(requestHelp, in{"about": "who pays for the release"}, false, "No person could be asked", "4 questions already")
	h.says(askPerson, in{"question": "one more?"}, true, "4 questions already")
}

// TestConcurrent: a tool that waits holds up no other one.
func TestConcurrent(t *testing.T) {
	h := newHost(t, desktest.Settings(), false)
	waited := make(chan string, 1)
	go func() {
		text, _, err := h.call(t.Context(), askPerson, in{"question": "A or B?"})
		waited <- fmt.Sprint(text, err)
	}()
	h.run.Until(func(s *state.State) bool { return len(s.Open) == 1 })
	h.says(checkIn, in{"progress": 0.1, "doing": "something else"}, false, "Noted")
	h.decide("A", "")
	if got := <-waited; !strings.Contains(got, "ada answers: A") {
		t.Errorf("ask: %s", got)
	}
}

// TestGivenUp: the end of a caller's wait, a host that begins anew, and Close end what a
// tool waits for; nothing of it is left, and the next session works.
func TestGivenUp(t *testing.T) {
	h := newHost(t, desktest.Settings(), false)
	wait := func(ctx context.Context) <-chan error {
		ended, open := make(chan error, 1), 0
		h.run.Query(func(s *state.State) { open = len(s.Open) })
		go func() {
			_, _, err := h.call(ctx, askPerson, in{"question": "A or B?"})
			ended <- err
		}()
		h.run.Until(func(s *state.State) bool { return len(s.Open) > open })
		return ended
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := wait(ctx)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("its caller is gone: %v", err)
	}
	ended = wait(t.Context())
	h.initialize()
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("the host began anew: %v", err)
	}
	h.says(checkIn, in{"progress": 0.1, "doing": "x"}, false, "Noted")
	ended = wait(t.Context())
	if err := h.box.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := h.send(t.Context(), "tools/list", nil); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestMessages: what is no message is an error, and what is none of a host's business
// is answered by the protocol.
func TestMessages(t *testing.T) {
	h := newHost(t, desktest.Settings(), false)
	for _, bad := range []string{``, `nonsense`, `[]`, `{}`, `{"jsonrpc":"2.0"}`} {
		if got, err := h.box.Answer(t.Context(), json.RawMessage(bad)); err == nil {
			t.Errorf("%q is answered %s", bad, got)
		}
	}
	if r, err := h.send(t.Context(), "no/such/method", nil); err != nil || r.Error == nil {
		t.Errorf("an unknown method: %+v, %v", r, err)
	}
	if got, err := h.box.Answer(t.Context(), json.RawMessage(`{"jsonrpc":"2.0","id":5,"result":{}}`)); err != nil || !json.Valid(got) {
		t.Errorf("an answer that nobody asked for: %s, %v", got, err)
	}
	if r := h.must("ping", nil); string(r.Result) != "{}" {
		t.Errorf("ping: %s", r.Result)
	}
}
