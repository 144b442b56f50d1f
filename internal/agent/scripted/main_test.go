package scripted_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"popkit/internal/agent/agenttest"
	"popkit/internal/agent/scripted"
	"popkit/internal/core/event"
	"popkit/internal/proc"
)

func TestMain(m *testing.M) {
	proc.MaybeInit()
	if len(os.Args) == 3 && os.Args[1] == scripted.Arg {
		os.Exit(playFile(os.Args[2]))
	}
	goleak.VerifyTestMain(m)
}

// playFile is what popkit's main does, with a popkit of the test to talk to.
func playFile(path string) int {
	dir, err := os.Getwd()
	if err != nil {
		fmt.Println(err)
		return 5
	}
	script, err := scripted.Load(path)
	if err != nil {
		fmt.Println(err)
		return 5
	}
	env, err := scripted.FromEnviron(dir, os.Environ())
	if err != nil {
		fmt.Println(err)
		return 5
	}
	popkit := popkitOfTheDocs()
	env.Insights, env.Voice, env.Tools, env.Meter, env.Plans = popkit, popkit, tools{popkit}, popkit, popkit
	return scripted.Play(context.Background(), script, env)
}

// popkitOfTheDocs is the one that docs/scripted-agents.md tells of.
func popkitOfTheDocs() *agenttest.Popkit {
	return &agenttest.Popkit{
		ForMe:   []event.InsightShared{{Agent: "explorer-1", Kind: "discovery", Content: "users are in src/models"}},
		Answers: map[string]string{"Which database?": "sqlite"},
		Denied:  []string{".env", ".git/"},
		Plans:   []string{"revise: tests first", "approve"},
	}
}

// tools is a Popkit as a script's Tools.
type tools struct{ *agenttest.Popkit }

func (t tools) Judge(ctx context.Context, c scripted.ToolCall) (scripted.Permission, error) {
	input, err := c.JSON()
	if err != nil {
		return scripted.Permission{}, err
	}
	allowed, said, err := t.Popkit.Judge(ctx, c.Tool, c.ID, input)
	return scripted.Permission{Allowed: allowed, Said: said}, err
}
