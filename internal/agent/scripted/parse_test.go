package scripted_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"popkit/internal/agent/scripted"
)

func TestMistakes(t *testing.T) {
	for _, tt := range []struct{ name, script, want string }{
		{"nothing", "", "s:1:1: an empty script: want a list of steps"},
		{"only a comment", "# nothing", "s:1:1: an empty script: want a list of steps"},
		{"no list", "hello", "s:1:1: want a list of steps"},
		{"two documents", "[say: x]\n---\n[say: y]", "s:3:1: a second document: want one"},
		{"no YAML", "- say: [x", "s:1:8: sequence end token ']' not found"},
		{"unknown step", "- shout: x", "s:1:3: unknown step \"shout\": want one of ask, "},
		{"unknown step alone", "- say: x\n- shout", "s:2:3: unknown step \"shout\""},
		{"two in one", "- say: x\n  run: y", "s:1:3: a step is one name"},
		{"no step", "- [say]", "s:1:3: want a step"},
		{"a number", "- 7", "s:1:3: want a step"},
		{"unknown key of a step", "- write:\n    path: a\n    contents: x", "s:3:5: unknown field \"contents\""},
		{"wrong type", "- write: {path: [a]}", "s:1:17: "},
		{"not a boolean", "- write: {path: a, append: maybe}", "s:1:28: "},
		{"say what", "- say", "s:1:3: say: want a text"},
		{"say a list", "- say: [x]", "s:1:8: say: want a text"},
		{"parent directory", "- write: {path: ../a}", "s:1:11: write: path \"../a\" leads out of the workspace"},
		{"absolute path", "- edit: {path: /etc/passwd, old: a}", "s:1:10: edit: path \"/etc/passwd\" leads out of the workspace"},
		{"hidden parent", "- delete: a/../../b", "s:1:11: delete: path \"a/../../b\" leads out"},
		{"no path", "- write: {content: x}", "s:1:11: write: path is missing"},
		{"answer outside", "- ask: {question: q, answer_to: ../x}", "s:1:9: ask: path \"../x\" leads out"},
		{"insights outside", "- insights: {to: ../x}", "leads out"},
		{"prompt outside", "- prompt: ../x", "leads out"},
		{"nothing to replace", "- edit: {path: a, new: b}", "s:1:10: edit: old is missing"},
		{"no command", "- run: {expect_exit: 1}", "s:1:9: run: command is missing"},
		{"exit status", "- run: {command: x, expect_exit: 300}", "run: exit status 300"},
		{"confidence", "- insight: {text: x, confidence: 1.5}", "insight: confidence is 1.5: want 0 to 1"},
		{"confidence that is no number", "- insight: {text: x, confidence: .nan}", "want 0 to 1"},
		{"no text", "- insight: {type: blocker}", "insight: text is missing"},
		{"no question", "- ask", "s:1:3: ask: question is missing"},
		{"progress", "- check_in: {progress: -1}", "check_in: progress is -1: want 0 to 1"},
		{"status", "- report: {status: finished}", "report: status is \"finished\": want done, failed, blocked or quota"},
		{"no status", "- report", "report: status is \"\""},
		{"duration", "- sleep: long", "s:1:10: sleep: \"long\" is no duration: want e.g. 200ms or 3s"},
		{"backwards", "- sleep: -1s", "sleep: \"-1s\" is no duration"},
		{"fail with 0", "- fail: 0", "fail: exit 0 is no failure"},
		{"fail with words", "- fail: badly", "fail: \"badly\" is no exit status"},
		{"tool", "- tool: {times: 3}", "tool: name is missing"},
		{"tool often", "- tool: {name: x, times: 1000000}", "tool: times is 1000000"},
		{"unknown key at the top", "stages: []", "s:1:1: unknown key \"stages\""},
		{"both", "steps: []\nattempts: [[]]", "s:2:1: attempts: there are steps or attempts already"},
		{"until when", "- report: {status: quota, until: soon}", `report: until is "soon": want e.g. 30s or 2h`},
		{"nothing used", "- use: {cost: -1}", "use: want input, output or cost, above 0"},
		{"no attempts", "attempts: []", "s:1:11: attempts: want a list"},
		{"an attempt", "attempts: [{say: x}]", "s:1:13: an attempt: want {steps: […]}"},
		{"tasks", "tasks: [api]", "s:1:8: tasks: want a task's ID"},
		{"a task", "tasks: {api: hello}", "s:1:14: want a list of steps"},
		{"an empty mapping", "{}", "s:1:1: want a list of steps"},
		{"twice the same key", "- write: {path: a, path: b}", "path"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := scripted.Parse("s", []byte(tt.script))
			var mistakes scripted.Mistakes
			if !errors.As(err, &mistakes) {
				t.Fatalf("Parse() = %v, want mistakes", err)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %v", err, tt.want)
			}
		})
	}
}

func TestEveryMistakeAtOnce(t *testing.T) {
	_, err := scripted.Parse("s", []byte("- shout: x\n- say: fine\n- sleep: long\ntasks"))
	if err == nil {
		t.Fatal("no error")
	}
	_, err = scripted.Parse("s", []byte("- shout: x\n- say: fine\n- sleep: long\n- write: {path: ../a}\n"))
	var mistakes scripted.Mistakes
	if !errors.As(err, &mistakes) || len(mistakes) != 3 {
		t.Fatalf("got %v, want three mistakes", err)
	}
	for i, line := range []int{1, 3, 4} {
		if mistakes[i].Line != line {
			t.Errorf("mistake %d is in line %d, want %d", i, mistakes[i].Line, line)
		}
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.yaml")
	if _, err := scripted.Load(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(path, []byte("- shout"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := scripted.Load(path); err == nil || !strings.HasPrefix(err.Error(), path+":1:3: ") {
		t.Errorf("a mistake in a file: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"- say: x\n- hang\n- fail: 3", "steps: []", "attempts: [[say: x], {steps: []}]", "tasks: {a: [crash]}\nsteps: [child]",
		"- write: &a {path: a}\n- write: *a", "- write: {<<: {path: a}}", "- ? say\n  : x", "- !!str say: x", "- say: |\n   x\n", "- ~: x",
		"- sleep: 1s\n---\n- say: x", "\t", "- {", "? [a]\n: b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, script string) {
		_, err := scripted.Parse("s", []byte(script))
		var mistakes scripted.Mistakes
		if err != nil && (!errors.As(err, &mistakes) || len(mistakes) == 0) {
			t.Fatalf("an error that is no mistake: %v", err)
		}
		for _, m := range mistakes {
			if m.Line < 1 || m.Column < 1 || m.Text == "" {
				t.Errorf("a mistake without a place or a text: %+v", m)
			}
		}
	})
}
