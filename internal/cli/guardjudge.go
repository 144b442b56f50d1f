package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"popkit/internal/api"
	"popkit/internal/cli/command"
	"popkit/internal/core/event"
)

// exitDenied is the exit code of `popkit guard judge` for a call that must not
// run: the one by which a hook stops a tool in Claude Code, Codex, Gemini and Qwen.
// It is that of a mistake in what was typed, too, which denies as well.
const exitDenied = command.ExitUsage

type judgeOptions struct {
	Wait time.Duration
}

func newGuardJudge(e *command.Env) *cobra.Command {
	var o judgeOptions
	cmd := &cobra.Command{
		Use:   "judge",
		Short: "Ask the guard about a tool call, before it is made (for agents)",
		Long: `Read one tool call as JSON from standard input, put it to the run's guard, and print
its verdict as JSON. The call is {"tool", "input", "cwd", "id"} or what Claude Code hands to
a PreToolUse hook ({"tool_name", "tool_input", …}); a hook is answered as it expects, so this
can be its command.

The exit code is 0 when the call may run, and 2, with the reason on standard error, when it
must not. It must not, too, when there is no engine, no answer, or nothing that can be read.
Where the guard asks a person, the command waits for the answer: give the hook at least as
much time as limits.decision_timeout_minutes, or let --wait deny before it is cut off.`,
		Example: `  echo '{"tool": "Bash", "input": {"command": "git push"}}' | popkit guard judge`,
		Args:    command.Takes(0, 0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runJudge(cmd.Context(), e, o) },
	}
	cmd.Flags().DurationVar(&o.Wait, "wait", 0, "deny when no person has answered for so long, e.g. 50s (default: as the run is configured)")
	return cmd
}

// hookCall is a tool call in either shape.
type hookCall struct {
	Tool  string          `json:"tool"`
	Input json.RawMessage `json:"input"`
	ID    string          `json:"id"`
	Cwd   string          `json:"cwd"`

	Event     string          `json:"hook_event_name"`
	ToolName  string          `json:"tool_name"`
	ToolInput json.RawMessage `json:"tool_input"`
	ToolUseID string          `json:"tool_use_id"`
}

// judged is a verdict, by a name that is none of its fields'.
type judged api.Verdict

// hookAnswer is a verdict, with what a PreToolUse hook answers beside it.
type hookAnswer struct {
	judged
	Hook *hookOutput `json:"hookSpecificOutput,omitempty"`
}

type hookOutput struct {
	Event    string        `json:"hookEventName"`
	Decision event.Verdict `json:"permissionDecision"`
	Reason   string        `json:"permissionDecisionReason"`
	Context  string        `json:"additionalContext,omitempty"`
}

func runJudge(ctx context.Context, e *command.Env, o judgeOptions) error {
	var v api.Verdict
	call, err := readCall(e.In)
	if err == nil {
		v, err = askGuard(ctx, e, call, o.Wait)
	}
	if err != nil { // whatever it is, it is no permission
		v = api.Verdict{Verdict: event.VerdictDeny, Rule: "no_verdict", Reason: err.Error()}
	}
	answer := hookAnswer{judged: judged(v)}
	if call.Event != "" {
		answer.Hook = &hookOutput{Event: call.Event, Decision: v.Verdict, Reason: reasonOf(v), Context: v.Note}
	}
	if err := e.PrintJSON(answer); err != nil {
		e.Say("popkit: denied: the verdict could not be written: %v", err)
		return command.Outcome(exitDenied)
	}
	if v.Verdict == event.VerdictAllow {
		return nil
	}
	e.Say("popkit: denied: %s", reasonOf(v))
	if v.Hint != "" {
		e.Say("hint: %s", v.Hint)
	}
	return command.Outcome(exitDenied)
}

func reasonOf(v api.Verdict) string {
	reason := v.Reason
	if v.Note != "" {
		reason += " (" + v.Note + ")"
	}
	return reason
}

// readCall reads one tool call in either shape.
func readCall(in io.Reader) (hookCall, error) {
	var c hookCall
	raw, err := io.ReadAll(io.LimitReader(in, api.MaxLine+1))
	switch {
	case err != nil:
		return c, fmt.Errorf("the call could not be read: %w", err)
	case len(raw) > api.MaxLine:
		return c, fmt.Errorf("the call is longer than %d bytes, more than the guard looks at (make it in parts)", api.MaxLine)
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, fmt.Errorf("the call is no JSON: %w", err)
	}
	if c.ToolName != "" {
		c.Tool, c.Input, c.ID = c.ToolName, c.ToolInput, c.ToolUseID
	}
	if c.Tool == "" {
		return c, errors.New(`the call names no tool: want "tool" or "tool_name"`)
	}
	return c, nil
}

// askGuard puts the call to the engine.
func askGuard(ctx context.Context, e *command.Env, c hookCall, wait time.Duration) (api.Verdict, error) {
	socket, err := mustAgent(e, "guard judge")
	if err != nil {
		return api.Verdict{}, err
	}
	if wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, wait, fmt.Errorf("no answer within %s", wait))
		defer cancel()
	}
	if c.Cwd == "" {
		if c.Cwd, err = os.Getwd(); err != nil {
			return api.Verdict{}, err
		}
	}
	var v api.Verdict
	err = socket.Call(ctx, api.OpJudge, api.JudgeArgs{Tool: c.Tool, Input: c.Input, Cwd: c.Cwd, ID: c.ID}, &v)
	switch {
	case err != nil && ctx.Err() != nil:
		return api.Verdict{}, context.Cause(ctx)
	case err != nil:
		return api.Verdict{}, err
	case v.Verdict != event.VerdictAllow && v.Verdict != event.VerdictDeny:
		return api.Verdict{}, fmt.Errorf("the engine's verdict %q is not known", v.Verdict)
	}
	return v, nil
}

// canaryCall is denied whatever is configured.
func canaryCall() api.JudgeArgs {
	return api.JudgeArgs{Tool: "Write", Input: json.RawMessage(`{"file_path":".git/popkit-canary","content":"this must not be written\n"}`)}
}

func newGuardCanary(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "canary",
		Short: "Print a tool call that must be denied, for a hook to prove itself (for agents)",
		Long: `Print a tool call, a write that is denied whatever is configured. An agent with a hook
makes it at its start, by the same way as all its calls: it must be denied, and the file must
not be there afterwards. popkit looks, and the status says that the hook is proved.`,
		Example: `  popkit guard canary | popkit guard judge`,
		Args:    command.Takes(0, 0),
		RunE:    func(*cobra.Command, []string) error { return e.PrintJSON(canaryCall()) },
	}
}
