package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
	"popkit/internal/desktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cli is what a CLI does to a desk.
type cli struct {
	t    testing.TB
	run  *desktest.Run
	desk *Desk
	n    int
}

func newCLI(t testing.TB, settings event.Settings) *cli {
	t.Helper()
	r := desktest.New(t, settings)
	c := &cli{t: t, run: r}
	c.sit(desktest.One)
	return c
}

// sit opens the desk of an agent.
func (c *cli) sit(agent string) {
	c.desk = New(Config{Caller: c.run.As(agent)})
	c.t.Cleanup(func() {
		if err := c.desk.Close(); err != nil {
			c.t.Error(err)
		}
	})
}

// callback is a hook that fires.
func (c *cli) callback(id, event, tool, call, input, sub string) wire.HookCallback {
	raw, err := json.Marshal(map[string]any{"hook_event_name": event, "tool_name": tool, "tool_use_id": call, "agent_id": sub,
		"cwd": c.run.Workspace, "tool_input": json.RawMessage(input)})
	if err != nil {
		c.t.Fatal(err)
	}
	return wire.HookCallback{CallbackID: id, ToolUseID: call, Input: raw}
}

// answer is a hook's answer.
type answer struct {
	Hook struct {
		Event    string         `json:"hookEventName"`
		Decision string         `json:"permissionDecision"`
		Reason   string         `json:"permissionDecisionReason"`
		Context  string         `json:"additionalContext"`
		Input    map[string]any `json:"updatedInput"`
	} `json:"hookSpecificOutput"`
}

func read(t testing.TB, raw json.RawMessage) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Fatalf("answer %s: %v", raw, err)
	}
	return a
}

// pre asks before a call; post says that it was made.
func (c *cli) pre(tool, call, input string) answer {
	return read(c.t, c.desk.Hook(c.t.Context(), c.callback(callPre, preToolUse, tool, call, input, "")))
}

func (c *cli) post(tool, call string) answer {
	return read(c.t, c.desk.Hook(c.t.Context(), c.callback(callPost, postToolUse, tool, call, `{}`, "")))
}

// tool makes a whole call that is allowed, and returns what came beside its result.
func (c *cli) tool() string {
	c.n++
	id := fmt.Sprint("toolu_", c.n)
	if a := c.pre("Read", id, `{"file_path":"a.go"}`); a.Hook.Decision != "allow" {
		c.t.Fatalf("a read: %+v", a)
	}
	return c.post("Read", id).Hook.Context
}

// TestHook: the guard's verdict is the hook's answer, its words are the model's, and
// each call that ran is counted under its ID.
func TestHook(t *testing.T) {
	c := newCLI(t, desktest.Settings())
	for _, call := range []struct{ tool, input, want, says string }{
		{"Write", `{"file_path":"a.go","content":"package a\n"}`, "allow", "guard allows"},
		{"Write", `{"file_path":".env","content":"x"}`, "deny", "protected_path"},
		{"Bash", `{"command":"sh -c 'echo x > .env'"}`, "deny", "Instead: leave this file as it is."},
		{"Bash", `{"command":"go test ./..."}`, "allow", ""},
		{"Edit", `{"file_path":"/data/x","old_string":"a","new_string":"b"}`, "deny", "outside_workspace"},
		{"mcp__popkit__share_insight", `{"type":"discovery","content":"x"}`, "allow", ""},
	} {
		c.n++
		id := fmt.Sprint("toolu_", c.n)
		a := c.pre(call.tool, id, call.input)
		if a.Hook.Event != preToolUse || a.Hook.Decision != call.want || !strings.Contains(a.Hook.Reason, call.says) {
			t.Errorf("%s %s: %+v, want %s: %s", call.tool, call.input, a.Hook, call.want, call.says)
		}
		if call.want == "allow" {
			c.post(call.tool, id)
		}
	}
	c.run.Query(func(s *state.State) {
		a := s.Agents[desktest.One]
		if a.Guard.Allowed != 3 || a.Guard.Denied != 3 || a.Tools != 3 || a.Breach != nil {
			t.Errorf("allowed %d, denied %d, ran %d, breach %v", a.Guard.Allowed, a.Guard.Denied, a.Tools, a.Breach)
		}
	})
	for _, e := range c.run.Events() {
		if d, ok := e.Data.(event.ToolCalled); ok && !strings.HasPrefix(d.Call, "toolu_") {
			t.Errorf("a call without its ID: %+v", d)
		}
	}
}

