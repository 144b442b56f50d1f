package notify

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"popkit/internal/proc"
	"popkit/internal/redact"
)

func TestMain(m *testing.M) {
	proc.MaybeInit()
	goleak.VerifyTestMain(m)
}

// told tells one question and returns what failed.
func told(t *testing.T, cfg Config, q Question) []string {
	t.Helper()
	var mu sync.Mutex
	var failed []string
	cfg.Failed = func(text string) {
		mu.Lock()
		defer mu.Unlock()
		failed = append(failed, text)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = time.Minute
	}
	cfg.Dir, cfg.Redactor = t.TempDir(), redact.New([]string{"hunter22"})
	cfg.Env = append(cfg.Env, "PATH="+os.Getenv("PATH"))
	n := New(t.Context(), cfg)
	n.Tell(q)
	n.Close()
	n.Close()
	return failed
}

func TestCommand(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	q := Question{Run: "R", ID: "q-1", Kind: "guard", Text: "push; $(touch here) `id` hunter22?", Options: []string{"allow", "deny"}, Answer: "popkit power decide q-1 allow|deny"}
	if failed := told(t, Config{Command: `cat > "$OUT"; printf '%s|%s|%s' "$POPKIT_QUESTION_ID" "$POPKIT_QUESTION_KIND" "$POPKIT_QUESTION_TEXT" >> "$OUT"`, Env: []string{"OUT=" + out}}, q); failed != nil {
		t.Error(failed)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	line, rest, _ := strings.Cut(string(data), "\n")
	var got Question
	if err := json.Unmarshal([]byte(line), &got); err != nil || got.ID != "q-1" || got.Text != "push; $(touch here) `id` [redacted]?" || len(got.Options) != 2 {
		t.Errorf("%s: %+v, %v", line, got, err)
	}
	if rest != "q-1|guard|"+got.Text {
		t.Errorf("the variables are %q", rest)
	}
}

func TestCommandThatFails(t *testing.T) {
	for command, want := range map[string]string{"echo no hunter22 >&2; exit 3": "exit status 3: no [redacted]", "exit 4": "notify.command: exit status 4\x00", "exec sleep 1000": "longer than 50ms"} {
		cfg := Config{Command: command}
		if strings.Contains(command, "sleep") {
			cfg.Timeout = 50 * time.Millisecond
		}
		failed := told(t, cfg, Question{ID: "q-1"})
		if len(failed) != 1 || !strings.Contains(failed[0]+"\x00", want) || !strings.Contains(failed[0], "notify.command") || strings.Contains(failed[0], "hunter22") {
			t.Errorf("%s: %q", command, failed)
		}
	}
}

// TestWebhook: it gets the question; what may pass is tried again, a few times;
// what leads elsewhere is not followed, and no error holds the URL.
func TestWebhook(t *testing.T) {
	for name, c := range map[string]struct {
		answers []int
		calls   int
		want    string
	}{
		"at once":       {[]int{204}, 1, ""},
		"the third":     {[]int{503, 429, 200}, 3, ""},
		"never":         {[]int{500, 500, 500, 200}, 3, "it answered 500"},
		"no use":        {[]int{404, 200}, 1, "it answered 404"},
		"a redirection": {[]int{302, 200}, 1, "it answered 302"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var q Question
				body, err := io.ReadAll(r.Body)
				if err != nil || json.Unmarshal(body, &q) != nil || q.ID != "q-7" || r.Method != http.MethodPost || r.URL.Path != "/hook/s3cret" {
					t.Errorf("%s %s: %s, %v", r.Method, r.URL, body, err)
				}
				calls++
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.answers[calls-1])
			}))
			defer s.Close()
			failed := told(t, Config{Webhook: s.URL + "/hook/s3cret"}, Question{ID: "q-7"})
			if calls != c.calls || len(failed) > 0 != (c.want != "") {
				t.Errorf("%d calls, failed: %q", calls, failed)
			}
			if c.want != "" && (!strings.Contains(fmt.Sprint(failed), c.want) || strings.Contains(fmt.Sprint(failed), "s3cret")) {
				t.Errorf("failed: %q, want %q", failed, c.want)
			}
		})
	}
}

func TestWebhookThatIsAway(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	failed := told(t, Config{Webhook: s.URL + "/s3cret"}, Question{ID: "q-1"})
	if len(failed) != 1 || !strings.Contains(failed[0], "refused") || strings.Contains(failed[0], "s3cret") {
		t.Errorf("%q", failed)
	}
	hang := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	failed = told(t, Config{Webhook: slow.URL, Timeout: 50 * time.Millisecond}, Question{ID: "q-1"})
	close(hang)
	slow.Close()
	if len(failed) != 1 || !strings.Contains(failed[0], "longer than 50ms") {
		t.Errorf("%q", failed)
	}
}

// TestNobody: without a way to tell there is no notifier, and that is no fault.
func TestNobody(t *testing.T) {
	n := New(t.Context(), Config{})
	n.Tell(Question{})
	n.Close()
	if n != nil {
		t.Error(n)
	}
}
