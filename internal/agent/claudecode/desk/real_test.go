package desk

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/api"
	"popkit/internal/claudetest"
	"popkit/internal/core/state"
	"popkit/internal/desktest"
	"popkit/internal/scriptmodel"
)

// real is a real CLI whose questions a desk answers, and whose model has a script.
type real struct {
	*cli
	model  *scriptmodel.Server
	out    *wire.Writer
	in     *wire.Reader
	wg     sync.WaitGroup
	init   wire.Init
	result wire.Result
	asked  []string          // what permission was asked for, and the answer
	hooks  []string          // what fired
	calls  map[string]string // the model's, by ID
	ran    []string          // the tools that had a result that is no error
	mu     sync.Mutex
	late   bool // answers of can_use_tool only, none of hooks: as of a host that lost its guard
}

func newReal(t *testing.T, script string) *real {
	t.Helper()
	parsed, err := scriptmodel.Parse("script.yaml", []byte(script))
	if err != nil {
		t.Fatal(err)
	}
	r := &real{cli: newCLI(t, desktest.Settings()), calls: map[string]string{}}
	if r.model, err = scriptmodel.Start(parsed); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.model.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// start starts the CLI as a runtime does: no rule allows anything.
func (r *real) start() (wait func()) {
	t := r.t.(*testing.T)
	home := t.TempDir()
	claude := claudetest.Get(t)
	cmd := exec.CommandContext(t.Context(), claude.Path, "-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose",
		"--permission-prompt-tool", "stdio", "--setting-sources", "", "--strict-mcp-config")
	cmd.Env = append(claude.Environ(home, r.model.URL), "CLAUDE_CONFIG_DIR="+home, "CLAUDE_CODE_MAX_RETRIES=1")
	cmd.Dir = r.run.Workspace
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.out, r.in = wire.NewWriter(in), wire.NewReader(out, 0)
	return func() {
		r.wg.Wait()
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		if _, err := io.Copy(io.Discard, out); err != nil {
			t.Error(err)
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
			t.Error(err)
		}
	}
}

func (r *real) say(message any) {
	if err := r.out.Write(message); err != nil {
		r.t.Error(err)
	}
}

// play gives the CLI its task and answers what it asks until it has a result.
func (r *real) play(task string) {
	wait := r.start()
	defer wait()
	r.say(wire.Request{ID: "1", What: r.desk.Initialize()})
	r.say(wire.UserMessage{Text: task})
	for {
		e, err := r.in.Next()
		if err != nil {
			r.t.Fatalf("the CLI: %v", err)
		}
		switch {
		case e.Type == wire.TypeRequest:
			q, err := wire.AsRequest(e)
			if err != nil {
				r.t.Fatal(err)
			}
			r.wg.Go(func() { r.say(r.answer(q)) })
		case e.Is(wire.TypeSystem, wire.SystemInit):
			r.init = decode[wire.Init](r.t, e)
		case e.Type == wire.TypeResponse:
			if err := decode[wire.ControlResponse](r.t, e).Err(); err != nil {
				r.t.Fatal(err)
			}
		case e.Type == wire.TypeAssistant:
			for _, b := range decode[wire.Message](r.t, e).Blocks() {
				if b.Type == "tool_use" {
					r.calls[b.ID] = b.Name
				}
			}
		case e.Type == wire.TypeUser:
			for _, b := range decode[wire.Message](r.t, e).Blocks() {
				if b.Type == "tool_result" && !b.IsError {
					r.ran = append(r.ran, r.calls[b.ToolUseID])
					if err := r.desk.Ran(r.t.Context(), r.calls[b.ToolUseID], b.ToolUseID); err != nil {
						r.t.Error(err)
					}
				}
			}
		case e.Type == wire.TypeResult:
			r.result = decode[wire.Result](r.t, e)
			return
		}
	}
}

func decode[T any](t testing.TB, e wire.Event) T {
	t.Helper()
	v, err := wire.As[T](e)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// answer answers one question of the CLI.
func (r *real) answer(q wire.ControlRequest) wire.Answer {
	a := wire.Answer{ID: q.ID}
	switch q.Subtype {
	case wire.AskHook:
		cb, err := wire.Ask[wire.HookCallback](q)
		if err != nil {
			r.t.Error(err)
		}
		var in wire.HookInput
		if err := json.Unmarshal(cb.Input, &in); err != nil {
			r.t.Error(err)
		}
		r.note(&r.hooks, in.Event+" "+in.Tool)
		if r.late && in.Event == preToolUse {
			a.Response = json.RawMessage(`{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"ask"}}`)
			return a
		}
		a.Response = r.desk.Hook(r.t.Context(), cb)
	case wire.AskTool:
		c, err := wire.Ask[wire.CanUseTool](q)
		if err != nil {
			r.t.Error(err)
		}
		a.Response = r.desk.CanUseTool(r.t.Context(), c)
		r.note(&r.asked, c.Tool+" "+permitted(r.t.(*testing.T), a.Response).Behavior)
	case wire.AskMCP:
		m, err := wire.Ask[wire.MCPMessage](q)
		if err != nil {
			r.t.Error(err)
		}
		reply, err := r.desk.MCP(r.t.Context(), m.Message)
		if err != nil {
			a.Err = err.Error()
			return a
		}
		if a.Response, err = json.Marshal(map[string]json.RawMessage{"mcp_response": reply}); err != nil {
			r.t.Error(err)
		}
	default:
		a.Err = "no answer to " + q.Subtype
	}
	return a
}

func (r *real) note(list *[]string, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*list = append(*list, text)
}

// write makes a file of the workspace.
func (r *real) write(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.run.Workspace, name), []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *real) there(name string) bool {
	_, err := os.Stat(filepath.Join(r.run.Workspace, name))
	return err == nil
}

// heard is all that the model was told in the n-th step of the script, and what of it
// was new.
func (r *real) heard(step int) (all, fresh string) {
	r.t.Helper()
	for _, q := range r.model.Requests() {
		if q.Step == step && !q.Subagent {
			all, fresh = q.Heard, q.Fresh
		}
	}
	return all, fresh
}

func (r *real) check() {
	r.t.Helper()
	if err := r.model.Check(); err != nil {
		r.t.Error(err)
	}
	if !r.result.Finished() {
		r.t.Errorf("the result: %+v", r.result)
	}
}

// TestRealGuard: of the real CLI each tool call is judged before it runs, also those that
// it lets pass by itself; what is denied does not happen, and the model is told why.
func TestRealGuard(t *testing.T) {
	r := newReal(t, `
rules:
  - name: a
    steps:
      - {tool: Write, input: {file_path: new.txt, content: x}}
      - {tool: Write, input: {file_path: .git/hooks/pre-commit, content: x}}
      - {tool: Bash, input: {command: "sh -c 'echo x > .env.local'", description: write}, expect: [".git/hooks/pre-commit is git.s own"]}
      - {tool: Bash, input: {command: "echo y > y.txt", description: write}, expect: ["do not reach the same end by another way"]}
      - tools:
          - {tool: Read, input: {file_path: secrets/key}}
          - {tool: Bash, input: {command: "cat secrets/key", description: read}}
          - {tool: Read, input: {file_path: a.go}}
      - {tool: EnterWorktree, input: {name: x}, expect: [package a], never: [the-key]}
      - {tool: AskUserQuestion, input: {questions: [{question: "A or B?", header: h, multiSelect: false, options: [{label: A, description: a}, {label: B, description: b}]}]},
         expect: ["what lies in a work tree of its own is not merged"]}
      - {text: Done., expect: ["ask with mcp__popkit__ask"]}
`)
	if err := os.Mkdir(filepath.Join(r.run.Workspace, "secrets"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.write("a.go", "package a\n")
	r.write("secrets/key", "the-key\n")
	settled := make(chan struct{})
	go func() { // the two reads are asked about, and nobody wants them
		defer close(settled)
		for range 2 {
			var id string
			r.run.Until(func(s *state.State) bool {
				if len(s.Open) > 0 {
					id = s.Open[0]
				}
				return id != ""
			})
			r.run.Must(r.run.Person(), api.OpAnswer, api.AnswerArgs{ID: id, Answer: "deny", By: "ada"}, nil)
		}
	}()
	r.play("@@a@@")
	<-settled
	r.check()
	for name, want := range map[string]bool{"new.txt": true, "y.txt": true, ".git/hooks/pre-commit": false, ".env.local": false, ".claude/worktrees": false} {
		if r.there(name) != want {
			t.Errorf("%s is there: %t", name, !want)
		}
	}
	r.run.Query(func(s *state.State) {
		a := s.Agents[desktest.One]
		if a.Guard.Allowed != 3 || a.Guard.Denied+a.Guard.Asked != 6 || a.Tools != 3 || a.Breach != nil {
			t.Errorf("allowed %d, denied %d, asked %d, ran %d, breach %v", a.Guard.Allowed, a.Guard.Denied, a.Guard.Asked, a.Tools, a.Breach)
		}
	})
	if len(r.asked) > 0 {
		t.Errorf("permission was asked for: %q", r.asked)
	}
}

// TestRealPermission: where the hook does not decide, the CLI asks for permission, and
// nothing runs that the guard was not asked about.
func TestRealPermission(t *testing.T) {
	r := newReal(t, `
rules:
  - name: a
    steps:
      - {tool: Write, input: {file_path: new.txt, content: x}}
      - {tool: Bash, input: {command: "echo y > y.txt", description: write}}
      - {text: Done., expect: [guard was not asked about it]}
`)
	r.late = true
	r.play("@@a@@")
	r.check()
	if want := []string{"Write deny", "Bash deny"}; !slices.Equal(r.asked, want) || r.there("new.txt") || r.there("y.txt") {
		t.Errorf("asked %q, want %q", r.asked, want)
	}
}

// TestRealTools: popkit's tools are offered, with how they go together; what a model
// calls gets to the run, and the answers to the model.
func TestRealTools(t *testing.T) {
	r := newReal(t, `
rules:
  - name: a
    steps:
      - {tool: mcp__popkit__share_insight, input: {type: discovery, content: "the model is in a.go", tags: [auth], confidence: 0.9}}
      - {tool: mcp__popkit__read_insights, input: {tags: [auth]}, expect: [Shared as i-2]}
      - {tool: mcp__popkit__check_in, input: {progress: 0.5, doing: writing}, expect: ["i-1 discovery from implementer-2", the route is in b.go]}
      - {tool: mcp__popkit__request_help, input: {about: "where is the route"}, expect: [Noted]}
      - {tool: mcp__popkit__ask, input: {question: "keep the route?", options: [yes, no]}, expect: [What others have shared about it]}
      - {tool: mcp__popkit__report, input: {status: finished, summary: "x"}, expect: ["ada answers: no"]}
      - {tool: mcp__popkit__report, input: {status: done, summary: "all is there", follow_ups: ["tests, too"]}, expect: ["is none of done, failed, blocked"]}
      - {text: Done., expect: ["Reported: done"]}
expect:
  - {rule: a, step: 1, found: "End with report; an attempt without one has failed"}
  - {rule: a, tools: [mcp__popkit__share_insight, mcp__popkit__read_insights, mcp__popkit__check_in, mcp__popkit__ask, mcp__popkit__report, mcp__popkit__request_help],
     without: [mcp__popkit__present_plan]}
`)
	r.run.Must(r.run.As(desktest.Two), api.OpShare, api.ShareArgs{Content: "the route is in b.go", Tags: []string{"auth"}}, nil)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		r.run.Until(func(s *state.State) bool { return len(s.Open) > 0 })
		r.run.Must(r.run.Person(), api.OpAnswer, api.AnswerArgs{ID: "q-1", Answer: "no", By: "ada"}, nil)
	}()
	r.play("@@a@@")
	<-answered
	r.check()
	if got := r.desk.Report(); got == nil || got.Status != "done" || got.Summary != "all is there" || !slices.Equal(got.FollowUps, []string{"tests, too"}) {
		t.Errorf("the report: %+v", got)
	}
	if all, _ := r.heard(8); strings.Count(all, "the route is in b.go") != 3 { // it came by itself, was read, and is the answer to the call for help
		t.Errorf("the insight was told %d times:\n%s", strings.Count(all, "the route is in b.go"), all)
	}
	r.run.Query(func(s *state.State) {
		if a := s.Agents[desktest.One]; a.Progress != 0.5 || a.Report == nil || s.Insights.Get("i-2").Confidence != 0.9 {
			t.Errorf("the run knows %v, %+v", a.Progress, a.Report)
		}
	})
}

// TestRealDelivery: what another agent shares while a tool runs is in the very next
// request, and never again; what a person says comes by standard input, once.
func TestRealDelivery(t *testing.T) {
	r := newReal(t, `
rules:
  - name: a
    steps:
      - {tool: Bash, input: {command: "while ! test -e go; do sleep 0.02; done; rm go", description: wait}}
      - {tool: Read, input: {file_path: a.go}, expect: ["the model is in a.go", "stop using the old route"]}
      - {text: Done., expect: ["package a"]}
expect:
  - {rule: a, once: "the model is in a.go"}
  - {rule: a, once: "stop using the old route"}
  - {rule: a, once: "the tests need a database"}
`)
	r.write("a.go", "package a\n")
	ctx, cancel := context.WithCancel(t.Context())
	said, ended := make(chan struct{}, 10), make(chan struct{})
	go func() {
		defer close(ended)
		for text, err := range r.desk.Urgent(ctx) {
			if err != nil {
				return
			}
			r.say(wire.UserMessage{Text: text})
			said <- struct{}{}
		}
	}()
	go func() {
		r.run.Until(func(s *state.State) bool { return s.Agents[desktest.One].Guard.Allowed == 1 }) // it waits in its tool
		r.run.Must(r.run.As(desktest.Two), api.OpShare, api.ShareArgs{Content: "the model is in a.go", Tags: []string{"auth"}}, nil)
		r.run.Must(r.run.Person(), api.OpTell, api.TellArgs{To: desktest.One, By: "ada", Text: "stop using the old route"}, nil)
		<-said
		r.run.Must(r.run.As(desktest.Two), api.OpShare, api.ShareArgs{Type: "blocker", Content: "the tests need a database"}, nil)
		<-said
		r.write("go", "")
	}()
	r.play("@@a@@")
	cancel()
	<-ended
	r.check()
	all, _ := r.heard(3)
	for _, text := range []string{"the model is in a.go", "stop using the old route", "the tests need a database"} {
		if n := strings.Count(all, text); n != 1 {
			t.Errorf("%q was told %d times", text, n)
		}
	}
	if !strings.Contains(all, "ada, a person who runs this") {
		t.Errorf("who said it is not told:\n%s", all)
	}
}

// TestRealSubagent: what a subagent calls is judged and counted, and what waits for the
// agent is told to the agent, not to its subagent.
func TestRealSubagent(t *testing.T) {
	r := newReal(t, `
rules:
  - name: a
    steps:
      - {tool: Agent, input: {description: look, prompt: "@@sub@@ look", subagent_type: general-purpose}}
      - {text: Done., expect: [the sub is done, "the model is in a.go"]}
  - name: sub
    steps:
      - {tool: Write, input: {file_path: .env, content: x}}
      - {tool: Write, input: {file_path: sub.txt, content: x}, expect: [.env is protected]}
      - {text: the sub is done, never: ["the model is in a.go"]}
`)
	r.run.Must(r.run.As(desktest.Two), api.OpShare, api.ShareArgs{Content: "the model is in a.go", Tags: []string{"auth"}}, nil)
	r.play("@@a@@")
	r.check()
	if !r.there("sub.txt") || r.there(".env") {
		t.Errorf("sub.txt is there: %t, .env: %t", r.there("sub.txt"), r.there(".env"))
	}
	r.run.Query(func(s *state.State) {
		if a := s.Agents[desktest.One]; a.Guard.Allowed != 2 || a.Guard.Denied != 1 || a.Tools != 2 || a.Breach != nil {
			t.Errorf("allowed %d, denied %d, ran %d, breach %v", a.Guard.Allowed, a.Guard.Denied, a.Tools, a.Breach)
		}
	})
}

// TestRealCoverage: the real CLI asks before every tool that it has, so that one which
// has run without is a breach.
func TestRealCoverage(t *testing.T) {
	r := newReal(t, `
rules:
  - name: a
    steps:
      - tools:
          - {tool: Read, input: {file_path: a.go}}
          - {tool: Bash, input: {command: "ls", description: list}}
          - {tool: TaskCreate, input: {subject: x, description: y}}
      - {tool: TaskList, input: {}}
      - {tool: TaskUpdate, input: {taskId: "1", status: completed}}
      - {tool: TaskGet, input: {taskId: "1"}}
      - {tool: Edit, input: {file_path: a.go, old_string: "package a", new_string: "package b"}}
      - {tool: NotebookEdit, input: {notebook_path: WORK/n.ipynb, new_source: "x = 1", cell_id: c1}}
      - {tool: Skill, input: {skill: verify}}
      - {tool: ReportFindings, input: {findings: []}}
      - {tool: CronList, input: {}}
      - {tool: Agent, input: {description: look, prompt: "@@sub@@ look", subagent_type: Explore}}
      - {tool: mcp__popkit__check_in, input: {progress: 1, doing: ending}}
      - {text: Done.}
  - name: sub
    steps:
      - {tool: Bash, input: {command: "cat a.go", description: read}}
      - {text: read}
`)
	r.write("a.go", "package a\n")
	r.play("@@a@@")
	r.check()
	for _, tool := range []string{"Read", "Bash", "TaskCreate", "TaskList", "TaskUpdate", "TaskGet", "Edit", "Skill", "CronList", "Agent", "mcp__popkit__check_in"} {
		if !slices.Contains(r.ran, tool) {
			t.Errorf("%s has not run; these have: %q", tool, r.ran)
		}
	}
	r.run.Query(func(s *state.State) {
		if b := s.Agents[desktest.One].Breach; b != nil {
			t.Errorf("a tool ran without a verdict: %+v", b)
		}
	})
}
