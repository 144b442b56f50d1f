package server

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"popkit/internal/api"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
	"popkit/internal/eventlog/memlog"
)

// still is a run in which nothing happens.
type still struct {
	s    *state.State
	fail error
}

func (r still) Submit(ctx context.Context, _ decide.Input, read func(*state.State, []event.Event)) error {
	if read != nil && r.fail == nil {
		read(r.s, nil)
	}
	return r.fail
}

func (r still) Query(ctx context.Context, read func(*state.State)) error {
	if r.fail == nil {
		read(r.s)
	}
	return r.fail
}

func (r still) Await(ctx context.Context, _ func(*state.State) bool) error {
	<-ctx.Done()
	return ctx.Err()
}

func stillServer(t *testing.T, fail error) *Server {
	t.Helper()
	s := New(context.WithoutCancel(t.Context()), still{state.New(), fail}, memlog.New(), func(*state.State) *view.Engine { return nil })
	t.Cleanup(s.Close)
	return s
}

func TestMalformedRequests(t *testing.T) {
	s := stillServer(t, nil)
	path := filepath.Join(t.TempDir(), "s")
	if _, err := s.ListenPeople(path); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", api.MaxLine)
	for name, c := range map[string]struct {
		text string
		half bool
		kind api.Kind
		says string
	}{
		"no JSON":           {"hello\n", false, api.KindUsage, "no JSON"},
		"HTTP":              {"GET / HTTP/1.1\r\n\r\n", false, api.KindUsage, "no JSON"},
		"two values":        {`{"v":1,"op":"insights"} {"v":1}` + "\n", false, api.KindUsage, "no JSON"},
		"a list":            {"[]\n", false, api.KindUsage, "no JSON"},
		"binary":            {"\x00\xff\xfe\n", false, api.KindUsage, "no JSON"},
		"empty line":        {"\n", false, api.KindUsage, "no JSON"},
		"null":              {"null\n", false, api.KindUsage, "protocol version"},
		"no version":        {`{"op":"insights"}` + "\n", false, api.KindUsage, "protocol version"},
		"newer":             {`{"v":2,"op":"insights"}` + "\n", false, api.KindVersion, "protocol 1, the caller 2"},
		"newer, unknown op": {`{"v":99,"op":"fly"}` + "\n", false, api.KindVersion, "protocol"},
		"no end of line":    {`{"v":1,"op":"insights"}`, true, api.KindUsage, "no end of line"},
		"too long":          {`{"v":1,"op":"insights","args":"` + long + `"}` + "\n", false, api.KindUsage, "longer than"},
		"too long, no end":  {long + "xx", false, api.KindUsage, "longer than"},
		"wrong args":        {`{"v":1,"op":"answer","args":[1]}` + "\n", false, api.KindUsage, "answer"},
		"wrong type":        {`{"v":1,"op":"stop","args":{"now":"yes"}}` + "\n", false, api.KindUsage, "stop"},
		"unknown op":        {`{"v":1,"op":"fly"}` + "\n", false, api.KindUsage, `unknown call "fly"`},
	} {
		got := raw(t, path, c.half, c.text)
		if len(got) != 1 || got[0].Error == nil || got[0].Error.Kind != c.kind || !strings.Contains(got[0].Error.Text, c.says) {
			t.Errorf("%s: answered %+v", name, got)
			continue
		}
		if strings.Contains(got[0].Error.Text, "\n") || len(got[0].Error.Text) > 300 {
			t.Errorf("%s: says %q", name, got[0].Error.Text)
		}
	}
	if got := raw(t, path, true, ""); len(got) != 0 {
		t.Errorf("a probe is answered %+v", got)
	}
	for name, text := range map[string]string{
		"unknown fields": `{"v":1,"op":"insights","of":"tomorrow","args":{"x":1}}`,
		"blanks":         `  { "v" : 1 , "op" : "insights" }  ` + "\r",
		"null args":      `{"v":1,"op":"stop","args":null}`,
		"largest line":   `{"v":1,"op":"insights","args":"` + long[:api.MaxLine-len(`{"v":1,"op":"insights","args":""}`)-1] + `"}`,
	} {
		// Half-closed: `… | nc -U` ends its side at once, and is answered all the same.
		if got := raw(t, path, true, text+"\n"); len(got) != 1 || got[0].Error != nil {
			t.Errorf("%s: answered %.300v", name, got)
		}
	}
}

