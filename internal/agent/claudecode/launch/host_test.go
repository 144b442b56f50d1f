package launch_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"popkit/internal/agent/claudecode/launch"
	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/claudetest"
	"popkit/internal/scriptmodel"
)

// world is a user with a home folder, and a workspace.
type world struct {
	home, work, state, given string
	model                    *scriptmodel.Server
	front                    *front
	notes                    []string
}

func newWorld(t *testing.T, script string) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{home: dir + "/home", work: dir + "/work", state: dir + "/state", given: dir + "/given"}
	for _, d := range []string{w.home + "/.claude", w.work, w.state, w.given} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s, err := scriptmodel.Parse("script.yaml", []byte(script))
	if err != nil {
		t.Fatal(err)
	}
	if w.model, err = scriptmodel.Start(s); err != nil {
		t.Fatal(err)
	}
	w.front = newFront(t, w.model.URL)
	t.Cleanup(func() {
		if err := w.model.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// put writes files, by path below the world's folder.
func (w *world) put(t *testing.T, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(filepath.Dir(w.home), name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// environ is the user's own environment, without a login.
func (w *world) environ(more ...string) []string {
	env := slices.DeleteFunc(claudetest.Variables(w.front.URL), func(e string) bool { return strings.HasPrefix(e, "ANTHROPIC_API_KEY=") })
	return append(env, append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.home, "CLAUDE_CODE_MAX_RETRIES=1"}, more...)...)
}

func (w *world) launcher(t *testing.T, o launch.Options) *launch.Launcher {
	t.Helper()
	cli, err := launch.Find(t.Context(), claudetest.Get(t).Path, w.environ())
	if err != nil {
		t.Fatal(err)
	}
	o.Note = func(text string) { w.notes = append(w.notes, text) }
	l, err := launch.New(cli, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

const sessionID = "7e57ab1e-0000-4000-8000-000000000001"

func (w *world) spec(env []string) launch.Spec {
	return launch.Spec{Session: sessionID, Workspace: w.work, State: w.state, Given: w.given, Env: env}
}

// front stands before the model and notes by which login it is asked.
type front struct {
	*httptest.Server
	mu     sync.Mutex
	logins []string
}

func newFront(t *testing.T, model string) *front {
	t.Helper()
	to, err := url.Parse(model)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{}
	proxy := httputil.NewSingleHostReverseProxy(to)
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			http.Error(w, "nobody is called", http.StatusForbidden)
			return
		}
		if login := r.Header.Get("X-Api-Key") + r.Header.Get("Authorization"); r.Method == http.MethodPost {
			f.mu.Lock()
			f.logins = append(f.logins, login)
			f.mu.Unlock()
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *front) login() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(slices.Compact(slices.Clone(f.logins)), ", ")
}

// said is what came of a session.
type said struct {
	init    wire.Init
	result  wire.Result
	hooks   []string // tools that the guard was asked about
	asked   []string // tools that permission was asked for
	results []string // of tools
}

// starter starts a command with its standard input and output.
type starter func(t *testing.T, c launch.Command, dir string, in io.Reader, out io.Writer) (wait func() error)

func plainly(t *testing.T, c launch.Command, dir string, in io.Reader, out io.Writer) func() error {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), c.Path)
	cmd.Args, cmd.Env, cmd.Dir, cmd.Stdin, cmd.Stdout = c.Args, c.Env, dir, in, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd.Wait
}

// play drives one turn of a session; decision is the guard's answer to each call.
func (w *world) play(t *testing.T, start starter, c launch.Command, prompt, decision string) said {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	wait := start(t, c, w.work, inR, outW)
	ended := make(chan error, 1)
	go func() {
		ended <- wait()
		outW.Close()
		inR.Close()
	}()
	h := host{t: t, to: wire.NewWriter(inW), decision: decision}
	h.send(wire.Request{ID: "init", What: wire.Initialize{Hooks: map[string][]wire.HookMatcher{
		"PreToolUse": {{Matcher: "*", CallbackIDs: []string{"pre"}, Timeout: 30}},
	}}})
	h.send(wire.UserMessage{Text: prompt})
	r := wire.NewReader(outR, 0)
	for {
		e, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Error(err)
			continue
		}
		if e.Type == wire.TypeResult {
			h.result(e)
			inW.Close()
			continue
		}
		h.event(e)
	}
	<-ended // what it says of itself is in its result
	return h.said
}

type host struct {
	said
	t        *testing.T
	to       *wire.Writer
	decision string
}

func (h *host) send(message any) {
	h.t.Helper()
	if err := h.to.Write(message); err != nil {
		h.t.Error(err)
	}
}

func (h *host) result(e wire.Event) {
	var err error
	if h.said.result, err = wire.As[wire.Result](e); err != nil {
		h.t.Error(err)
	}
}

func (h *host) event(e wire.Event) {
	var err error
	switch {
	case e.Is(wire.TypeSystem, wire.SystemInit):
		h.init, err = wire.As[wire.Init](e)
	case e.Type == wire.TypeUser:
		var m wire.Message
		m, err = wire.As[wire.Message](e)
		for _, b := range m.Blocks() {
			h.results = append(h.results, b.Text+string(b.Content))
		}
	case e.Type == wire.TypeRequest:
		h.request(e)
	}
	if err != nil {
		h.t.Error(err)
	}
}

func (h *host) request(e wire.Event) {
	r, err := wire.AsRequest(e)
	if err != nil {
		h.t.Error(err)
	}
	answer := wire.Answer{ID: r.ID}
	switch r.Subtype {
	case wire.AskHook:
		call, err := wire.Ask[wire.HookCallback](r)
		var in wire.HookInput
		if err == nil {
			err = json.Unmarshal(call.Input, &in)
		}
		if err != nil {
			h.t.Error(err)
		}
		h.hooks = append(h.hooks, in.Tool)
		answer.Response = json.RawMessage(`{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"` + h.decision + `","permissionDecisionReason":"the guard says so"}}`)
	case wire.AskTool:
		call, err := wire.Ask[wire.CanUseTool](r)
		if err != nil {
			h.t.Error(err)
		}
		h.asked = append(h.asked, call.Tool)
		answer.Response = json.RawMessage(`{"behavior":"deny","message":"nobody allows it"}`)
	}
	h.send(answer)
}
