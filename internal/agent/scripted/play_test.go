package scripted_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"popkit/internal/agent/agenttest"
	"popkit/internal/agent/scripted"
)

// play plays the script in this process and returns what was said.
func play(t *testing.T, script string, env scripted.Env) (string, int) {
	t.Helper()
	s, err := scripted.Parse("s.yaml", []byte(script))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	env.Out = &out
	if env.Workspace == "" {
		env.Workspace = t.TempDir()
	}
	if env.Attempt == 0 {
		env.Attempt = 1
	}
	code := scripted.Play(t.Context(), s, env)
	return out.String(), code
}

func TestWhatPopkitHears(t *testing.T) {
	popkit := &agenttest.Popkit{Answers: map[string]string{"which one?": "b"}, Tell: []string{"look at i-1", "", "and at i-2\n"}}
	out, code := play(t, `
- say: hello
- write: {path: a, content: x}
- edit: {path: a, old: x, new: y}
- delete: a
- run: "true"
- tool: {name: Read, on: b, times: 2}
- use: {input: 12, output: 3, cost: 0.5}
- insight: {type: blocker, text: no schema, tags: [db], confidence: 0.5}
- insights
- ask: {question: which one?, options: [a, b]}
- check_in: {progress: 0.25, doing: this, need: that}
- report: {status: done, summary: all of it, no_code: true}
- sleep: 0s
`, scripted.Env{Insights: popkit, Voice: popkit, Tools: tools{popkit}, Meter: popkit, Environ: []string{"PATH=" + os.Getenv("PATH")}})
	if code != 0 {
		t.Errorf("exit %d: %s", code, out)
	}
	want := []string{
		"tool say", "tool write on a", "tool edit on a", "tool delete on a", "tool run on true", "tool Read on b", "tool Read on b", "use 12 3 0.5",
		`insight blocker "no schema" [db] 0.5`, "insights", `ask "which one?" [a b]`,
		`check-in 0.25 "this" "that"`, `report done "all of it" no code true`,
	}
	if got := popkit.Calls(); !slices.Equal(got, want) {
		t.Errorf("popkit heard\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, line := range []string{"popkit says: look at i-1\n", "popkit says: and at i-2\n", "answer: b\n"} {
		if !strings.Contains(out, line) {
			t.Errorf("%q is not in the transcript:\n%s", line, out)
		}
	}
}

func TestPopkitThatIsAway(t *testing.T) {
	for _, script := range []string{"[insight: x]", "[insights]", "[ask: x]", "[check_in: x]", "[report: done]", "[use: {cost: 1}]"} {
		out, code := play(t, script, scripted.Env{})
		if code != 1 || !strings.Contains(out, "POPKIT_SOCKET") {
			t.Errorf("%s without a popkit: exit %d, %q", script, code, out)
		}
		popkit := &agenttest.Popkit{Err: errors.New("connection refused")}
		out, code = play(t, script, scripted.Env{Insights: popkit, Voice: popkit, Tools: tools{popkit}, Meter: popkit})
		if code != 1 || !strings.Contains(out, "connection refused") {
			t.Errorf("%s with a popkit that fails: exit %d, %q", script, code, out)
		}
	}
	if out, code := play(t, "[say: hello]", scripted.Env{}); code != 0 || out != "hello\n" {
		t.Errorf("a script that needs no popkit: exit %d, %q", code, out)
	}
	popkit := &agenttest.Popkit{Err: errors.New("connection refused")}
	if out, code := play(t, "[say: hello]", scripted.Env{Tools: tools{popkit}}); code != 1 {
		t.Errorf("a tool call that could not be counted is no failure: exit %d, %q", code, out)
	}
}

func TestStaysInTheWorkspace(t *testing.T) {
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, script := range []string{
		"[write: {path: link/secret, content: after}]",
		"[write: {path: link/new, content: after}]",
		"[write: {path: secret-link, content: after}]",
		"[edit: {path: link/secret, old: before, new: after}]",
		"[delete: link/secret]",
	} {
		workspace := t.TempDir()
		if err := os.Symlink(outside, filepath.Join(workspace, "link")); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(secret, filepath.Join(workspace, "secret-link")); err != nil {
			t.Fatal(err)
		}
		if out, code := play(t, script, scripted.Env{Workspace: workspace}); code != 1 {
			t.Errorf("%s: exit %d, %q", script, code, out)
		}
		if data, err := os.ReadFile(secret); err != nil || string(data) != "before" {
			t.Errorf("%s: the file outside is %q, %v", script, data, err)
		}
		if _, err := os.Lstat(filepath.Join(outside, "new")); err == nil {
			t.Errorf("%s: a file outside was made", script)
		}
	}
}

func TestEditWantsOne(t *testing.T) {
	out, code := play(t, `
- write: {path: a, content: "x x"}
- edit: {path: a, old: x, new: y}`, scripted.Env{})
	if code != 1 || !strings.Contains(out, "s.yaml:3:3: edit: a has the old text 2 times") {
		t.Errorf("exit %d, %q", code, out)
	}
}

func TestSleepAndHangEndWithTheContext(t *testing.T) {
	for _, script := range []string{"[sleep: 1h]", "[hang]"} {
		s, err := scripted.Parse("s.yaml", []byte(script))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var out bytes.Buffer
			begin := time.Now()
			code := scripted.Play(ctx, s, scripted.Env{Workspace: dir, Attempt: 1, Out: &out})
			if took := time.Since(begin); code != 1 || took != time.Minute {
				t.Errorf("%s: exit %d after %v, %q", script, code, took, out.String())
			}
		})
	}
}

