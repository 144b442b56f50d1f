package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"popkit/internal/agent/claudecode/desk"
	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/api"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/policy"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
	core "popkit/internal/engine"
	"popkit/internal/guard"
	"popkit/internal/server"
)

// BenchmarkDesk is what popkit adds to the tool calls of five Claude Code agents that
// all work at once, without the CLIs' own time: from a hook callback in its hands to
// the answer, and from one agent's report of an insight to the answer by which another
// has it. The log is a file.
func BenchmarkDesk(b *testing.B) {
	const agents, calls = 5, 400
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	dir, err := os.MkdirTemp("", "pk")
	must(b, err)
	defer os.RemoveAll(dir)
	log, st := openLog(b, filepath.Join(dir, "log.jsonl"), agents)
	e := core.New(st, patient{}, nil)
	g := guard.New(nil)
	must(b, g.SetRules(policy.DefaultSpec()))
	s := server.New(ctx, e, log, func(*state.State) *view.Engine { return nil })
	s.Guard(server.Guard{Post: e.Post, Judge: func(ctx context.Context, agent string, a api.JudgeArgs) (decide.Judge, *event.AgentBreached) {
		j := g.Judge(ctx, agent, guard.Call{Call: policy.Call{Tool: a.Tool, Input: a.Input, Cwd: a.Cwd}, ID: a.ID})
		return decide.Judge{Judged: j.Judged, Deed: j.Deed}, j.Breach
	}})
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx, decide.EngineStart{PID: os.Getpid(), Host: "here"}) }()
	desks := make([]*hooked, agents)
	for i := range desks {
		g.Seat(explorer(i), guard.Seat{Workspace: dir, Tracked: func(context.Context) ([]string, error) { return []string{"a.go"}, nil }})
		desks[i] = &hooked{b: b, desk: desk.New(desk.Config{Caller: s.Agent(explorer(i))}), name: explorer(i), dir: dir}
	}
	parallel(agents, func(i int) { desks[i].work(calls) })
	var judged, counted []float64
	for _, h := range desks {
		judged, counted = append(judged, h.pre...), append(counted, h.post...)
	}
	quantiles(b, "a Claude Code agent's tool call, judged", judged, 1, 5)
	quantiles(b, "a Claude Code agent's tool call, counted", counted, math.NaN(), math.NaN())
	var passed []float64
	for i := range calls {
		from, to := desks[i%agents], desks[(i+1)%agents]
		began := time.Now()
		from.share(fmt.Sprintf("w%d w%d w%d w%d: no near-duplicate", i, i+1, i+2, i+3))
		to.until(fmt.Sprintf("w%d w%d", i, i+1))
		passed = append(passed, millis(time.Since(began)))
		for _, h := range desks { // those who are not measured are up to date, too
			if h != from && h != to {
				h.until(fmt.Sprintf("w%d w%d", i, i+1))
			}
		}
	}
	quantiles(b, "an insight, from one agent's report to another's next answer", passed, math.NaN(), 50)
	for _, h := range desks {
		must(b, h.desk.Close())
	}
	cancel()
	<-ended // by the end of its context
	s.Close()
	must(b, log.Close())
}

// quantiles adds the rows of a time: its median and its 99th percentile.
func quantiles(b *testing.B, item string, took []float64, p50, p99 float64) {
	slices.Sort(took)
	note := fmt.Sprintf("%d of them, the longest %.2f ms", len(took), took[len(took)-1])
	results.add(b, row{item: item + ", p50", figure: took[len(took)/2], unit: "ms", budget: p50, note: note})
	results.add(b, row{item: item + ", p99", figure: took[len(took)*99/100], unit: "ms", budget: p99, note: note})
}

// hooked is an agent's CLI as its desk sees it.
type hooked struct {
	b         *testing.B
	desk      *desk.Desk
	name, dir string
	n         int
	pre, post []float64
}

func (h *hooked) hook(id, what, tool, input string) string {
	call := fmt.Sprint("toolu_", h.name, h.n)
	raw, err := json.Marshal(map[string]any{"hook_event_name": what, "tool_name": tool, "tool_use_id": call, "cwd": h.dir, "tool_input": json.RawMessage(input)})
	must(h.b, err)
	return string(h.desk.Hook(h.b.Context(), wire.HookCallback{CallbackID: id, ToolUseID: call, Input: raw}))
}

// call makes a tool call, and returns what comes beside its result.
func (h *hooked) call() string {
	h.n++
	began := time.Now()
	verdict := h.hook("popkit-pre", "PreToolUse", "Bash", `{"command":"cd src && go test ./... 2>&1 | tail -20","description":"test"}`)
	judged := time.Now()
	if !strings.Contains(verdict, `"permissionDecision":"allow"`) {
		h.b.Fatalf("judged %s", verdict)
	}
	got := h.hook("popkit-post", "PostToolUse", "Bash", `{}`)
	h.pre, h.post = append(h.pre, millis(judged.Sub(began))), append(h.post, millis(time.Since(judged)))
	return got
}

// work makes tool calls as a CLI with a quick model does.
func (h *hooked) work(calls int) {
	for range calls {
		h.call()
		<-time.After(2 * time.Millisecond)
	}
}

func (h *hooked) share(content string) {
	for _, m := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`,
		`{"jsonrpc":"2.0","method":"notifications/initialized"}`,
		fmt.Sprintf(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"share_insight","arguments":{"type":"discovery","content":%q}}}`, content),
	} {
		answer, err := h.desk.MCP(h.b.Context(), json.RawMessage(m))
		must(h.b, err)
		if strings.Contains(string(answer), `"isError":true`) {
			h.b.Fatalf("shared: %s", answer)
		}
	}
}

// until makes tool calls until a text comes beside a result: with the first.
func (h *hooked) until(text string) {
	for range 10 {
		if strings.Contains(h.call(), text) {
			return
		}
	}
	h.b.Fatalf("%s was never given %q", h.name, text)
}
