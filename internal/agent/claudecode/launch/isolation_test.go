package launch_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"popkit/internal/agent/claudecode/launch"
	"popkit/internal/claudetest"
)

// own is a user's configuration and a project's, each with something that would open
// a hole.
func own(w *world) map[string]string {
	trap := func(name string) string { return filepath.Join(filepath.Dir(w.home), "trap-"+name) }
	return map[string]string{
		"home/.claude/settings.json": `{"permissions":{"allow":["Bash","Write"],"defaultMode":"acceptEdits"},"disableAllHooks":true,"model":"claude-haiku-4-5",
			"hooks":{"PreToolUse":[{"matcher":"*","hooks":[{"type":"command","command":"touch ` + trap("user-hook") + `"}]}]}}`,
		"home/.claude/CLAUDE.md":            "The user likes figs. See @more.md for more.",
		"home/.claude/more.md":              "The user dislikes dates.",
		"home/.claude/rules/r.md":           "The user's rule is grapes.",
		"home/.claude/skills/mine/SKILL.md": "---\nname: mine\ndescription: what the user does with plums\nallowed-tools: Bash(*), Write\n---\nMy way is cherries. Read notes.md.\n",
		"home/.claude/skills/mine/notes.md": "---\nallowed-tools: all\n---\nBeside the skill.",
		"home/.claude/skills/shell/SKILL.md": "---\nname: shell\ndescription: runs a line\nallowed-tools: Bash(*)\nhooks:\n  PreToolUse:\n    - matcher: \"*\"\n      hooks:\n        - type: command\n" +
			"          command: touch " + trap("skill-hook") + "\n---\nSay !`touch " + trap("skill-line") + "`\n",
		"home/.claude/agents/helper.md":      "---\nname: helper\ndescription: helps with pears\npermissionMode: bypassPermissions\n---\nHelp.\n",
		"work/CLAUDE.md":                     "The project grows apples. @docs/how.md",
		"work/docs/how.md":                   "They are picked by hand.",
		"work/.claude/skills/ours/SKILL.md":  "---\nname: ours\ndescription: what the project does with quinces\n---\nOur way.\n",
		"work/.claude/settings.json":         `{"permissions":{"allow":["Bash","Write"]},"hooks":{"PreToolUse":[{"matcher":"*","hooks":[{"type":"command","command":"touch ` + trap("project-hook") + `"}]}]}}`,
		"work/.mcp.json":                     `{"mcpServers":{"theirs":{"command":"touch","args":["` + trap("server") + `"]}}}`,
		"work/.claude/commands/greet.md":     "---\ndescription: greets with lemons\n---\nGreet.\n",
		"work/.claude/agents/proj-helper.md": "---\nname: proj-helper\ndescription: helps with limes\n---\nHelp.\n",
	}
}

// TestIsolated: in an agent the user's skill runs and CLAUDE.md is in the model's
// request, while nothing of the user's and the project's settings holds.
func TestIsolated(t *testing.T) {
	w := newWorld(t, `
rules:
  - name: a
    steps:
      - {tool: Skill, input: {skill: mine}}
      - {tool: Skill, input: {skill: shell}, expect: [cherries]}
      - {tool: Bash, input: {command: "echo x > x.txt", description: write}}
      - {text: Done.}
expect:
  - {rule: a, step: 1, found: The user likes figs}
  - {rule: a, step: 1, found: dislikes dates}
  - {rule: a, step: 1, found: rule is grapes}
  - {rule: a, step: 1, found: The project grows apples}
  - {rule: a, step: 1, found: picked by hand}
  - {rule: a, step: 1, found: does with plums}
  - {rule: a, step: 1, found: does with quinces}
  - {rule: a, step: 1, found: helps with pears}
  - {rule: a, step: 1, found: helps with limes}
  - {rule: a, step: 1, found: greets with lemons}
  - {rule: a, step: 1, system: You are an apple expert}
  - {rule: a, model: haiku}
`)
	w.put(t, own(w))
	env := w.environ("ANTHROPIC_API_KEY="+claudetest.Key, "CLAUDE_CODE_SIMPLE=1", "CLAUDECODE=1")
	l := w.launcher(t, launch.Options{Environ: env})
	s := w.spec(env)
	s.System = "You are an apple expert."
	c, err := l.Prepare(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	got := w.play(t, plainly, c, "@@a@@", "allow")
	if !got.result.Finished() || got.init.Permission != "default" || len(got.init.Servers) > 0 {
		t.Errorf("%+v, %+v", got.result, got.init)
	}
	if err := w.model.Check(); err != nil {
		t.Error(err)
	}
	if want := []string{"Skill", "Skill", "Bash"}; !slices.Equal(got.hooks, want) {
		t.Errorf("the guard was asked about %q", got.hooks)
	}
	if _, err := os.Stat(w.work + "/x.txt"); err != nil {
		t.Error(err)
	}
	w.unsprung(t)
	if len(w.notes) > 0 {
		t.Errorf("notes: %q", w.notes)
	}
}

// unsprung looks whether something that must not count has run.
func (w *world) unsprung(t *testing.T) {
	t.Helper()
	if traps, err := filepath.Glob(filepath.Join(filepath.Dir(w.home), "trap-*")); len(traps) > 0 || err != nil {
		t.Errorf("ran: %v, %v", traps, err)
	}
}

// TestFailsClosed: an answer that is none leaves a call refused, though the user and
// the project would allow it; where their settings are inherited it runs, which is
// what Weakens says.
func TestFailsClosed(t *testing.T) {
	for name, inherit := range map[string]bool{"isolated": false, "inherited": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, `
rules:
  - name: a
    steps:
      - {tool: Bash, input: {command: "echo x > x.txt", description: write}}
      - {text: Done.}
`)
			w.put(t, own(w))
			env := w.environ("ANTHROPIC_API_KEY=" + claudetest.Key)
			l := w.launcher(t, launch.Options{Environ: env, Inherit: inherit})
			c, err := l.Prepare(t.Context(), w.spec(env))
			if err != nil {
				t.Fatal(err)
			}
			got := w.play(t, plainly, c, "@@a@@", "nonsense")
			_, err = os.Stat(w.work + "/x.txt")
			if ran := err == nil; ran != inherit || len(got.hooks) != 1 {
				t.Errorf("it ran: %t, %+v", ran, got)
			}
			weak, err := launch.Weakens(env, w.work)
			if text := strings.Join(weak, "\n"); err != nil || !strings.Contains(text, "allows without the guard's answer: Bash, Write") || !strings.Contains(text, "MCP servers are started for each agent: theirs") {
				t.Errorf("%v, %s", err, text)
			}
		})
	}
}

// TestInheritedStillAsks: with inherited settings the guard's deny holds, though the
// user switches hooks off, and the mode is the default one.
func TestInheritedStillAsks(t *testing.T) {
	w := newWorld(t, `
rules:
  - name: a
    steps:
      - {tool: Write, input: {file_path: x.txt, content: x}}
      - {text: Done.}
`)
	w.put(t, own(w))
	env := w.environ("ANTHROPIC_API_KEY=" + claudetest.Key)
	c, err := w.launcher(t, launch.Options{Environ: env, Inherit: true}).Prepare(t.Context(), w.spec(env))
	if err != nil {
		t.Fatal(err)
	}
	got := w.play(t, plainly, c, "@@a@@", "deny")
	if _, err := os.Stat(w.work + "/x.txt"); err == nil || got.init.Permission != "default" || !strings.Contains(strings.Join(got.results, ""), "the guard says so") {
		t.Errorf("%v, %+v", err, got)
	}
}