func TestSleepTakesItsTime(t *testing.T) {
	s, err := scripted.Parse("s.yaml", []byte("[sleep: 90s]"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		code := scripted.Play(t.Context(), s, scripted.Env{Workspace: dir, Attempt: 1, Out: &bytes.Buffer{}})
		if took := time.Since(begin); code != 0 || took != 90*time.Second {
			t.Errorf("exit %d after %v", code, took)
		}
	})
}

func TestFromEnviron(t *testing.T) {
	env, err := scripted.FromEnviron("/w", []string{"POPKIT_TASK=api", "POPKIT_ATTEMPT=3", "A=b"})
	if err != nil || env.Task != "api" || env.Attempt != 3 || env.Workspace != "/w" || len(env.Environ) != 3 {
		t.Errorf("%+v, %v", env, err)
	}
	if env, err := scripted.FromEnviron("/w", nil); err != nil || env.Attempt != 1 {
		t.Errorf("an empty environment: %+v, %v", env, err)
	}
	if _, err := scripted.FromEnviron("/w", []string{"POPKIT_ATTEMPT=many"}); err == nil {
		t.Error("an attempt that is no number is taken")
	}
}

// TestGuarded: once the guard is asked, it is asked about every tool call, by the
// name by which the call is reported; what is denied is not done.
func TestGuarded(t *testing.T) {
	popkit := &agenttest.Popkit{Denied: []string{".git/", "secret"}}
	dir := t.TempDir()
	out, code := play(t, `
- guard
- say: hello
- write: {path: a, content: x}
- edit: {path: a, old: x, new: y}
- run: "true"
- tool: {name: Edit, input: {file_path: a, old_string: y, new_string: z}}
- delete: a
- tool: Read
- tool: {name: Bash, input: {command: touch secret}, expect: deny}
- write: {path: secret, content: x}
- say: never
`, scripted.Env{Workspace: dir, Tools: tools{popkit}, Environ: []string{"PATH=" + os.Getenv("PATH")}})
	if code != 1 || !strings.Contains(out, "write: denied: secret is protected") || strings.Contains(out, "never") {
		t.Errorf("exit %d: %s", code, out)
	}
	want := []string{
		`judge Write call-1 {"content":"this must not be written\n","file_path":".git/popkit-canary"}`,
		`judge Write call-2 {"content":"x","file_path":"a"}`, "tool Write call-2 on a",
		`judge Edit call-3 {"file_path":"a","new_string":"y","old_string":"x"}`, "tool Edit call-3 on a",
		`judge Bash call-4 {"command":"true"}`, "tool Bash call-4 on true",
		`judge Edit call-5 {"file_path":"a","new_string":"z","old_string":"y"}`, "tool Edit call-5 on a",
		`judge Bash call-6 {"command":"rm -r -- 'a'"}`, "tool Bash call-6 on a",
		"tool Read", `judge Bash call-7 {"command":"touch secret"}`, `judge Write call-8 {"content":"x","file_path":"secret"}`,
	}
	if got := popkit.Calls(); !slices.Equal(got, want) {
		t.Errorf("popkit heard\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("what was denied is there: %v, %v", left, err)
	}
}

// TestCanaryThatSings: a guard that allows the canary is none.
func TestCanaryThatSings(t *testing.T) {
	for script, want := range map[string]string{
		"[guard]": "nothing guards this agent", "[guard: skip]": "", "[tool: {name: Bash, input: {command: 'true'}, expect: deny}]": "Bash was allowed",
	} {
		out, code := play(t, script, scripted.Env{Tools: tools{&agenttest.Popkit{}}})
		if !strings.Contains(out, want) || (code == 0) != (want == "") {
			t.Errorf("%s: exit %d: %s", script, code, out)
		}
	}
	dir := t.TempDir()
	if _, code := play(t, "[guard: ignore]", scripted.Env{Workspace: dir, Tools: tools{&agenttest.Popkit{Denied: []string{".git"}}}}); code != 0 {
		t.Errorf("exit %d", code)
	}
	if _, err := os.Stat(filepath.Join(dir, ".git", "popkit-canary")); err != nil {
		t.Error(err)
	}
}
