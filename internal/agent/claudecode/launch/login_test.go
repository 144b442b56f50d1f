package launch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"popkit/internal/agent/claudecode/launch"
)

// far is when a made-up token expires.
var far = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

func credentials(token, renewal string, until int64) string {
	return fmt.Sprintf(`{"claudeAiOauth":{"accessToken":%q,"refreshToken":%q,"expiresAt":%d,"scopes":["user:inference"],"subscriptionType":"max"}}`, token, renewal, until)
}

// TestLogins: whichever way the user is logged in, with made-up keys, the model is
// asked by that login, and the agent's folders hold nothing that renews it.
func TestLogins(t *testing.T) {
	const script = "rules: [{name: a, steps: [{text: Done.}]}]"
	for name, tt := range map[string]struct {
		environ []string
		files   map[string]string
		login   string // that the model sees
		kind    string
	}{
		"key":        {environ: []string{"ANTHROPIC_API_KEY=made-up-key"}, login: "made-up-key", kind: "ANTHROPIC_API_KEY"},
		"auth token": {environ: []string{"ANTHROPIC_AUTH_TOKEN=made-up-auth"}, login: "Bearer made-up-auth", kind: "ANTHROPIC_AUTH_TOKEN"},
		"long-lived": {environ: []string{"CLAUDE_CODE_OAUTH_TOKEN=made-up-oauth"}, login: "Bearer made-up-oauth", kind: "CLAUDE_CODE_OAUTH_TOKEN"},
		"settings":   {files: map[string]string{".claude/settings.json": `{"env":{"ANTHROPIC_AUTH_TOKEN":"made-up-auth"}}`}, login: "Bearer made-up-auth", kind: "ANTHROPIC_AUTH_TOKEN"},
		"helper": {files: map[string]string{".claude/settings.json": `{"apiKeyHelper":"cat \"$HOME/secret\""}`, "secret": "made-up-help"},
			login: "made-up-helpBearer made-up-help", kind: "apiKeyHelper"},
		"/login":  {files: map[string]string{".claude/.credentials.json": credentials("made-up-token", "made-up-renewal", far)}, login: "Bearer made-up-token", kind: "login in "},
		"console": {files: map[string]string{".claude.json": `{"primaryApiKey":"made-up-primary"}`}, login: "made-up-primary", kind: "key in "},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, script)
			files := map[string]string{}
			for path, text := range tt.files {
				files["home/"+path] = text
			}
			w.put(t, files)
			env := w.environ(tt.environ...)
			if kind, err := launch.LoggedIn(env); err != nil || !strings.HasPrefix(kind, tt.kind) {
				t.Errorf("logged in by %q, %v", kind, err)
			}
			// What agents inherit lacks the login, as with env.secrets.
			c, err := w.launcher(t, launch.Options{Environ: env}).Prepare(t.Context(), w.spec(w.environ("HOME="+t.TempDir())))
			if err != nil {
				t.Fatal(err)
			}
			got := w.play(t, plainly, c, "@@a@@", "deny")
			if !got.result.Finished() || w.front.login() != tt.login {
				t.Errorf("asked by %q, %+v", w.front.login(), got.result)
			}
			secret := strings.TrimPrefix(tt.login[strings.LastIndex(tt.login, "made"):], "Bearer ")
			if !slices.Contains(c.Secrets, secret) || strings.Contains(strings.Join(c.Args, " "), secret) {
				t.Errorf("secrets %q, arguments %q", c.Secrets, c.Args)
			}
			w.holdsNot(t, "made-up-renewal")
		})
	}
}

