package smell

import (
	"strings"
	"testing"
)

// smells returns the smells of findings, in order, each once.
func smells(found []Finding) string {
	var out []string
	seen := map[string]bool{}
	for _, f := range found {
		if !seen[f.Smell] {
			seen[f.Smell] = true
			out = append(out, f.Smell)
		}
	}
	return strings.Join(out, " ")
}

// edit is a case of the tables: a fragment replaced by another.
type edit struct {
	path, old, new string
	want           string // smells, "" for none
}

func tryEdits(t *testing.T, cases []edit) {
	t.Helper()
	for _, c := range cases {
		found := One(Change{Path: c.path, Kind: Modified, Old: c.old, New: c.new, Fragment: true})
		if got := smells(found); got != c.want {
			t.Errorf("%s\n--- old\n%s\n--- new\n%s\ngot %q, want %q\n%+v", c.path, c.old, c.new, got, c.want, found)
		}
		for _, f := range found {
			if f.Text == "" || strings.Contains(f.Text, "\n") || !strings.HasPrefix(f.Text, c.path) || strings.Contains(f.Excerpt, "\n") {
				t.Errorf("finding is no clear line: %+v", f)
			}
		}
	}
}

// The issue's own cases.
func TestAcceptance(t *testing.T) {
	tryEdits(t, []edit{
		{"auth_test.go", "func TestLogin(t *testing.T) {", "func TestLogin(t *testing.T) {\n\tt.Skip(\"flaky\")", "test_skipped"},
		{"tests/test_auth.py", "def test_login():", "@pytest.mark.skip\ndef test_login():", "test_skipped"},
		{"src/a.test.ts", "it('logs in'", "it.skip('logs in'", "test_skipped"},
		{"src/a.ts", "const x: User = f()", "// @ts-ignore\nconst x: User = f()", "check_silenced"},
		{"src/a.js", "foo(", "/* eslint-disable */\nfoo(", "check_silenced"},
		{"src/login.py", "token = load()", "token = 'sk-live-4242'", "secret"},
		{"auth_test.go", "if got != want {\n\t\tt.Errorf(\"got %v\", got)\n\t}", "_ = got", "assertion_removed"},
		{"auth.go", "return nil", "return fmt.Errorf(\"skip the header\")", ""},
		{"contest.go", "deleteContest()", "deleteContest(id)", ""},
		{"latest.go", "a", "b", ""},
	})
}

func TestCommand(t *testing.T) {
	for command, want := range map[string]string{
		"git commit --no-verify -m x":              "hooks_bypassed",
		"git commit -nm x":                         "hooks_bypassed",
		"git commit -an -m x":                      "hooks_bypassed",
		"git commit --no-verif":                    "hooks_bypassed",
		"git -C sub -c user.name=x commit -n":      "hooks_bypassed",
		"git commit -m -n":                         "",
		"git commit -mn":                           "",
		"git commit --message --no-verify":         "",
		"git commit -m x -- -n":                    "",
		"git commit -m x":                          "",
		"git push -n origin x":                     "",
		"git push --no-verify":                     "hooks_bypassed",
		"git merge -n topic":                       "",
		"git config core.hooksPath /dev/null":      "hooks_bypassed",
		"git config --global core.hookspath /tmp":  "hooks_bypassed",
		"git config set core.hooksPath /tmp":       "hooks_bypassed",
		"git config --get core.hooksPath":          "",
		"git config --unset core.hooksPath":        "",
		"git config user.name x":                   "",
		"git -c core.hooksPath=/dev/null commit":   "hooks_bypassed",
		"git -ccore.hooksPath=/dev/null commit":    "hooks_bypassed",
		"git -c http.sslVerify=false fetch":        "validation_bypassed",
		"HUSKY=0 git commit -m x":                  "hooks_bypassed",
		"HUSKY=1 git commit -m x":                  "",
		"SKIP=flake8 git commit -m x":              "hooks_bypassed",
		"SKIP=slow make":                           "",
		"export HUSKY=0":                           "hooks_bypassed",
		"HUSKY=0":                                  "hooks_bypassed",
		"LEFTHOOK=0 git push":                      "hooks_bypassed",
		"pre-commit uninstall":                     "hooks_bypassed",
		"pre-commit run --all-files":               "",
		"npx eslint --suppress-all":                "check_silenced",
		"npx jest -u":                              "snapshot_rewritten",
		"npx jest":                                 "",
		"bundle exec rubocop":                      "",
		"rubocop --auto-gen-config":                "check_silenced",
		"go test ./...":                            "",
		"NODE_TLS_REJECT_UNAUTHORIZED=0 node x.js": "validation_bypassed",
		"git": "",
		"":    "",
	} {
		found := Command(strings.Fields(command))
		if got := smells(found); got != want {
			t.Errorf("%q: got %q, want %q", command, got, want)
		}
		for _, f := range found {
			if f.Rule != Unconventional || f.Text == "" {
				t.Errorf("%q: %+v", command, f)
			}
		}
	}
}