// TestCheckIns: every few tool calls are a check-in by themselves, and each is a sign of
// life, before it is made and after.
func TestCheckIns(t *testing.T) {
	c := newCLI(t, desktest.Settings())
	for range 11 {
		c.tool()
	}
	c.run.Query(func(s *state.State) {
		if a := s.Agents[desktest.One]; a.Tools != 11 || a.CheckIns != 2 || !a.LastSeen.Equal(s.Time) {
			t.Errorf("%d calls, %d check-ins, seen %s of %s", a.Tools, a.CheckIns, a.LastSeen, s.Time)
		}
	})
}

// TestSubagents: what a subagent calls is judged and counted as its agent's; what waits
// for the agent is not lost in a conversation that is thrown away.
func TestSubagents(t *testing.T) {
	c := newCLI(t, desktest.Settings())
	c.run.Must(c.run.As(desktest.Two), api.OpShare, api.ShareArgs{Content: "the model is in src/models", Tags: []string{"auth"}}, nil)
	sub := func(id, event, input string) answer {
		return read(t, c.desk.Hook(t.Context(), c.callback(id, event, "Write", "toolu_s"+input, input, "adf5")))
	}
	if a := sub(callPre, preToolUse, `{"file_path":".env","content":"x"}`); a.Hook.Decision != "deny" {
		t.Errorf("a subagent's write: %+v", a)
	}
	if a := sub(callPre, preToolUse, `{"file_path":"a.go","content":"x"}`); a.Hook.Decision != "allow" {
		t.Errorf("a subagent's write: %+v", a)
	}
	if a := sub(callPost, postToolUse, `{"file_path":"a.go","content":"x"}`); a.Hook.Context != "" {
		t.Errorf("a subagent is given %q", a.Hook.Context)
	}
	if a := sub(callBatch, postToolBatch, `{}`); a.Hook.Context != "" {
		t.Errorf("a subagent is given %q", a.Hook.Context)
	}
	c.run.Query(func(s *state.State) {
		if a := s.Agents[desktest.One]; a.Tools != 1 || a.Guard.Denied != 1 {
			t.Errorf("ran %d, denied %d", a.Tools, a.Guard.Denied)
		}
	})
	report := c.callback(callPre, preToolUse, "mcp__popkit__report", "toolu_r", `{"status":"done","summary":"x"}`, "adf5")
	if a := read(t, c.desk.Hook(t.Context(), report)); a.Hook.Decision != "deny" || !strings.Contains(a.Hook.Reason, "say it in your answer") {
		t.Errorf("a subagent's report: %+v", a)
	}
	if a := c.pre("mcp__popkit__report", "toolu_m", `{"status":"done","summary":"x"}`); a.Hook.Decision != "allow" {
		t.Errorf("the agent's report: %+v", a)
	}
	if got := c.tool(); !strings.Contains(got, "> [i-1 discovery from implementer-2") {
		t.Errorf("the agent is given %q", got)
	}
}

