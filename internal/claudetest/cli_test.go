package claudetest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"popkit/internal/claudetest"
	"popkit/internal/scriptmodel"
)

func model(t *testing.T, script string) *scriptmodel.Server {
	t.Helper()
	s, err := scriptmodel.Parse("script.yaml", []byte(script))
	if err != nil {
		t.Fatal(err)
	}
	srv, err := scriptmodel.Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	return srv
}

// TestTheCLISpeaksToTheModel: the real CLI, run as tests run it, has a tool used,
// tells the model what came of it, and calls nobody else.
func TestTheCLISpeaksToTheModel(t *testing.T) {
	cli := claudetest.Get(t)
	srv := model(t, `
rules:
  - name: a
    steps:
      - {text: I look., tool: Read, input: {file_path: note.txt}}
      - {text: "The end.", expect: [plums]}
expect:
  - {rule: a, step: 2, once: plums}
  - {rule: a, tools: [Read], sessions: 1, requests: 2}
`)
	dir := t.TempDir()
	cmd := exec.Command("sh", "-c", "echo plums > note.txt && exec claude -p '@@a@@' --output-format text")
	cmd.Dir, cmd.Env = dir, cli.Environ(t.TempDir(), srv.URL)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || strings.TrimSpace(string(out)) != "The end." {
		t.Errorf("%v, %s%s", err, out, stderr.String())
	}
	if err := srv.Check(); err != nil {
		t.Error(err)
	}
	if calls := srv.Elsewhere(); calls != nil {
		t.Errorf("it called elsewhere: %v", calls)
	}
	for _, r := range srv.Requests() {
		if !strings.HasPrefix(r.Client, "claude-cli/"+claudetest.Pinned) {
			t.Errorf("request %d came from %s", r.N, r.Client)
		}
	}
}

// TestCallsToElsewhereAreNoticed shows that the trap can close.
func TestCallsToElsewhereAreNoticed(t *testing.T) {
	srv := model(t, "rules: [{name: a, steps: [{text: x}]}]")
	trap, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(trap)}}
	for _, target := range []string{"https://example.com/", "http://example.com/v1/messages"} {
		if resp, err := client.Get(target); err == nil {
			resp.Body.Close()
			if resp.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %s", target, resp.Status)
			}
		}
	}
	want := []string{"CONNECT example.com:443", "GET http://example.com/v1/messages"}
	if calls := srv.Elsewhere(); !slices.Equal(calls, want) {
		t.Errorf("got %q, want %q", calls, want)
	}
}

// TestInstallAtOnce: whoever comes second finds what the first installed.
func TestInstallAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	found := make([]string, 8)
	for i := range found {
		wg.Go(func() {
			cli, err := claudetest.Install(t.Context(), claudetest.Pinned)
			found[i] = fmt.Sprint(cli.Path, err)
		})
	}
	wg.Wait()
	for _, got := range found {
		if got != found[0] || !strings.HasSuffix(got, "/claude<nil>") {
			t.Errorf("%q and %q", got, found[0])
		}
	}
}

func TestWithoutNpm(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := claudetest.Install(t.Context(), "0.0.0-none")
	if err == nil || !strings.Contains(err.Error(), "apt-get install -y nodejs npm") {
		t.Errorf("got %v", err)
	}
}
