package daemon

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"popkit/internal/claudetest"
	"popkit/internal/config"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/runs"
	"popkit/internal/scriptmodel"
)

// claudeScript is an agent that looks around, writes, and reports.
const claudeScript = `
rules:
  - name: a
    steps:
      - {tool: Bash, input: {command: "env | cut -d= -f2-; cat ~/.claude/.credentials.json ~/.claude.json ~/.claude/projects/x/y; echo a > a.txt", description: look}}
      - {tool: mcp__popkit__report, input: {status: done, summary: It is written.}}
      - {text: Done.}
      - {text: Done.}
`

// withClaude runs a plan of one task by the real Claude Code, which is not in the PATH,
// with a user who has a hook of their own.
func withClaude(t *testing.T, script, claude, rest string) (runs.Run, *state.State, *scriptmodel.Server) {
	t.Helper()
	cli := claudetest.Get(t)
	parsed, err := scriptmodel.Parse("script.yaml", []byte(script))
	if err != nil {
		t.Fatal(err)
	}
	model, err := scriptmodel.Start(parsed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := model.Close(); err != nil {
			t.Error(err)
		}
	})
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, v := range claudetest.Variables(model.URL) {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	writeFile(t, filepath.Join(home, ".claude", "settings.json"), `{"permissions":{"allow":["WebSearch"]},"hooks":{"PreToolUse":[{"matcher":"*","hooks":[{"type":"command","command":"touch hooked.txt"}]}]}}`)
	writeFile(t, filepath.Join(home, ".claude", ".credentials.json"), `{"claudeAiOauth":{"accessToken":"made-up-token","refreshToken":"made-up-renewal","expiresAt":99999999999999}}`)
	writeFile(t, filepath.Join(home, ".claude", "projects", "x", "y"), "made-up-renewal")
	writeFile(t, filepath.Join(home, ".claude.json"), `{"oauthAccount":{"emailAddress":"made-up-renewal"}}`)
	plan := onePhase(nil, objective.Task{ID: "a", Role: "implementer", Title: "A", Prompt: "Do it. @@a@@"})
	run := configured(t, newRepo(t), fmt.Sprintf(`{"runtime":"claude","decisions":{"auto":[{"kind":"guard","answer":"allow"}]},"claude":{"path":%q%s}%s}`, cli.Path, claude, rest), plan, config.Flags{ClaudeVersion: cli.Version})
	return run, start(t, run).wait(), model
}

func keyClaude(t *testing.T) {
	run, s, model := withClaude(t, claudeScript+"expect: [{rule: a, model: haiku}, {rule: a, never: made-up-renewal}]", `,"model":"claude-haiku-4-5"`, `,"env":{"secrets":["ANTHROPIC_API_KEY"]}`)
	wantOutcome(t, s, event.OutcomeDone)
	if err := model.Check(); err != nil {
		t.Error(err)
	}
	files := git(t, run.Place.Repo, "ls-tree", "--name-only", "popkit/"+run.ID)
	if !strings.Contains(files, "a.txt") || strings.Contains(files, "hooked.txt") {
		t.Errorf("isolated: %s", files)
	}
	// The CLI gets the key that is a secret for everybody else, and nobody reads it.
	if text := readFile(t, run.Transcript("implementer-1")); strings.Contains(text, claudetest.Key) || !strings.Contains(text, "[redacted]") {
		t.Errorf("transcript: %.3000s", text)
	}

	run, s, _ = withClaude(t, claudeScript, `,"settings":"inherit","max_turns":2`, "")
	wantOutcome(t, s, event.OutcomeDone)
	if files := git(t, run.Place.Repo, "ls-tree", "--name-only", "popkit/"+run.ID); !strings.Contains(files, "hooked.txt") {
		t.Errorf("inherited: %s", files)
	}
	if text := readFile(t, run.Transcript("implementer-1")); !strings.Contains(text, "max_turns") {
		t.Errorf("two turns: %.3000s", text)
	}
	said := ""
	for _, p := range s.Problems {
		said += p.Text + "\n"
	}
	if !strings.Contains(said, "allows without the guard's answer: WebSearch") || !strings.Contains(said, "has hooks that run for agents, too: PreToolUse") {
		t.Errorf("said:\n%s", said)
	}
}

// TestNoClaude: an agent of Claude Code is not started where there is none, and what to
// type is said.
func TestNoClaude(t *testing.T) {
	repo := newRepo(t)
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(git))
	plan := onePhase(nil, objective.Task{ID: "a", Role: "implementer", Title: "A", Prompt: "Do it."})
	run := configured(t, repo, `{"runtime":"claude"}`, plan, config.Flags{})
	s := start(t, run).wait()
	wantOutcome(t, s, event.OutcomeNeedsHuman)
	if len(s.Open) != 1 || !strings.Contains(s.Questions[s.Open[0]].Text, "npm install -g @anthropic-ai/claude-code") {
		t.Errorf("open %v: %+v", s.Open, s.Questions)
	}
}