// TestFailClosed: whatever is not a clear allow of the guard's denies.
func TestFailClosed(t *testing.T) {
	c := newCLI(t, desktest.Settings())
	good := `{"file_path":"a.go","content":"x"}`
	for name, cb := range map[string]wire.HookCallback{
		"no JSON":           {CallbackID: callPre, ToolUseID: "t", Input: json.RawMessage(`nonsense`)},
		"nothing":           {CallbackID: callPre},
		"an unknown hook":   c.callback("else", preToolUse, "Write", "t1", good, ""),
		"a wrong event":     c.callback(callPre, "PostToolUse", "Write", "t2", good, ""),
		"a wrong callback":  c.callback(callPost, preToolUse, "Write", "t3", good, ""),
		"no tool":           c.callback(callPre, preToolUse, "", "t4", good, ""),
		"no ID":             c.callback(callPre, preToolUse, "Write", "", good, ""),
		"no input":          c.callback(callPre, preToolUse, "Write", "t5", `null`, ""),
		"an unknown tool":   c.callback(callPre, preToolUse, "Gizmo", "t6", good, ""),
		"two IDs":           {CallbackID: callPre, ToolUseID: "t7", Input: c.callback(callPre, preToolUse, "Write", "t8", good, "").Input},
		"input of no shape": c.callback(callPre, preToolUse, "Write", "t9", `"x"`, ""),
	} {
		ctx, cancel := context.WithCancel(t.Context())
		if name == "an unknown tool" { // a person is asked; nobody answers before the CLI goes away
			go func() {
				c.run.Until(func(s *state.State) bool { return len(s.Open) > 0 })
				cancel()
			}()
		}
		if a := read(t, c.desk.Hook(ctx, cb)); a.Hook.Event != preToolUse || a.Hook.Decision != "deny" {
			t.Errorf("%s: %+v", name, a)
		}
		cancel()
	}
	if a := c.pre("Write", "t10", good); a.Hook.Decision != "allow" {
		t.Errorf("a good call: %+v", a)
	}
	for name, caller := range map[string]api.Caller{
		"no engine":          api.Client{Path: filepath.Join(t.TempDir(), "nobody")},
		"an unknown verdict": says(func(out any) error { out.(*api.Verdict).Verdict = "maybe"; return nil }),
		"ask is no allow":    says(func(out any) error { out.(*api.Verdict).Verdict = event.VerdictAsk; return nil }),
		"an empty answer":    says(func(any) error { return nil }),
		"a refusal":          says(func(any) error { return &api.Error{Kind: api.KindRefused, Text: "no"} }),
		"a panic":            says(func(any) error { panic("boom") }),
	} {
		c.desk.caller = caller
		a := c.pre("Write", "t11", good)
		if a.Hook.Decision != "deny" || a.Hook.Reason == "" {
			t.Errorf("%s: %+v", name, a)
		}
		if p := permitted(t, c.desk.CanUseTool(t.Context(), wire.CanUseTool{Tool: "Write", Input: json.RawMessage(good), ToolUseID: "t11"})); p.Behavior != "deny" {
			t.Errorf("%s: permission %+v", name, p)
		}
	}
}

// says answers every call.
type says func(out any) error

func (s says) Call(_ context.Context, _ api.Op, _, out any) error { return s(out) }

func (s says) Stream(context.Context, api.Op, any) iter.Seq2[json.RawMessage, error] {
	return func(func(json.RawMessage, error) bool) {}
}

