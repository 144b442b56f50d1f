package execagent_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"popkit/internal/agent"
	"popkit/internal/agent/agenttest"
	"popkit/internal/agent/execagent"
	"popkit/internal/core/event"
)

const page = "../../../docs/exec-agents.md"

func TestDocs(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)\n```(sh|python) agent\n(.*?)```\n").FindAllSubmatch(text, -1)
	for i, want := range []struct {
		file, content string // what it leaves in the workspace
		report        *event.Report
		calls         string
	}{
		{"notes/api.md", "say this\n", nil, ""},
		{"handler.txt", "find the route\nold route: yes\n", nil, "check-in --progress 0.1 reading\n" +
			"insight list --for-me\n" +
			"insight add --tags api,errors --confidence 0.9 handlers are in handler.txt\n" +
			"ask Keep the old route? --options yes,no --default yes\n" +
			"report --status done --summary handler.txt has the handlers; grep finds the route\n"},
		{"report/api.txt", "attempt 1: 2 words\n", &event.Report{Status: "done", Summary: "report/api.txt counts the words of the prompt"}, ""},
	} {
		if i >= len(examples) {
			t.Fatalf("the page has %d examples", len(examples))
		}
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			interpreter := map[string]string{"sh": "sh", "python": "python3"}[string(examples[i][1])]
			if _, err := exec.LookPath(interpreter); err != nil {
				t.Logf("not played: %v", err) // nothing of popkit needs Python
				return
			}
			s := agenttest.NewSpec(t)
			if want.file == "handler.txt" {
				s.Prompt = "find the route\n"
			}
			o := playExample(t, s, interpreter, string(examples[i][2]))
			if o.Code != 0 || o.Reason != event.ExitExited {
				t.Errorf("outcome %+v", o)
			}
			if got := read(t, filepath.Join(s.Workspace, want.file)); got != want.content {
				t.Errorf("%s is %q, want %q", want.file, got, want.content)
			}
			if got := read(t, s.ResultFile+".calls"); got != want.calls {
				t.Errorf("popkit was called\n%swant\n%s", got, want.calls)
			}
			if (o.Report == nil) != (want.report == nil) || (o.Report != nil && o.Report.Summary != want.report.Summary) {
				t.Errorf("report is %+v, want %+v", o.Report, want.report)
			}
		})
	}
}

// playExample runs a script with this test's popkit in the PATH.
func playExample(t *testing.T, s agent.Spec, interpreter, script string) agent.Outcome {
	t.Helper()
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "popkit")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "agent"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Env = append(s.Env, "PATH="+bin+":"+os.Getenv("PATH"))
	session, err := execagent.New(interpreter+" "+filepath.Join(bin, "agent")).Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return session.Wait()
}

// read returns a file's content, "" when there is none.
func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}

// The page's table of variables names those that agents have, and no others.
func TestDocsNameTheVariables(t *testing.T) {
	text := read(t, page)
	for _, v := range agenttest.NewSpec(t).Env {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "POPKIT_") && !strings.Contains(text, "\n| `"+name+"` |") {
			t.Errorf("the page does not name %s", name)
		}
	}
}
