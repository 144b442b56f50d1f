package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"popkit/internal/api"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/policy"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
	core "popkit/internal/engine"
	"popkit/internal/guard"
	"popkit/internal/runs"
	"popkit/internal/server"
)

// BenchmarkGuard is the time of a tool call's verdict over its agent's socket, by
// the default rules, with a file log: what is allowed, and what is denied and so
// waits for the disk.
func BenchmarkGuard(b *testing.B) {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	dir, err := os.MkdirTemp("", "pk") // short enough for sockets
	must(b, err)
	defer os.RemoveAll(dir)
	log, st := openLog(b, filepath.Join(dir, "log.jsonl"), crowd)
	e := core.New(st, patient{}, nil)
	g := guard.New(nil)
	must(b, g.SetRules(policy.DefaultSpec()))
	g.Seat(explorer(0), guard.Seat{Workspace: dir, Tracked: func(context.Context) ([]string, error) { return []string{"a.go"}, nil }})
	s := server.New(ctx, e, log, func(*state.State) *view.Engine { return nil })
	s.Guard(server.Guard{Post: e.Post, Judge: func(ctx context.Context, agent string, a api.JudgeArgs) (decide.Judge, *event.AgentBreached) {
		j := g.Judge(ctx, agent, guard.Call{Call: policy.Call{Tool: a.Tool, Input: a.Input, Cwd: a.Cwd}, ID: a.ID})
		return decide.Judge{Judged: j.Judged, Deed: j.Deed}, j.Breach
	}})
	path := runs.AgentSocket(dir, explorer(0))
	_, err = s.ListenAgent(path, explorer(0))
	must(b, err)
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx, decide.EngineStart{PID: os.Getpid(), Host: "here"}) }()
	for _, c := range []struct {
		name, tool, input string
		want              event.Verdict
	}{
		{"allowed", "Bash", `{"command":"cd src && go test ./... 2>&1 | tail -20"}`, event.VerdictAllow},
		{"denied, in the log", "Write", `{"file_path":".env","content":"x"}`, event.VerdictDeny},
	} {
		var took []float64
		for range 2000 {
			began := time.Now()
			var v api.Verdict
			must(b, api.Client{Path: path}.Call(ctx, api.OpJudge, api.JudgeArgs{Tool: c.tool, Input: json.RawMessage(c.input)}, &v))
			took = append(took, millis(time.Since(began)))
			if v.Verdict != c.want {
				b.Fatalf("%s: %+v", c.name, v)
			}
		}
		slices.Sort(took)
		results.add(b, row{item: "a tool call's verdict, " + c.name + ", p99", figure: took[len(took)*99/100], unit: "ms", budget: 5,
			note: fmt.Sprintf("median %.2f ms", took[len(took)/2])})
	}
	cancel()
	<-ended // by the end of its context
	s.Close()
	must(b, log.Close())
}
