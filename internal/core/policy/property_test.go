package policy_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"popkit/internal/core/policy"
)

// laxer says that a verdict lets more through than another: a flag is between ask
// and allow.
func laxer(a, b policy.Verdict) bool {
	rank := func(v policy.Verdict) int {
		if v.Decision == policy.Allow && len(v.Flags) > 0 {
			return 3
		}
		return map[policy.Decision]int{policy.Deny: 1, policy.Ask: 2, policy.Allow: 4}[v.Decision]
	}
	return rank(a) > rank(b)
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func pyQuoted(t testing.TB, s string) string {
	t.Helper()
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// wrapped are the ways to put a command into another.
func wrapped(t testing.TB) map[string]func(string) string {
	return map[string]func(string) string{
		"subshell":      func(c string) string { return "(" + c + "\n)" },
		"block":         func(c string) string { return "{ " + c + "\n}" },
		"if":            func(c string) string { return "if test -e x; then " + c + "\nfi" },
		"else":          func(c string) string { return "if test -e x; then :; else " + c + "\nfi" },
		"and":           func(c string) string { return "test -e x && { " + c + "\n}" },
		"or":            func(c string) string { return "test -e x || { " + c + "\n}" },
		"not":           func(c string) string { return "! { " + c + "\n}" },
		"while":         func(c string) string { return "while test -e x; do " + c + "\ndone" },
		"for":           func(c string) string { return "for unused in 1 2; do " + c + "\ndone" },
		"case":          func(c string) string { return "case $- in x) " + c + "\n;; esac" },
		"background":    func(c string) string { return "{ " + c + "\n} &" },
		"substitution":  func(c string) string { return "unused=$(" + c + "\n)" },
		"argument":      func(c string) string { return "echo \"$(" + c + "\n)\"" },
		"process":       func(c string) string { return "diff <(" + c + "\n) /dev/null" },
		"pipe":          func(c string) string { return "{ " + c + "\n} | tail -3" },
		"after":         func(c string) string { return "ls; " + c },
		"function":      func(c string) string { return "unused() { " + c + "\n}; unused" },
		"time":          func(c string) string { return "time { " + c + "\n}" },
		"sh -c":         func(c string) string { return "sh -c " + quoted(c) },
		"bash -lc":      func(c string) string { return "bash -lc " + quoted(c) },
		"env":           func(c string) string { return "env UNUSED=1 bash -c " + quoted(c) },
		"timeout":       func(c string) string { return "timeout 5 nohup nice bash -c " + quoted(c) },
		"sudo":          func(c string) string { return "sudo -u nobody bash -c " + quoted(c) },
		"eval":          func(c string) string { return "eval " + quoted(c) },
		"trap":          func(c string) string { return "trap " + quoted(c) + " EXIT" },
		"here-string":   func(c string) string { return "bash <<< " + quoted(c) },
		"into a shell":  func(c string) string { return "printf %s " + quoted(c) + " | bash" },
		"here-document": func(c string) string { return "bash <<'WRAPPED_EOF'\n" + c + "\nWRAPPED_EOF" },
		"script":        func(c string) string { return "printf %s " + quoted(c) + " > $TMPDIR/s.sh; bash $TMPDIR/s.sh" },
		"sourced":       func(c string) string { return "printf %s " + quoted(c) + " > $TMPDIR/s.sh; . $TMPDIR/s.sh" },
		"xargs":         func(c string) string { return "echo x | xargs -I{} bash -c " + quoted(c) },
		"find":          func(c string) string { return "find . -maxdepth 0 -exec bash -c " + quoted(c) + ` \;` },
		"python":        func(c string) string { return "python3 -c " + quoted("import os; os.system("+pyQuoted(t, c)+")") },
		"git alias":     func(c string) string { return "git -c alias.unused=" + quoted("!bash -c "+quoted(c)) + " unused" },
	}
}

// TestWrappingNeverAllowsMore: each case of the table in each wrapper.
func TestWrappingNeverAllowsMore(t *testing.T) {
	r, f := rules(t, nil), facts(tracked)
	ways := wrapped(t)
	n := 0
	for _, c := range cases(t) {
		if strings.HasPrefix(c.Text, "@") {
			continue
		}
		command := strings.ReplaceAll(c.Text, "⏎", "\n")
		plain := policy.EvaluateBare(r, bash(t, command), f)
		for name, wrap := range ways {
			if c.Rule == "unparsable" && !strings.Contains(wrap("'"), `'\''`) {
				continue // a bracket that is missing can be the wrapper's
			}
			if strings.Contains(command, "{}") && (name == "xargs" || name == "find") {
				continue // the wrapper puts something else into the command's own braces
			}
			n++
			if v := policy.EvaluateBare(r, bash(t, wrap(command)), f); laxer(v, plain) {
				t.Errorf("%s: %s\n\t%s %v (%s), but without it %s (%s)", name, wrap(command), v.Decision, v.Flags, v.Reason, plain.Decision, plain.Reason)
			}
		}
	}
	t.Logf("%d wrapped commands", n)
}

// TestWrappingTwiceNeverAllowsMore: any wrapper in any other.
func TestWrappingTwiceNeverAllowsMore(t *testing.T) {
	r, f := rules(t, nil), facts(tracked)
	var commands []string
	for _, c := range cases(t) {
		if !strings.HasPrefix(c.Text, "@") && c.Rule != "unparsable" {
			commands = append(commands, strings.ReplaceAll(c.Text, "⏎", "\n"))
		}
	}
	ways := wrapped(t)
	var names []string
	for name := range ways {
		names = append(names, name)
	}
	rapid.Check(t, func(rt *rapid.T) {
		c := rapid.SampledFrom(commands).Draw(rt, "command")
		o, i := rapid.SampledFrom(names).Draw(rt, "outer"), rapid.SampledFrom(names).Draw(rt, "inner")
		if braces := []string{"find", "xargs"}; strings.Contains(c, "{}") && (slices.Contains(braces, o) || slices.Contains(braces, i)) {
			return // the wrapper puts something else into the command's own braces
		}
		outer, inner := ways[o], ways[i]
		plain := policy.EvaluateBare(r, bash(t, c), f)
		if v := policy.EvaluateBare(r, bash(t, outer(inner(c))), f); laxer(v, plain) {
			rt.Fatalf("%s\n%s (%s), but without it %s (%s)", outer(inner(c)), v.Decision, v.Reason, plain.Decision, plain.Reason)
		}
	})
}

// TestMoreRulesNeverAllowMore: a rule that denies, a pattern that protects, a tool
// that is withheld, taken to any configuration.
func TestMoreRulesNeverAllowMore(t *testing.T) {
	list := cases(t)
	f := facts(tracked)
	rapid.Check(t, func(rt *rapid.T) {
		spec := policy.DefaultSpec()
		spec.Rules = map[string]string{}
		names := policy.RuleNames()
		for range rapid.IntRange(0, 3).Draw(rt, "rules") {
			spec.Rules[rapid.SampledFrom(names).Draw(rt, "rule")] = rapid.SampledFrom([]string{"allow", "flag", "ask", "deny"}).Draw(rt, "does")
		}
		spec.Unconventional = rapid.SampledFrom([]string{"flag", "ask", "deny", "off"}).Draw(rt, "unconventional")
		before, err := policy.Compile(spec)
		if err != nil {
			rt.Fatal(err)
		}
		stricter := spec
		stricter.Rules = map[string]string{}
		for k, v := range spec.Rules {
			stricter.Rules[k] = v
		}
		switch rapid.IntRange(0, 4).Draw(rt, "more") {
		case 0:
			stricter.Rules[rapid.SampledFrom(names).Draw(rt, "deny")] = "deny"
		case 1:
			stricter.ProtectedPaths = append([]string{rapid.SampledFrom([]string{"src", "*.go", "**/docs/**", "a*"}).Draw(rt, "path")}, spec.ProtectedPaths...)
		case 2:
			stricter.RestrictedTools = []string{rapid.SampledFrom([]string{"Bash", "Write", "*", "fetch"}).Draw(rt, "tool")}
		case 3:
			stricter.ProtectedBranches = append([]string{"feature*"}, spec.ProtectedBranches...)
		case 4:
			stricter.HumanRequired = []string{"go test", "ls"}
		}
		after, err := policy.Compile(stricter)
		if err != nil {
			rt.Fatal(err)
		}
		c := rapid.SampledFrom(list).Draw(rt, "case")
		if a, b := policy.EvaluateBare(after, c.Call, f), policy.EvaluateBare(before, c.Call, f); laxer(a, b) {
			rt.Fatalf("%s: %s (%s) with more rules, %s (%s) with fewer", c.Text, a.Decision, a.Reason, b.Decision, b.Reason)
		}
	})
}

// TestSameEditSameVerdict: the same change of a file by Write, Edit, MultiEdit and
// the shell.
func TestSameEditSameVerdict(t *testing.T) {
	texts := []string{"package a\n", "package a\n\nfunc TestA(t *testing.T) {\n\tif got() != 1 {\n\t\tt.Error()\n\t}\n}\n",
		"package a\n\nfunc TestA(t *testing.T) {\n\tt.Skip()\n}\n", "token = 'sk-live-4242'\n", "x = 1\n", "FROM a\nUSER app\n", "FROM a\nUSER root\n", "plain text\n"}
	files := []string{"a.go", "a_test.go", ".env", "src/secrets/x", "Dockerfile", "tests/test_a.py", "src/app.py", "prod.config.js", ".github/workflows/ci.yml", "../x", "src/billing/a.py",
		"/etc/hosts", "docs/x.md"}
	r := rules(t, func(s *policy.Spec) { s.Boundaries = []string{"src/**", "*.go", "tests/**", "Dockerfile", ".env"} })
	rapid.Check(t, func(rt *rapid.T) {
		file, old, text := rapid.SampledFrom(files).Draw(rt, "file"), rapid.SampledFrom(texts).Draw(rt, "old"), rapid.SampledFrom(texts).Draw(rt, "new")
		f := facts(nil)
		f.Content = func(rel string) (string, bool) { return old, rel == file }
		call := func(tool string, input map[string]any) policy.Verdict {
			raw, err := json.Marshal(input)
			if err != nil {
				rt.Fatal(err)
			}
			return policy.EvaluateBare(r, policy.Call{Tool: tool, Input: raw}, f)
		}
		want := call("Write", map[string]any{"file_path": file, "content": text})
		got := map[string]policy.Verdict{
			"Edit":      call("Edit", map[string]any{"file_path": file, "old_string": old, "new_string": text}),
			"MultiEdit": call("MultiEdit", map[string]any{"file_path": file, "edits": []any{map[string]any{"old_string": old, "new_string": text}}}),
			"cat":       call("Bash", map[string]any{"command": fmt.Sprintf("cat > %s <<'EOF'\n%sEOF", file, text)}),
			"tee":       call("Bash", map[string]any{"command": fmt.Sprintf("tee %s <<'EOF'\n%sEOF", file, text)}),
			"printf":    call("Bash", map[string]any{"command": "printf %s " + quoted(text) + " > " + file}),
			"in sh -c":  call("Bash", map[string]any{"command": "sh -c " + quoted("printf %s "+quoted(text)+" > "+file)}),
		}
		for by, v := range got {
			if v.Decision != want.Decision || v.Rule != want.Rule || len(v.Flags) != len(want.Flags) {
				rt.Fatalf("%s to %q by %s: %+v, by Write %+v", file, text, by, v, want)
			}
		}
	})
}

// TestNothingIsDenied: rules that were not compiled deny whatever they are asked.
func TestNothingIsDenied(t *testing.T) {
	for _, c := range cases(t) {
		for _, r := range []*policy.Rules{nil, {}} {
			if v := policy.Evaluate(r, c.Call, facts(nil)); v.Decision != policy.Deny {
				t.Fatalf("%s: %s without rules", c.Text, v.Decision)
			}
		}
		if v := policy.Evaluate(rules(t, nil), policy.Call{Tool: c.Call.Tool, Input: []byte("{")}, facts(nil)); v.Decision == policy.Allow && c.Call.Tool == "Bash" {
			t.Fatalf("%s: allowed without input", c.Text)
		}
	}
}