func TestErrorsOfTheRun(t *testing.T) {
	for kind, err := range map[api.Kind]error{
		api.KindRefused:  &decide.Refusal{Text: "no", Hint: "try"},
		api.KindInternal: errors.New("boom"),
		api.KindEnded:    context.Canceled,
	} {
		s := stillServer(t, err)
		got := s.Local().Call(t.Context(), api.OpStatus, nil, nil)
		if kindOf(got) != kind {
			t.Errorf("%v: %v", err, got)
		}
	}
}

// TestSilentAndSlow: who takes too long to ask is told so, and gives its place
// back; who does not read its answer does not hold up the server's end.
func TestSilentAndSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stillServer(t, nil)
		for _, said := range []string{"", `{"v":1,`} {
			here, there := net.Pipe()
			go s.serve(t.Context(), there, "")
			if _, err := here.Write([]byte(said)); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			got := answers(t, here)
			if took := time.Since(began); took != requestTime {
				t.Errorf("%q: hung up after %s", said, took)
			}
			if len(got) != 1 || got[0].Error == nil || !strings.Contains(got[0].Error.Text, "did not come within") {
				t.Errorf("%q: answered %+v", said, got)
			}
		}
		here, there := net.Pipe()
		gone := make(chan struct{})
		go func() { s.serve(s.ctx, there, ""); close(gone) }()
		if _, err := here.Write([]byte(`{"v":1,"op":"insights"}` + "\n")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // it writes, and nobody reads
		began := time.Now()
		s.Close()
		<-gone
		if took := time.Since(began); took != lastWrite {
			t.Errorf("the end took %s", took)
		}
		here.Close()
	})
}

func TestTooManyCalls(t *testing.T) {
	s := stillServer(t, nil)
	path := filepath.Join(t.TempDir(), "s")
	if _, err := s.ListenAgent(path, "implementer-1"); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "s")
	if _, err := s.ListenPeople(other); err != nil {
		t.Fatal(err)
	}
	var conns []net.Conn
	for range MaxCalls {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	// They are accepted in order, so one more finds all places taken.
	c := api.Client{Path: path}
	if err := c.Call(t.Context(), api.OpList, nil, nil); kindOf(err) != api.KindRefused || !strings.Contains(err.Error(), "too many") {
		t.Errorf("one too many: %v", err)
	}
	if err := (api.Client{Path: other}).Call(t.Context(), api.OpInsights, nil, nil); err != nil {
		t.Errorf("the people's socket suffers: %v", err)
	}
	for _, c := range conns {
		c.Close()
	}
	for err := error(&api.Error{Kind: api.KindRefused}); kindOf(err) == api.KindRefused; {
		err = c.Call(t.Context(), api.OpList, nil, nil) // until the server has seen one of them go
	}
}