func permitted(t *testing.T, raw json.RawMessage) permission {
	t.Helper()
	var p permission
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestCanUseTool: permission is what the guard has allowed, for that very call.
func TestCanUseTool(t *testing.T) {
	c := newCLI(t, desktest.Settings())
	input := `{"file_path":"a.go","content":"x"}`
	c.pre("Write", "good", input)
	c.pre("Write", "bad", `{"file_path":".env","content":"x"}`)
	for name, tc := range map[string]struct {
		call wire.CanUseTool
		want string
	}{
		"the very call":   {wire.CanUseTool{Tool: "Write", ToolUseID: "good", Input: json.RawMessage(`{ "file_path":"a.go", "content":"x" }`)}, "allow"},
		"another tool":    {wire.CanUseTool{Tool: "Edit", ToolUseID: "good", Input: json.RawMessage(input)}, "deny"},
		"another input":   {wire.CanUseTool{Tool: "Write", ToolUseID: "good", Input: json.RawMessage(`{"file_path":"b.go","content":"x"}`)}, "deny"},
		"another call":    {wire.CanUseTool{Tool: "Write", ToolUseID: "other", Input: json.RawMessage(input)}, "deny"},
		"no call":         {wire.CanUseTool{Tool: "Write", Input: json.RawMessage(input)}, "deny"},
		"a denied call":   {wire.CanUseTool{Tool: "Write", ToolUseID: "bad", Input: json.RawMessage(`{"file_path":".env","content":"x"}`)}, "deny"},
		"no input":        {wire.CanUseTool{Tool: "Write", ToolUseID: "good"}, "deny"},
		"nothing at all":  {wire.CanUseTool{}, "deny"},
		"a tool with no…": {wire.CanUseTool{Tool: "Bash", ToolUseID: "b", Input: json.RawMessage(`{"command":"ls"}`)}, "deny"},
	} {
		got := permitted(t, c.desk.CanUseTool(t.Context(), tc.call))
		if got.Behavior != tc.want || tc.want == "allow" && len(got.Input) == 0 || tc.want == "deny" && got.Message == "" {
			t.Errorf("%s: %+v, want %s", name, got, tc.want)
		}
	}
	for i := range maxJudged { // what is long over is forgotten, and forgotten is no permission
		c.desk.remember(fmt.Sprint("x", i), judged{tool: "Read", allowed: true})
	}
	if got := permitted(t, c.desk.CanUseTool(t.Context(), wire.CanUseTool{Tool: "Write", ToolUseID: "good", Input: json.RawMessage(input)})); got.Behavior != "deny" {
		t.Errorf("a call that was forgotten: %+v", got)
	}
}

// TestAskWaits: the hook waits while a person decides, and says what they said.
func TestAskWaits(t *testing.T) {
	c := newCLI(t, desktest.Settings())
	for call, want := range map[string]string{"allow": "allow", "deny": "deny"} {
		got := make(chan answer, 1)
		go func() { got <- c.pre("Bash", "p-"+call, fmt.Sprintf(`{"command":"git push origin main # %s"}`, call)) }()
		var q string
		c.run.Until(func(s *state.State) bool {
			if len(s.Open) > 0 {
				q = s.Open[0]
			}
			return q != ""
		})
		c.run.Must(c.run.Person(), api.OpAnswer, api.AnswerArgs{ID: q, Answer: call, By: "ada", Note: "as we said"}, nil)
		a := <-got
		if a.Hook.Decision != want || want == "deny" && (!strings.Contains(a.Hook.Reason, "ada answered deny") || !strings.Contains(a.Hook.Reason, "as we said")) {
			t.Errorf("ada says %s: %+v", call, a)
		}
		if want == "allow" && !strings.Contains(a.Hook.Context, "as we said") {
			t.Errorf("the note is lost: %+v", a)
		}
	}
}

// TestCanary: the canary is denied, by the guard, and proves the hook; anything else is
// an error that keeps the agent from its work.
func TestCanary(t *testing.T) {
	c := newCLI(t, desktest.Settings())
	if err := c.desk.Canary(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.run.Query(func(s *state.State) {
		if a := s.Agents[desktest.One]; !a.Guard.Proved {
			t.Error("the hook is not proved")
		}
	})
	if _, err := os.Stat(filepath.Join(c.run.Workspace, ".git", "popkit-canary")); err == nil {
		t.Error("the canary was written")
	}
	allows := says(func(out any) error { out.(*api.Verdict).Verdict = event.VerdictAllow; return nil })
	denies := says(func(out any) error { out.(*api.Verdict).Verdict = event.VerdictDeny; return nil })
	for want, caller := range map[string]api.Caller{"not denied": allows, "something else": denies, "no engine": api.Client{Path: "/nowhere/sock"}} {
		c.desk.caller = caller
		if err := c.desk.Canary(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the canary: %v, want %s", err, want)
		}
	}
}

// TestRan: a tool that has run although the guard did not allow it, or was never asked,
// is a breach, by whatever the CLI's account of it says.
func TestRan(t *testing.T) {
	for name, tc := range map[string]struct {
		call   func(c *cli)
		breach bool
	}{
		"allowed":   {func(c *cli) { c.pre("Write", "t", `{"file_path":"a.go","content":"x"}`) }, false},
		"counted":   {func(c *cli) { c.pre("Write", "t", `{"file_path":"a.go","content":"x"}`); c.post("Write", "t") }, false},
		"denied":    {func(c *cli) { c.pre("Write", "t", `{"file_path":".env","content":"x"}`) }, true},
		"not asked": {func(*cli) {}, true},
		"another":   {func(c *cli) { c.pre("Write", "t2", `{"file_path":"a.go","content":"x"}`) }, true},
	} {
		c := newCLI(t, desktest.Settings())
		tc.call(c)
		if err := c.desk.Ran(t.Context(), "Write", "t"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		c.run.Query(func(s *state.State) {
			if b := s.Agents[desktest.One].Breach; (b != nil) != tc.breach || b != nil && b.Kind != event.BreachNoVerdict {
				t.Errorf("%s: breach %+v", name, b)
			}
		})
	}
}

// TestWaitedFor: a subagent is waited for, whatever the call says; nothing else about
// the call is changed, and no other call is.
func TestWaitedFor(t *testing.T) {
	c := newCLI(t, desktest.Settings())
	for i, input := range []string{`{"description":"look","prompt":"p","run_in_background":true}`, `{"description":"look","prompt":"p"}`} {
		id := fmt.Sprint("a", i)
		a := c.pre("Agent", id, input)
		if a.Hook.Decision != "allow" || a.Hook.Input["run_in_background"] != false || a.Hook.Input["prompt"] != "p" || len(a.Hook.Input) != 3 {
			t.Errorf("%s: %+v", input, a)
		}
		raw, err := json.Marshal(a.Hook.Input)
		if err != nil {
			t.Fatal(err)
		}
		if p := permitted(t, c.desk.CanUseTool(t.Context(), wire.CanUseTool{Tool: "Agent", ToolUseID: id, Input: raw})); p.Behavior != "allow" {
			t.Errorf("the call as it is made: %+v", p)
		}
	}
	if a := c.pre("Agent", "b", `{"prompt":"p","isolation":"worktree"}`); a.Hook.Decision != "deny" || a.Hook.Input != nil {
		t.Errorf("a denied one: %+v", a)
	}
	if a := c.pre("Bash", "c", `{"command":"sleep 1","run_in_background":true}`); a.Hook.Decision != "allow" || a.Hook.Input != nil {
		t.Errorf("a command: %+v", a)
	}
}

// TestLate: what a run that stood still hands out too late for the CLI to wait for it
// comes with the next answer.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := postTime * time.Second
		d := New(Config{Caller: says(func(out any) error {
			if v, ok := out.(*view.Delivery); ok && slow > 0 {
				<-time.After(slow)
				slow, v.Messages = 0, []view.Message{{ID: "m-1", From: "ada", Text: "stop"}}
			}
			return nil
		})})
		post := wire.HookCallback{CallbackID: callPost, ToolUseID: "t", Input: json.RawMessage(`{"hook_event_name":"PostToolUse","tool_name":"Read","tool_use_id":"t"}`)}
		if a := read(t, d.Hook(t.Context(), post)); a.Hook.Context != "" {
			t.Errorf("too late: %q", a.Hook.Context)
		}
		if a := read(t, d.Hook(t.Context(), post)); !strings.Contains(a.Hook.Context, "Message m-1 from ada, a person who runs this (follow it):\nstop") {
			t.Errorf("the next answer: %q", a.Hook.Context)
		}
	})
}
