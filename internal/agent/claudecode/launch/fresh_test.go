package launch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestKeptFresh: what ends is replaced while the session lasts, and what is new is
// secret.
func TestKeptFresh(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	holds := func(name, text string) bool {
		data, err := os.ReadFile(filepath.Join(dir, name))
		return err == nil && strings.Contains(string(data), text)
	}
	put("home/.claude/settings.json", `{"apiKeyHelper":"cat \"$HOME/key\"","env":{"CLAUDE_CODE_API_KEY_HELPER_TTL_MS":"120000"}}`)
	put("home/key", "first-key")
	put("home/.claude/.credentials.json", `{"claudeAiOauth":{"accessToken":"first-token","refreshToken":"r","expiresAt":99999999999999}}`)
	put("state/x", "")
	put("given/x", "")
	synctest.Test(t, func(t *testing.T) {
		secrets := make(chan string, 10)
		l, err := New(CLI{Path: "/bin/false", Version: Tested}, Options{Environ: []string{"HOME=" + dir + "/home", "PATH=" + os.Getenv("PATH")},
			Note: func(s string) { t.Error(s) }, Secret: func(s string) { secrets <- s }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		s := Spec{Session: "s", Workspace: dir, State: dir + "/state", Given: dir + "/given"}
		for range 2 { // resumed: still one goroutine
			if _, err := l.Prepare(ctx, s); err != nil {
				t.Fatal(err)
			}
		}
		for range 4 {
			<-secrets // both, twice
		}
		put("home/key", "second-key")
		put("home/.claude/.credentials.json", `{"claudeAiOauth":{"accessToken":"second-token","refreshToken":"r","expiresAt":99999999999999}}`)
		time.Sleep(freshLook + time.Second)
		synctest.Wait()
		if got := <-secrets; got != "second-token" || !holds("state/.credentials.json", "second-token") || holds("given/api-key", "second") {
			t.Errorf("after a minute %s", got)
		}
		time.Sleep(freshLook)
		synctest.Wait()
		if got := <-secrets; got != "second-key" || !holds("given/api-key", "second-key") || len(secrets) > 0 {
			t.Errorf("after two minutes %s", got)
		}
		cancel()
		synctest.Wait()
		if len(l.fresh) > 0 {
			t.Error("it goes on")
		}
	})
}
