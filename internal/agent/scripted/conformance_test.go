package scripted_test

import (
	"os"
	"path/filepath"
	"testing"

	"popkit/internal/agent"
	"popkit/internal/agent/agenttest"
	"popkit/internal/agent/scripted"
)

func TestConformance(t *testing.T) {
	scripts := map[agenttest.Behaviour]string{
		agenttest.Echo:        `[prompt]`,
		agenttest.Exit7:       `[fail: 7]`,
		agenttest.Crash:       `[crash]`,
		agenttest.Write:       `[write: {path: out.txt, content: "made\n"}]`,
		agenttest.ReportDone:  "[run: 'echo {\\\"status\\\":\\\"done\\\",\\\"summary\\\":\\\"all there\\\"} > $POPKIT_RESULT']",
		agenttest.BadReport:   `[run: 'printf { > "$POPKIT_RESULT"']`,
		agenttest.Flood:       `[run: "yes 'line 1234' | head -n 100000", say: the end]`,
		agenttest.Secret:      `[run: "printf 'token hunter2'; printf '2-hunter22 token\n' >&2", fail: 1]`,
		agenttest.Hang:        `[hang: ready]`,
		agenttest.HangHard:    `[hang: {say: ready, ignore_stop: true}]`,
		agenttest.LeaveChild:  `[run: "mkfifo up; setsid env -i /bin/sh -c 'echo up > up; while :; do sleep 1000; done' \"$POPKIT_RUN\" >/dev/null 2>&1 & read up < up"]`,
		agenttest.IgnoreInput: `[]`,
	}
	agenttest.Run(t, agenttest.Harness{
		Runtime: func(t *testing.T, b agenttest.Behaviour) agent.Runtime {
			t.Helper()
			script, ok := scripts[b]
			if !ok {
				t.Fatalf("no script for %q", b)
			}
			return runtime(t, script)
		},
	})
}

// runtime returns one that plays the script.
func runtime(t *testing.T, script string) agent.Runtime {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.yaml")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := scripted.New(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
