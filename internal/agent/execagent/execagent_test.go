package execagent_test

import (
	"testing"

	"popkit/internal/agent"
	"popkit/internal/agent/agenttest"
	"popkit/internal/agent/execagent"
)

func TestConformance(t *testing.T) {
	commands := map[agenttest.Behaviour]string{
		agenttest.Echo:        `cat; echo`,
		agenttest.Exit7:       `exit 7`,
		agenttest.Crash:       `kill -9 $$`,
		agenttest.Write:       `echo made > out.txt`,
		agenttest.ReportDone:  `echo '{"status":"done","summary":"all there"}' > "$POPKIT_RESULT"`,
		agenttest.BadReport:   `printf '{' > "$POPKIT_RESULT"`,
		agenttest.Flood:       `yes 'line 1234' | head -n 100000; echo the end`,
		agenttest.Secret:      `printf 'token hunter2'; printf '2-hunter22 token\n' >&2; exit 1`,
		agenttest.Hang:        `trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done`,
		agenttest.HangHard:    `trap '' TERM; echo ready; while :; do sleep 1000; done`,
		agenttest.LeaveChild:  `mkfifo up; setsid env -i /bin/sh -c 'echo up > up; while :; do sleep 1000; done' "$POPKIT_RUN" & read up < up; exit 0`,
		agenttest.IgnoreInput: `exit 0`,
	}
	agenttest.Run(t, agenttest.Harness{
		Runtime: func(t *testing.T, b agenttest.Behaviour) agent.Runtime {
			t.Helper()
			command, ok := commands[b]
			if !ok {
				t.Fatalf("no command for %q", b)
			}
			return execagent.New(command)
		},
	})
}
