package scripted_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"popkit/internal/agent"
	"popkit/internal/agent/agenttest"
	"popkit/internal/agent/scripted"
)

var example = regexp.MustCompile("(?s)\n```yaml script\n(.*?)```\n```transcript\n(.*?)```\n")

// Every example of the page does what the page says, as a real process.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../../docs/scripted-agents.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := example.FindAllSubmatch(page, -1)
	if fences := strings.Count(string(page), "```yaml script\n"); fences == 0 || len(examples) != fences {
		t.Fatalf("%d of %d examples are followed by a transcript", len(examples), fences)
	}
	for i, e := range examples {
		script, want := string(e[1]), string(e[2])
		t.Run(fmt.Sprint(i, " ", firstStep(script)), func(t *testing.T) {
			t.Parallel()
			if got := transcriptOf(t, script); got != want {
				t.Errorf("got:\n%swant:\n%sscript:\n%s", got, want, script)
			}
		})
	}
}

func TestDocsNameEveryStep(t *testing.T) {
	page, err := os.ReadFile("../../../docs/scripted-agents.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range scripted.StepNames() {
		if !strings.Contains(string(page), "\n### "+name+"\n") {
			t.Errorf("the page does not describe %q", name)
		}
	}
}

func firstStep(script string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(script, "- "), ":")
	return strings.TrimSpace(name)
}

// transcriptOf plays the script as an agent and returns what it printed, with
// its end as the last line. An agent that hangs is stopped as popkit does.
func transcriptOf(t *testing.T, script string) string {
	t.Helper()
	s := agenttest.NewSpec(t)
	s.Grace = 10 * time.Millisecond
	session, err := runtime(t, script).Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(script, "- hang") {
		agenttest.AwaitOutput(t, s, "waiting")
		session.Stop(false)
	}
	o := session.Wait()
	data, err := os.ReadFile(s.Transcript)
	if err != nil {
		t.Fatal(err)
	}
	return placeless(string(data)) + end(o)
}

// placeless leaves the directory of the script out.
func placeless(s string) string {
	return regexp.MustCompile(`/\S*/script\.yaml`).ReplaceAllString(s, "script.yaml")
}

func end(o agent.Outcome) string {
	if o.Signal != "" {
		return "killed by " + o.Signal + "\n"
	}
	return fmt.Sprintf("exit %d\n", o.Code)
}

// Which part is played depends on task and attempt.
func TestSelection(t *testing.T) {
	const script = `
tasks:
  api:
    - say: the api
  tests:
    attempts:
      - [{say: first try}]
      - [{say: second try}]
steps:
  - say: the rest
`
	for _, tt := range []struct {
		task    string
		attempt int
		want    string
	}{
		{"api", 1, "the api\n"},
		{"api", 5, "the api\n"},
		{"tests", 1, "first try\n"},
		{"tests", 2, "second try\n"},
		{"tests", 3, "second try\n"},
		{"docs", 1, "the rest\n"},
		{"", 1, "the rest\n"},
	} {
		t.Run(fmt.Sprint(tt.task, tt.attempt), func(t *testing.T) {
			got, code := play(t, script, scripted.Env{Task: tt.task, Attempt: tt.attempt})
			if got != tt.want || code != 0 {
				t.Errorf("got %q, exit %d; want %q", got, code, tt.want)
			}
		})
	}
	got, code := play(t, "tasks: {api: [{say: hello}]}", scripted.Env{Task: "docs", Attempt: 1})
	if code != 2 || !strings.Contains(got, `"docs"`) {
		t.Errorf("a task that nothing is for: %q, exit %d", got, code)
	}
}
