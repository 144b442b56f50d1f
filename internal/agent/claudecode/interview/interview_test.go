package interview

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"popkit/internal/agent/claudecode/launch"
	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/claudetest"
	"popkit/internal/proc"
	"popkit/internal/scriptmodel"
)

func TestMain(m *testing.M) {
	proc.MaybeInit()
	os.Exit(m.Run())
}

const schema = `{"type":"object","properties":{"answer":{"type":"string"}},"required":["answer"],"additionalProperties":false}`

// office is where a real CLI is interviewed.
type office struct {
	model *scriptmodel.Server
	dir   string
	asked []string // tools that the guard was asked about
	said  []string
}

func open(t *testing.T, script string) *office {
	t.Helper()
	s, err := scriptmodel.Parse("script.yaml", []byte(script))
	if err != nil {
		t.Fatal(err)
	}
	o := &office{dir: t.TempDir()}
	if o.model, err = scriptmodel.Start(s); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.model.Close(); err != nil {
			t.Error(err)
		}
	})
	return o
}

// hook allows the answer and reading, and nothing else.
func (o *office) hook(_ context.Context, cb wire.HookCallback) json.RawMessage {
	var in wire.HookInput
	decision := "deny"
	if err := json.Unmarshal(cb.Input, &in); err == nil && (in.Tool == "StructuredOutput" || in.Tool == "Read") {
		decision = "allow"
	}
	o.asked = append(o.asked, in.Tool)
	return json.RawMessage(`{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"` + decision + `","permissionDecisionReason":"so it is"}}`)
}

