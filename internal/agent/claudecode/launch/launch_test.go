package launch

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFeatures(t *testing.T) {
	for version, want := range map[string]string{
		"2.0.63": "too old", "1.9.99": "too old", Oldest: "", "2.1.197": "", "3.0.0-beta.1": "", "latest": "no version", "2.1": "no version", "": "no version",
	} {
		_, err := FeaturesOf(version)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", version, err)
		}
	}
	if _, err := New(CLI{Version: "2.0.63"}, Options{}); err == nil {
		t.Error("an old one is launched")
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	program := func(name, text string) string {
		path := filepath.Join(dir, name, "claude")
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := program("good", "echo \"$SAYS (Claude Code)\"")
	program("fails", "exit 3")
	program("old", "echo 2.0.1")
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	env := func(path string) []string { return []string{"PATH=relative:" + path, "SAYS=2.1.5", "HOME=" + dir} }
	for name, tt := range map[string]struct {
		path, search string
		want         string // path, or what the error says
	}{
		"in PATH":    {"", dir + ":" + dir + "/good", good},
		"configured": {good, "", good},
		"nowhere":    {"", dir, "no Claude Code found"},
		"no program": {plain, "", "is no program"},
		"gone":       {dir + "/gone", "", "claude.path"},
		"broken":     {"", dir + "/fails", "exit status 3"},
		"other":      {"/bin/echo", "", "no version"},
		"too old":    {"", dir + "/old", "claude update"},
		"at home":    {"~/good/claude", "", good},
	} {
		cli, err := Find(t.Context(), tt.path, env(tt.search))
		if err == nil && (cli.Path != tt.want || cli.Version != "2.1.5") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %+v, %v", name, cli, err)
		}
	}
	if _, err := Find(t.Context(), "", env(dir)); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// TestEnvironment: of the variables of Claude Code only what says who answers gets
// to agents, and the login does whatever else is kept from them.
func TestEnvironment(t *testing.T) {
	home := t.TempDir()
	user := []string{"HOME=" + home, "ANTHROPIC_API_KEY=the-key", "CLAUDE_CODE_OAUTH_TOKEN=the-token"}
	l, err := New(CLI{Version: Tested}, Options{Environ: user})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := errors.Join(os.Mkdir(home+"/.claude", 0o755), os.WriteFile(home+"/.claude/settings.json", []byte(
		`{"env":{"ANTHROPIC_MODEL":"m","AWS_PROFILE":"p","CLAUDE_CODE_USE_BEDROCK":"1","CLAUDE_CODE_SHELL_PREFIX":"evil","PATH":"/evil","FOO":"from settings"}}`), 0o600)); err != nil {
		t.Fatal(err)
	}
	c, err := l.Prepare(t.Context(), Spec{Session: "s", Workspace: dir, State: dir, Given: dir, Env: []string{
		"PATH=/bin", "FOO=bar", "AWS_PROFILE=mine", "CLAUDECODE=1", "CLAUDE_CODE_SIMPLE=1", "CLAUDE_CODE_SUBPROCESS_ENV_SCRUB=1", "CLAUDE_CODE_MAX_RETRIES=2", "CLAUDE_CONFIG_DIR=/elsewhere",
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"PATH": "/bin", "FOO": "bar", "ANTHROPIC_API_KEY": "the-key", "CLAUDE_CODE_OAUTH_TOKEN": "the-token", "ANTHROPIC_MODEL": "m", "AWS_PROFILE": "mine",
		"CLAUDE_CODE_USE_BEDROCK": "1", "CLAUDE_CODE_MAX_RETRIES": "2", "CLAUDE_CONFIG_DIR": dir,
		"CLAUDECODE": "", "CLAUDE_CODE_SIMPLE": "", "CLAUDE_CODE_SHELL_PREFIX": "", "CLAUDE_CODE_SUBPROCESS_ENV_SCRUB": "",
	} {
		if got := lookup(c.Env, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !slices.Equal(c.Secrets, []string{"the-key", "the-token"}) {
		t.Errorf("secrets %q", c.Secrets)
	}
}

// TestArguments: what a role brings, and nothing that grants.
func TestArguments(t *testing.T) {
	dir := t.TempDir()
	l, err := New(CLI{Version: Tested}, Options{Model: "sonnet", MaxTurns: 50, Environ: []string{"HOME=" + dir}})
	if err != nil {
		t.Fatal(err)
	}
	s := Spec{Session: "id", Workspace: dir, State: dir, Given: dir, Tools: []string{"Read", "Bash"}, System: strings.Repeat("x", maxText+1), Schema: "{}"}
	c, err := l.Prepare(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]string{
		{"--session-id", "id"}, {"--model", "sonnet"}, {"--max-turns", "50"}, {"--tools", "Read,Bash"}, {"--json-schema", "{}"}, {"--setting-sources", ""},
		{"--permission-mode", "default"}, {"--strict-mcp-config"}, {"--append-system-prompt", strings.Repeat("x", maxText)},
	} {
		if i := slices.Index(c.Args, want[0]); i < 0 || !slices.Equal(c.Args[i:i+len(want)], want) {
			t.Errorf("%.80q is not in the arguments", want)
		}
	}
	for _, never := range []string{"--allowedTools", "--allowed-tools", "--dangerously-skip-permissions", "--allow-dangerously-skip-permissions", "--bare"} {
		if slices.Contains(c.Args, never) {
			t.Errorf("%s is among the arguments", never)
		}
	}
	s.Resume, s.Model, s.MaxTurns, s.Tools = true, "opus", 3, []string{}
	if c, err = l.Prepare(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]string{{"--resume", "id"}, {"--model", "opus"}, {"--max-turns", "3"}, {"--tools", ""}} {
		if i := slices.Index(c.Args, want[0]); i < 0 || c.Args[i+1] != want[1] {
			t.Errorf("%q is not in the arguments", want)
		}
	}
}
