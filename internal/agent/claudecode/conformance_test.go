package claudecode

import (
	"context"
	"encoding/json"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"popkit/internal/agent"
	"popkit/internal/agent/agenttest"
	"popkit/internal/agent/claudecode/launch"
	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/core/event"
)

// fakeDesk stands in for the desk: it allows what it is asked, and takes a report.
type fakeDesk struct {
	mu     sync.Mutex
	report *event.Report
	hooks  []string
	unsent []string
	ran    []string // tools that were told to have run
	urgent chan string
	canary error
	hold   chan struct{} // hooks wait for it, if it is not nil
}

func (d *fakeDesk) host() host {
	return host{
		initialize: func() wire.Initialize { return wire.Initialize{Servers: []string{"popkit"}} },
		close:      func() error { return nil },
		ran: func(_ context.Context, tool, id string) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.ran = append(d.ran, tool+" "+id)
			return nil
		},
		unsent: func(answer json.RawMessage) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.unsent = append(d.unsent, string(answer))
		},
		canary: func(context.Context) error { return d.canary },
		report: func() *event.Report {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.report
		},
		urgent: func(ctx context.Context) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for {
					select {
					case text := <-d.urgent:
						if !yield(text, nil) {
							return
						}
					case <-ctx.Done():
						return
					}
				}
			}
		},
		hook: func(ctx context.Context, cb wire.HookCallback) json.RawMessage {
			d.mu.Lock()
			d.hooks = append(d.hooks, cb.ToolUseID)
			d.mu.Unlock()
			if d.hold != nil {
				select {
				case <-d.hold:
				case <-ctx.Done():
				}
			}
			return json.RawMessage(`{}`)
		},
		canUse: func(context.Context, wire.CanUseTool) json.RawMessage { return json.RawMessage(`{"behavior":"deny"}`) },
		mcp: func(_ context.Context, raw json.RawMessage) (json.RawMessage, error) {
			var call struct {
				Params struct {
					Arguments event.Report `json:"arguments"`
				} `json:"params"`
			}
			if err := json.Unmarshal(raw, &call); err != nil {
				return nil, err
			}
			d.mu.Lock()
			defer d.mu.Unlock()
			d.report = &call.Params.Arguments
			return json.RawMessage(`{"jsonrpc":"2.0","id":7,"result":{}}`), nil
		},
	}
}

// quick are limits for tests on processes that fail at once.
func quick() Limits {
	l := DefaultLimits()
	l.Resumes, l.Retries, l.Base, l.Longest = 1, 2, time.Millisecond, time.Millisecond
	return l
}

// fakeRuntime plays the script in re-executed test binaries.
func fakeRuntime(t *testing.T, script string, d *fakeDesk) *Runtime {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	launcher, err := launch.New(launch.CLI{Path: self, Version: launch.Tested}, launch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	count := filepath.Join(t.TempDir(), "count")
	return &Runtime{launcher: launcher, limits: quick(), desk: func(agent.Spec) host { return d.host() },
		command: func(c launch.Command) launch.Command {
			c.Env = append(c.Env, "FAKE="+script, "FAKE_COUNT="+count)
			return c
		}}
}

func TestConformance(t *testing.T) {
	scripts := map[agenttest.Behaviour]string{
		agenttest.Echo:        "echo\nresult\necho\nresult",
		agenttest.Exit7:       "exit 7",
		agenttest.Crash:       "turn\nkill",
		agenttest.Write:       "turn\nsh echo made > out.txt\nreport done written\nresult",
		agenttest.ReportDone:  `turn` + "\n" + `sh echo '{"status":"done","summary":"all there"}' > "$POPKIT_RESULT"` + "\nresult",
		agenttest.BadReport:   "turn\n" + `sh printf '{' > "$POPKIT_RESULT"` + "\nresult",
		agenttest.Flood:       "turn\nflood\nsay the end\nreport done all\nresult",
		agenttest.Secret:      "turn\nsay token hunter22-hunter22 token\nexit 1",
		agenttest.Hang:        "turn\nsay ready\nhang",
		agenttest.HangHard:    "turn\nstuck ready",
		agenttest.LeaveChild:  "turn\n" + `sh mkfifo up; setsid env -i /bin/sh -c 'echo up > up; while :; do sleep 1000; done' "$POPKIT_RUN" >/dev/null 2>&1 & read up < up` + "\nreport done left\nresult",
		agenttest.IgnoreInput: "at once exit 0",
	}
	agenttest.Run(t, agenttest.Harness{
		MustReport: true, Lines: true,
		Runtime: func(t *testing.T, b agenttest.Behaviour) agent.Runtime {
			t.Helper()
			script, ok := scripts[b]
			if !ok {
				t.Fatalf("no script for %q", b)
			}
			return fakeRuntime(t, script, &fakeDesk{})
		},
	})
}