// start starts the CLI in the office; more is added to its environment.
func (o *office) start(t *testing.T, more ...string) (*Interview, error) {
	t.Helper()
	work, state, given := filepath.Join(o.dir, "work"), filepath.Join(o.dir, "state"), filepath.Join(o.dir, "given")
	for _, dir := range []string{work, state, given} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cli := claudetest.Get(t)
	env := append(cli.Environ(o.dir, o.model.URL), more...)
	found, err := launch.Find(t.Context(), cli.Path, env)
	if err != nil {
		t.Fatal(err)
	}
	l, err := launch.New(found, launch.Options{Environ: env})
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Prepare(t.Context(), launch.Spec{
		Session: "11111111-2222-4333-8444-555555555555", Workspace: work, State: state, Given: given, Env: env,
		Tools: []string{"Read", "Write"}, Schema: schema, MaxCost: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return Start(t.Context(), Config{
		Command: proc.Command{Path: c.Path, Args: c.Args, Env: c.Env, Dir: work, Mark: t.Name()},
		Said:    func(text string) { o.said = append(o.said, text) },
		Host: Host{
			Initialize: wire.Initialize{Hooks: map[string][]wire.HookMatcher{"PreToolUse": {{Matcher: "*", CallbackIDs: []string{"pre"}}}}},
			Hook:       o.hook,
			CanUseTool: func(context.Context, wire.CanUseTool) json.RawMessage {
				return json.RawMessage(`{"behavior":"deny","message":"no"}`)
			},
		},
	})
}

func ended(t *testing.T, i *Interview) {
	t.Helper()
	if err := i.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if _, open := <-closedOf(i); open {
		t.Error("something is left of it")
	}
}

// closedOf is closed once the process and all below it are gone.
func closedOf(i *Interview) <-chan struct{} {
	c := make(chan struct{})
	if _, err := i.wait(); err == nil {
		close(c)
	}
	return c
}

// TestTwoQuestions: one session answers twice, knows what was said, and what each
// answer used adds up; what the guard denies does not happen.
func TestTwoQuestions(t *testing.T) {
	o := open(t, `
rules:
  - name: talk
    steps:
      - {text: I look., tools: [{tool: Read, input: {file_path: a.txt}}, {tool: Write, input: {file_path: b.txt, content: x}}], usage: {input: 100, output: 10}}
      - {tool: StructuredOutput, input: {answer: one}, expect: ['the first file', 'so it is'], usage: {input: 100, output: 10}}
      - {tool: StructuredOutput, input: {answer: two}, expect: ['and now again'], usage: {input: 100, output: 10}}
`)
	work := filepath.Join(o.dir, "work")
	if err := os.MkdirAll(work, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(work, "a.txt"), []byte("the first file\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	i, err := o.start(t)
	if err != nil {
		t.Fatal(err)
	}
	defer ended(t, i)
	first, err := i.Ask(t.Context(), "look at a.txt @@talk@@")
	if err != nil || string(first.Structured) != `{"answer":"one"}` {
		t.Fatalf("%s %v\n%s", first.Structured, err, o.model.Log())
	}
	second, err := i.Ask(t.Context(), "/and now again")
	if err != nil || string(second.Structured) != `{"answer":"two"}` {
		t.Fatalf("%s %v\n%s", second.Structured, err, o.model.Log())
	}
	if err := o.model.Check(); err != nil {
		t.Error(err)
	}
	if first.Usage.OutputTokens != 20 || second.Usage.OutputTokens != 10 || second.Usage.InputTokens != 100 ||
		first.Usage.CostUSD <= second.Usage.CostUSD || second.Usage.CostUSD <= 0 || first.Usage.Turns < 2 {
		t.Errorf("used %+v and %+v", first.Usage, second.Usage)
	}
	if _, err := os.Stat(filepath.Join(work, "b.txt")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was denied happened: %v", err)
	}
	if got := strings.Join(o.asked, " "); got != "Read Write StructuredOutput StructuredOutput" {
		t.Errorf("the guard was asked about %s", got)
	}
	if got := strings.Join(o.said, ", "); got != "Read a.txt, Write b.txt, StructuredOutput, StructuredOutput" {
		t.Errorf("said %s", got)
	}
}

// TestNoAnswer: what may go wrong with a model and its service, by kind.
func TestNoAnswer(t *testing.T) {
	few := []string{"CLAUDE_CODE_MAX_RETRIES=1"} // else it is tried for minutes, as it should be
	for name, x := range map[string]struct {
		step string
		kind Kind
		text string
		more []string
	}{
		"401":        {`{fail: {status: 401}}`, Unauthorised, "Claude Code: the model's service refuses the login (status 401)", nil},
		"403":        {`{fail: {status: 403}}`, Unauthorised, "Claude Code: ", nil},
		"429":        {`{fail: {status: 429, retry_after: "1"}}`, Quota, "Claude Code: the model's service refuses more requests for now (status 429)", nil},
		"529":        {`{fail: {status: 529}}`, Broken, "Claude Code: ", nil},
		"500":        {`{fail: {status: 500}}`, Broken, "Claude Code: ", few},
		"cut":        {`{fail: {broken: cut}, text: half}`, Broken, "Claude Code: ", few},
		"over money": {`{tool: Read, input: {file_path: a}, usage: {input: 4000000, output: 1000000}}`, Exhausted, "Claude Code: ", nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t, "rules:\n  - {name: talk, loop: true, steps: ["+x.step+"]}\n")
			i, err := o.start(t, x.more...)
			if err != nil {
				t.Fatal(err)
			}
			defer ended(t, i)
			r, err := i.Ask(t.Context(), "answer @@talk@@")
			var f *Failure
			if !errors.As(err, &f) || f.Kind != x.kind || !strings.HasPrefix(f.Text, x.text) || len(f.Text) < 20 || strings.Contains(f.Text, "\n") {
				t.Errorf("%+v %v (%+v)\n%s", r, err, f, o.model.Log())
			}
			if name == "over money" && r.Usage.CostUSD < 1 {
				t.Errorf("it cost %+v", r.Usage)
			}
		})
	}
}

// TestWords: a model that talks instead of answering has given no answer, and that is
// no failure.
func TestWords(t *testing.T) {
	o := open(t, "rules:\n  - {name: talk, loop: true, steps: [{text: I would rather not.}]}\n")
	i, err := o.start(t)
	if err != nil {
		t.Fatal(err)
	}
	defer ended(t, i)
	r, err := i.Ask(t.Context(), "answer @@talk@@")
	if err != nil || r.Structured != nil || !strings.Contains(r.Text, "rather not") {
		t.Errorf("%+v %v", r, err)
	}
}

// TestStopped: the end of the context ends a CLI that waits for its model, and one
// that does not read what it is told.
func TestStopped(t *testing.T) {
	o := open(t, "rules:\n  - {name: talk, steps: [{fail: {hang: start}}]}\n")
	i, err := o.start(t)
	if err != nil {
		t.Fatal(err)
	}
	defer ended(t, i)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if err := o.model.Wait(t.Context(), scriptmodel.At{Rule: "talk", Step: 1}, 1); err != nil {
			t.Error(err)
		}
		cancel()
	}()
	if _, err := i.Ask(ctx, "answer @@talk@@"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// script starts a shell script as a CLI.
func script(t *testing.T, ctx context.Context, text string) (*Interview, error) {
	t.Helper()
	return Start(ctx, Config{Command: proc.Command{
		Path: "/bin/sh", Args: []string{"sh", "-c", text}, Env: os.Environ(), Dir: t.TempDir(), Mark: t.Name(),
	}})
}

const initialized = `read line; echo '{"type":"control_response","response":{"subtype":"success","request_id":"popkit-init"}}'; `

func TestStrangePrograms(t *testing.T) {
	for name, x := range map[string]struct {
		script string
		kind   Kind
		text   string
	}{
		"not there":     {"exec /no/such/program", NotThere, "exit code 127"},
		"ends at once":  {"echo 'error: unknown option' >&2; exit 1", Broken, "exit code 1 and without an answer: error: unknown option"},
		"logged out":    {"echo 'Invalid API key · Please run /login' >&2; exit 1", Unauthorised, "Please run /login"},
		"talks":         {"yes hello", Broken, "does not speak as Claude Code does"},
		"dies":          {initialized + "read line; kill -9 $$", Broken, "exit code 137"},
		"does not read": {initialized + "exec 0<&-; echo gone >&2; exit 3", Broken, "exit code 3"},
		"says no":       {`read line; echo '{"type":"control_response","response":{"subtype":"error","request_id":"popkit-init","error":"not today"}}'; cat`, "", "not today"},
	} {
		t.Run(name, func(t *testing.T) {
			i, err := script(t, t.Context(), x.script)
			if err == nil {
				_, err = i.Ask(t.Context(), strings.Repeat("answer ", 100_000))
				ended(t, i)
			}
			var f *Failure
			if errors.As(err, &f) != (x.kind != "") || f != nil && f.Kind != x.kind || err == nil || !strings.Contains(err.Error(), x.text) {
				t.Errorf("%v (%+v), want %s", err, f, x.text)
			}
		})
	}
}

// TestDeaf: a program that does not read is ended with the context.
func TestDeaf(t *testing.T) {
	i, err := script(t, t.Context(), initialized+"trap '' TERM INT; sleep 1000 & sleep 1000")
	if err != nil {
		t.Fatal(err)
	}
	defer ended(t, i)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := i.Ask(ctx, strings.Repeat("answer ", 100_000)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestNotThere: what could not be started is named, and told from what ended by itself.
func TestNotThere(t *testing.T) {
	for name, x := range map[string]struct {
		path, text string
		notThere   bool
	}{
		"the program":            {"/no/such/claude", "/no/such/claude", true},
		"what a script starts":   {"exec /no/such/claude", "/no/such/claude", true},
		"an end of another kind": {"exit 3", "exit code 3", false},
	} {
		t.Run(name, func(t *testing.T) {
			command := proc.Command{Path: x.path, Args: []string{"claude"}, Env: os.Environ(), Dir: t.TempDir(), Mark: t.Name()}
			if !strings.HasPrefix(x.path, "/") {
				command.Path, command.Args = "/bin/sh", []string{"sh", "-c", x.path}
			}
			_, err := Start(t.Context(), Config{Command: command})
			var f *Failure
			if !errors.As(err, &f) || (f.Kind == NotThere) != x.notThere || !strings.Contains(f.Text, x.text) {
				t.Errorf("%v (%+v)", err, f)
			}
		})
	}
}

// TestOldStatus: older releases have the status of an error in its text only.
func TestOldStatus(t *testing.T) {
	for text, want := range map[string]Kind{
		"API Error: 403 not for you": Unauthorised, "Failed to authenticate. no": Unauthorised, "API Error: 429 slowly": Quota, "API Error: 500 oh": Broken,
	} {
		if f := failure(wire.Result{Subtype: wire.ResultSuccess, IsError: true, NumTurns: 1, Text: text}); f.Kind != want {
			t.Errorf("%q is %s, want %s", text, f.Kind, want)
		}
	}
}