// holdsNot looks into all that the agent could read.
func (w *world) holdsNot(t *testing.T, text string) {
	t.Helper()
	for _, dir := range []string{w.state, w.given} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if strings.Contains(string(data), text) {
				t.Errorf("%s holds %s", path, text)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestExpiredLogin is renewed by the user's own CLI, in the user's own folder, by one
// agent for all, and what can't be renewed is said.
func TestExpiredLogin(t *testing.T) {
	dir := t.TempDir()
	w := &world{home: dir + "/home", work: dir + "/work", state: dir + "/state", given: dir + "/given"}
	w.put(t, map[string]string{
		"home/.claude/.credentials.json": credentials("old", "renewal", 1), "work/x": "", "state/x": "", "given/x": "",
		// A stand-in for the CLI: what it does with a server of the real world can't be had here.
		"claude": "#!/bin/sh\ncase \"$*\" in --version) echo '2.1.197 (Claude Code)'; exit;; esac\nread line\necho \"$line $CLAUDE_CONFIG_DIR\" >> $HOME/renewals\n" +
			"test -e $HOME/broken && { cat > /dev/null; exit 1; }\nprintf '%s' '" + credentials("new", "another", far) + "' > $HOME/.claude/.credentials.json\ncat > /dev/null\n",
	})
	if err := os.Chmod(dir+"/claude", 0o755); err != nil {
		t.Fatal(err)
	}
	env := []string{"HOME=" + w.home, "PATH=" + os.Getenv("PATH")}
	cli, err := launch.Find(t.Context(), dir+"/claude", env)
	if err != nil {
		t.Fatal(err)
	}
	l, err := launch.New(cli, launch.Options{Environ: env, Note: func(s string) { w.notes = append(w.notes, s) }})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c, err := l.Prepare(t.Context(), w.spec(env))
		if err != nil || !slices.Equal(c.Secrets, []string{"new"}) {
			t.Errorf("%v, %q", err, c.Secrets)
		}
	}
	w.holdsNot(t, "another")
	var given struct {
		OAuth map[string]any `json:"claudeAiOauth"`
	}
	data, err := os.ReadFile(w.state + "/.credentials.json")
	if err := errors.Join(err, json.Unmarshal(data, &given)); err != nil || given.OAuth["accessToken"] != "new" || given.OAuth["subscriptionType"] != "max" {
		t.Errorf("%v: %s", err, data)
	}
	renewals, err := os.ReadFile(w.home + "/renewals")
	if err != nil || strings.Count(string(renewals), "initialize") != 1 || len(w.notes) > 0 {
		t.Errorf("%v: %s, notes %q", err, renewals, w.notes)
	}
}

// TestLoginThatCanNotBeHad stops an agent before it starts, or is said.
func TestLoginThatCanNotBeHad(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
	}{
		"helper fails":    {map[string]string{"settings.json": `{"apiKeyHelper":"echo sorry >&2; exit 3"}`}, "exit status 3 sorry"},
		"helper is mute":  {map[string]string{"settings.json": `{"apiKeyHelper":"true"}`}, "it printed no key"},
		"broken settings": {map[string]string{"settings.json": `{"apiKeyHelper":`}, "silently leave out"},
		"broken login":    {map[string]string{".credentials.json": `{`}, "login of Claude Code"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w := &world{home: dir + "/home", work: dir + "/work", state: dir + "/state", given: dir + "/given"}
			files := map[string]string{"work/x": "", "state/x": "", "given/x": ""}
			for path, text := range tt.files {
				files["home/.claude/"+path] = text
			}
			w.put(t, files)
			env := []string{"HOME=" + w.home}
			l, err := launch.New(launch.CLI{Path: "/bin/false", Version: launch.Tested}, launch.Options{Environ: env})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := l.Prepare(t.Context(), w.spec(env)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestStateIsTheAgents: a link that an agent left in its folder leads popkit nowhere.
func TestStateIsTheAgents(t *testing.T) {
	dir := t.TempDir()
	w := &world{home: dir + "/home", work: dir + "/work", state: dir + "/state", given: dir + "/given"}
	w.put(t, map[string]string{"home/.claude/.credentials.json": credentials("token", "renewal", far), "work/x": "", "state/x": "", "given/x": "", "precious": "mine"})
	for _, name := range []string{".credentials.json", ".credentials.json.new"} {
		if err := os.Symlink(dir+"/precious", w.state+"/"+name); err != nil {
			t.Fatal(err)
		}
	}
	l, err := launch.New(launch.CLI{Path: "/bin/false", Version: launch.Tested}, launch.Options{Environ: []string{"HOME=" + w.home}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Prepare(t.Context(), w.spec(nil)); err != nil {
		t.Error(err)
	}
	if data, err := os.ReadFile(dir + "/precious"); err != nil || string(data) != "mine" {
		t.Errorf("%v, %q", err, data)
	}
}