// TestSockets: who may connect, what a killed engine left, and what is there
// after the end.
func TestSockets(t *testing.T) {
	s := stillServer(t, nil)
	dir := t.TempDir()
	path := filepath.Join(dir, "engine.sock")
	dead, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	dead.Close() // as kill -9 leaves it
	people, err := s.ListenPeople(path)
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, "a-1", "sock")
	agent, err := s.ListenAgent(own, "implementer-1")
	if err != nil {
		t.Fatal(err)
	}
	if got := mode(t, path); got != 0o600 {
		t.Errorf("the people's socket has mode %o", got)
	}
	if got := mode(t, own); got != 0o600 {
		t.Errorf("the agent's socket has mode %o", got)
	}
	if got := mode(t, filepath.Dir(own)); got != 0o700 {
		t.Errorf("the agent's folder has mode %o", got)
	}
	if err := (api.Client{Path: path}).Call(t.Context(), api.OpInsights, nil, nil); err != nil {
		t.Error(err)
	}
	if err := agent.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if _, err := os.Stat(own); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket of an agent that has ended: %v", err)
	}
	if err := (api.Client{Path: own}).Call(t.Context(), api.OpList, nil, nil); !errors.Is(err, api.ErrNoEngine) {
		t.Errorf("call: %v", err)
	}
	s.Close()
	if err := people.Close(); err != nil {
		t.Errorf("close after the server's end: %v", err)
	}
	if err := agent.Close(); err != nil {
		t.Errorf("close twice: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket after the end: %v", err)
	}
	if _, err := s.ListenPeople(filepath.Join(dir, strings.Repeat("x", 120))); err == nil {
		t.Error("a path that is too long is taken")
	}
	if _, err := s.ListenPeople(dir); err == nil {
		t.Error("a folder in the way is taken for a dead engine's socket")
	}
}

// TestLargeAnswer: what is longer than a request may be is no matter the other way.
func TestLargeAnswer(t *testing.T) {
	w := newWorld(t)
	text := strings.Repeat("é", 1750)
	for i := range 400 {
		w.must(w.person(), api.OpShare, api.ShareArgs{Content: strings.Repeat("x", i+1) + text}, nil)
	}
	var list []view.Insight
	w.must(w.person(), api.OpInsights, nil, &list)
	if len(list) != 400 {
		t.Errorf("%d insights", len(list))
	}
	err := w.person().Call(t.Context(), api.OpShare, api.ShareArgs{Content: strings.Repeat("x", api.MaxLine)}, nil)
	if kindOf(err) != api.KindUsage {
		t.Errorf("a request that is too long: %v", err)
	}
}

func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "{}\n", "null\n", `{"v":1,"op":"status"}` + "\n", `{"v":1,"op":"share","args":{"content":"x","tags":[""]}}` + "\n",
		`{"v":1,"op":"follow","args":{"from":-1}}` + "\n", `{"v":1e99,"op":""}` + "\n", `{"v":1,"op":"agent.check_in","args":{"progress":-0}}`,
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, person bool) {
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		defer cancel()
		s := New(ctx, still{state.New(), &decide.Refusal{Text: "no"}}, memlog.New(), func(*state.State) *view.Engine { return nil })
		here, there := net.Pipe()
		who := caller("implementer-1")
		if person {
			who = ""
		}
		gone := make(chan struct{})
		go func() { s.serve(ctx, there, who); close(gone) }()
		go func() {
			if _, err := here.Write(data); err == nil && !bytes.Contains(data, []byte("\n")) {
				here.Close()
			}
		}()
		for _, r := range answers(t, here) {
			if r.Error != nil && r.Error.Kind == api.KindInternal && bytes.Contains(data, []byte("\n")) {
				t.Errorf("%q: %v", data, r.Error)
			}
		}
		cancel()
		here.Close()
		<-gone
		s.Close()
	})
}

// TestCutOff: an engine that is killed while it is asked gives no answer, and the
// client says so, however the connection ended.
func TestCutOff(t *testing.T) {
	for name, dies := range map[string]func(net.Conn){
		"before it read": func(net.Conn) {},
		"after it read":  func(c net.Conn) { c.Read(make([]byte, 1<<16)) },                           //nolint:errcheck // it dies
		"half way":       func(c net.Conn) { c.Read(make([]byte, 1<<16)); c.Write([]byte(`{"v":`)) }, //nolint:errcheck // it dies
	} {
		path := filepath.Join(t.TempDir(), "s")
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			c, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			dies(c)
			c.Close()
		}()
		if err := (api.Client{Path: path}).Call(t.Context(), api.OpStatus, nil, nil); !errors.Is(err, api.ErrCutOff) {
			t.Errorf("%s: %v", name, err)
		}
		l.Close()
	}
}
