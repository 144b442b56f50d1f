package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// place is a user's home and a repository with the given files.
func place(t *testing.T, files map[string]string) Sources {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Sources{RepoDir: filepath.Join(dir, "repo"), Env: func(name string) string {
		if name == "XDG_CONFIG_HOME" {
			return filepath.Join(dir, "xdg")
		}
		return ""
	}}
}

func mustLoad(t *testing.T, files map[string]string) Config {
	t.Helper()
	c, err := Load(place(t, files))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// specExample is the specification's own example.
const specExample = `{
  "intervals": {
    "checkin_every_n_tools": 5,
    "heartbeat_seconds": 15
  },
  "limits": {
    "max_parallel_agents": 6,
    "max_runtime_minutes": 30
  },
  "guardrails": {
    "protected_paths": [".env*", "**/secrets/**"],
    "drift_detection": { "enabled": true }
  }
}
`

func TestSpecExampleIsTheDefault(t *testing.T) {
	for _, name := range []string{"repo/.claude/popkit/config.json", "repo/power-mode/config.json", "xdg/popkit/config.json"} {
		c := mustLoad(t, map[string]string{name: specExample})
		d := Default()
		if c.Intervals != d.Intervals || c.Limits != d.Limits || strings.Join(c.Guardrails.ProtectedPaths, " ") != ".env* **/secrets/**" || !c.Guardrails.DriftDetection.Enabled {
			t.Errorf("%s: the example changes the defaults: %+v", name, c)
		}
	}
}

func TestGitIsAlwaysProtected(t *testing.T) {
	c := mustLoad(t, map[string]string{"repo/" + RepoFile: `{"guardrails": {"protected_paths": []}}`})
	if got := strings.Join(c.Protected(), " "); got != ".git" {
		t.Errorf("protected: %s", got)
	}
}

func TestLayers(t *testing.T) {
	c := mustLoad(t, map[string]string{
		"xdg/popkit/config.yaml":      "tier: premium\nlimits:\n  max_attempts: 1\n  max_parallel_agents: 2\n  context_bytes: 1\nroles:\n  tester: {runtime: 'exec:u'}\n  explorer: {runtime: 'exec:e'}\n",
		"repo/power-mode/config.json": "{\n\"limits\": {\n\"max_attempts\": 2,\n\"max_parallel_agents\": 3}}",
		"repo/" + RepoFile:            "# YAML in a file named .json\nlimits:\n  max_attempts: 4\nroles:\n  tester: {runtime: 'exec:r'}\n",
	})
	if c.Tier != Premium || c.Limits.MaxAttempts != 4 || c.Limits.MaxParallelAgents != 3 || c.Limits.ContextBytes != 1 || c.Limits.MaxRuntimeMinutes != 30 {
		t.Errorf("values: %+v", c)
	}
	if c.Roles["tester"].Runtime != "exec:r" || c.Roles["explorer"].Runtime != "exec:e" {
		t.Errorf("roles: %+v", c.Roles)
	}
	for key, want := range map[string]string{
		"limits.max_attempts":        ".claude/popkit/config.json:3",
		"limits.max_parallel_agents": "power-mode/config.json:4",
		"limits.context_bytes":       "config.yaml:5",
		"limits.max_runtime_minutes": "default",
		"roles.tester.runtime":       ".claude/popkit/config.json:5",
		"roles.explorer.runtime":     "config.yaml:8",
	} {
		if got := c.Origin(key); !strings.HasSuffix(got, want) {
			t.Errorf("origin of %s: %s, want %s", key, got, want)
		}
	}
	if len(c.Notes) != 1 || c.Notes[0] != "power-mode/config.json is read, but configuration lives in .claude/popkit/config.json now: move it there" {
		t.Errorf("notes: %q", c.Notes)
	}
}

func TestMistakesAllAtOnce(t *testing.T) {
	_, err := Load(place(t, map[string]string{
		"xdg/popkit/config.json": "{\"teir\": \"pro\",\n \"limits\": {\"max_attempts\": \"3\"}}",
		"repo/" + RepoFile: `tier: gold
mode_priority: [native, radis, native]
limits: {max_parallel_agent: 3, max_attempts: 0, max_runtime_minutes: -1}
intervals: {checkin_every_n_tools: 2.5}
guardrails: {protected_paths: [secrets/, "["], drift_detection: true}
runtime: exce:x
roles: {"The Tester": {runtime: "exec:x"}, tester: {tools: [Raed], model: "the best", plan_requierd: true}}
decisions: {auto: [{kind: conflicts, match: "(", answer: x}, {kind: agent}]}
env: {set: {PORT: 80, POPKIT_RUN: x}, home: mine, secrets: ["A B"], caches: {GOCACHE: own}}
workspace: {copy: ["../x", "a*"], ports: 2000}
`}))
	if err == nil {
		t.Fatal("no error")
	}
	got := strings.Split(err.Error(), "\n")
	want := []string{
		`config.json:1:2: unknown key "teir" (did you mean "tier"?)`,
		`config.json:2:29: max_attempts must be a whole number, not text`,
		`.claude/popkit/config.json:1:7: unknown value "gold" (one of free, premium, pro)`,
		`.claude/popkit/config.json:2:25: unknown value "radis" (did you mean "redis"?)`,
		`.claude/popkit/config.json:2:32: mode "native" is there twice`,
		`.claude/popkit/config.json:3:10: unknown key "max_parallel_agent" in limits (did you mean "max_parallel_agents"?)`,
		`.claude/popkit/config.json:3:47: max_attempts: 0 is less than 1`,
		`.claude/popkit/config.json:3:71: max_runtime_minutes: -1 is less than 0`,
		`.claude/popkit/config.json:4:36: checkin_every_n_tools must be a whole number, not a number`,
		`.claude/popkit/config.json:5:42: a pattern that is not well formed`,
		`.claude/popkit/config.json:5:65: drift_detection must be a map, not true or false`,
		`.claude/popkit/config.json:6:10: unknown runtime "exce" (did you mean "exec"?)`,
		`.claude/popkit/config.json:7:23: "The Tester" can't be a role`,
		`.claude/popkit/config.json:7:61: unknown tool "Raed" (did you mean "Read"?)`,
		`.claude/popkit/config.json:7:75: "the best" is no model (e.g. sonnet, or inherit)`,
		`.claude/popkit/config.json:7:87: unknown key "plan_requierd" in tester (did you mean "plan_required"?)`,
		`.claude/popkit/config.json:8:27: unknown value "conflicts" (did you mean "conflict"?)`,
		`.claude/popkit/config.json:8:45: not a regular expression: missing closing )`,
		`.claude/popkit/config.json:8:62: an automatic answer without answer (e.g. {kind: attempts, answer: skip})`,
		`.claude/popkit/config.json:9:19: PORT must be text, not a whole number (write "80")`,
		`.claude/popkit/config.json:9:35: POPKIT_RUN is set by popkit itself`,
		`.claude/popkit/config.json:9:45: unknown value "mine" (one of shared, agent)`,
		`.claude/popkit/config.json:9:61: "A B" is no name of a variable`,
		`.claude/popkit/config.json:9:87: unknown value "own" (one of shared, agent)`,
		`.claude/popkit/config.json:10:20: "../x" is no path inside the repository`,
		`.claude/popkit/config.json:10:28: "a*" is no path inside the repository`,
		`.claude/popkit/config.json:10:42: ports: 2000 for each agent are more than 1000`,
	}
	for i := range max(len(got), len(want)) {
		g, w := "", ""
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if w == "" || !strings.Contains(g, w) {
			t.Errorf("mistake %d\n got %s\nwant %s", i, g, w)
		}
	}
}

func TestOldFileKeepsOlderKeys(t *testing.T) {
	c := mustLoad(t, map[string]string{"repo/power-mode/config.json": "{\n\"channels\": {\"x\": 1},\n\"limits\": {\"max_parallel_agents\": 2, \"old\": 1}}"})
	if c.Limits.MaxParallelAgents != 2 {
		t.Errorf("limits: %+v", c.Limits)
	}
	got := strings.Join(c.Notes, "\n")
	want := "power-mode/config.json is read, but configuration lives in .claude/popkit/config.json now: move it there\n" +
		"power-mode/config.json:2: unknown key \"channels\": left out\n" +
		"power-mode/config.json:3: unknown key \"old\" in limits: left out"
	if got != want {
		t.Errorf("notes\n got %s\nwant %s", got, want)
	}
	if _, err := Load(place(t, map[string]string{"repo/power-mode/config.json": `{"limits": {"max_parallel_agents": "2"}}`})); err == nil {
		t.Error("a wrong type in the old file is no mistake")
	}
}

func TestFilesThatCantBe(t *testing.T) {
	src := place(t, map[string]string{"repo/.claude/popkit/config.yaml": "tier: pro"})
	if _, err := Load(src); err == nil || err.Error() != ".claude/popkit/config.yaml is not read (rename it to config.json, which may hold YAML)" {
		t.Errorf("config.yaml in the repository: %v", err)
	}
	src = place(t, map[string]string{"xdg/popkit/config.yaml": "tier: pro", "xdg/popkit/config.json": "{}"})
	if _, err := Load(src); err == nil || !strings.HasPrefix(err.Error(), "both ") {
		t.Errorf("two files of the user: %v", err)
	}
	src.UserFile = filepath.Join(t.TempDir(), "none.json")
	if _, err := Load(src); err == nil || !strings.Contains(err.Error(), "none.json") {
		t.Errorf("a file that was named and is not there: %v", err)
	}
	src = place(t, map[string]string{"repo/.claude/popkit/config.json/x": ""})
	if _, err := Load(src); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("a directory: %v", err)
	}
	src = place(t, map[string]string{"repo/" + RepoFile: ""})
	if _, err := Load(src); err == nil || !strings.Contains(err.Error(), "the file is empty") {
		t.Errorf("an empty file: %v", err)
	}
	if c, err := Load(Sources{}); err != nil || c.Tier != Pro {
		t.Errorf("no sources: %v", err)
	}
}

func TestHomeIsWhereNoXDG(t *testing.T) {
	home := t.TempDir()
	dir := filepath.Join(home, ".config", "popkit")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.yml"), []byte("tier: free\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Load(Sources{Env: func(name string) string { return map[string]string{"HOME": home}[name] }})
	if err != nil || c.Tier != Free {
		t.Errorf("tier %s, %v", c.Tier, err)
	}
}

func TestRedisConfigured(t *testing.T) {
	vars := map[string]string{"UPSTASH_REDIS_REST_URL": "https://x"}
	env := func(name string) string { return vars[name] }
	if c, err := Load(Sources{Env: env}); err != nil || c.RedisConfigured() {
		t.Errorf("one variable is enough: %v", err)
	}
	vars["UPSTASH_REDIS_REST_TOKEN"] = "t"
	if c, err := Load(Sources{Env: env}); err != nil || !c.RedisConfigured() {
		t.Errorf("both variables are not enough: %v", err)
	}
	if c := mustLoad(t, map[string]string{"repo/" + RepoFile: "redis: {url: 'redis://localhost'}"}); !c.RedisConfigured() {
		t.Error("redis.url is not enough")
	}
}
