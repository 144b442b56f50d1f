package git

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// TestSession: a process that is asked twice, says why it can't go on, and ends
// when it is not needed any more.
func TestSession(t *testing.T) {
	fake(t, `while read line; do
case $line in bad) echo "fatal: no such thing" >&2; exit 128;; hang) exec cat >/dev/null;; gone) exit 0;; esac
echo "got $line"; echo "from $GIT_X"; done; exit 0`)
	begin := func() *Session {
		t.Helper()
		s, err := Runner{}.Start(t.Context(), Cmd{Args: []string{"-c", "a=b", "talk"}, Env: []string{"GIT_X=x"}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := begin()
	for _, word := range []string{"one", "two"} {
		if got, err := s.Ask(t.Context(), []byte(word+"\n"), 2); err != nil || strings.Join(got, ",") != "got "+word+",from x" {
			t.Errorf("%s: %q, %v", word, got, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := begin().Ask(t.Context(), []byte("bad\n"), 2); !Failed(err) || err.Error() != "git talk: no such thing" {
		t.Errorf("bad: %v", err)
	}
	if _, err := begin().Ask(t.Context(), []byte("gone\n"), 2); err == nil || Failed(err) || !strings.Contains(err.Error(), "git talk ended") {
		t.Errorf("gone: %v", err)
	}
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := begin().Ask(ctx, []byte("hang\n"), 2); !errors.Is(err, why) {
		t.Errorf("hang: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := (Runner{}).Start(t.Context(), Cmd{Args: []string{"talk"}}); !errors.Is(err, ErrNoGit) {
		t.Errorf("no git: %v", err)
	}
}
