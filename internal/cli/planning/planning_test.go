package planning

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"popkit/internal/cli/command"
)

// sitting is a planner in front of a terminal, or of none.
func sitting(t *testing.T, terminal bool) (*Planner, *bytes.Buffer, chan os.Signal) {
	t.Helper()
	var errs bytes.Buffer
	interrupts := make(chan os.Signal)
	e := &command.Env{
		Streams: command.Streams{Err: &errs}, Now: time.Now, Interactive: terminal, Live: terminal,
		Width:      func() int { return 40 },
		Interrupts: func() (<-chan os.Signal, func()) { return interrupts, func() {} },
	}
	return &Planner{e: e}, &errs, interrupts
}

// TestProgress: what takes less than a second is not talked about; what takes
// longer is, on one line where there is a terminal, and there is nothing of it left.
func TestProgress(t *testing.T) {
	work := func(took time.Duration) func(context.Context, func(string)) error {
		return func(ctx context.Context, say func(string)) error {
			say("the planning agent\x1b[2J works")
			select {
			case <-time.After(took):
			case <-ctx.Done():
			}
			say("check 1 of 1: go test ./... with many words more than fit")
			select {
			case <-time.After(took):
			case <-ctx.Done():
			}
			return nil
		}
	}
	tests := map[string]struct {
		terminal bool
		took     time.Duration
		want     string
	}{
		"quick":            {true, 400 * time.Millisecond, ""},
		"quick, no screen": {false, 400 * time.Millisecond, ""},
		"slow": {true, 1400 * time.Millisecond,
			"\r\x1b[Kplanning (1s): the planning agent works\r\x1b[Kplanning (2s): check 1 of 1: go test .…\r\x1b[K"},
		"slow, no screen": {false, 2500 * time.Millisecond,
			"planning: the planning agent works\nplanning: check 1 of 1: go test ./... with many words more than fit\n"},
	}
	for name, x := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, errs, _ := sitting(t, x.terminal)
				if err := p.watch(t.Context(), work(x.took)); err != nil {
					t.Error(err)
				}
				if errs.String() != x.want {
					t.Errorf("got  %q\nwant %q", errs, x.want)
				}
			})
		})
	}
}

// TestInterrupt: Ctrl-C ends the work, and what it ends with is waited for.
func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, errs, interrupts := sitting(t, true)
		cleared := false
		go func() { interrupts <- os.Interrupt }()
		err := p.watch(t.Context(), func(ctx context.Context, say func(string)) error {
			<-ctx.Done()
			time.Sleep(3 * time.Second) // it clears up
			cleared = true
			say("and talks to nobody")
			return ctx.Err()
		})
		if command.ExitCode(err) != command.ExitStopped || !strings.Contains(err.Error(), "planning was stopped") || !cleared {
			t.Errorf("%v (exit code %d), cleared up: %v", err, command.ExitCode(err), cleared)
		}
		if !strings.Contains(errs.String(), "stopping") || !strings.HasSuffix(errs.String(), "\r\x1b[K") {
			t.Errorf("said %q", errs)
		}
	})
}

func TestAgain(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"make":  {[]string{"plan", "make", "x y", "--json"}, "popkit power start --plan p.yaml"},
		"start": {[]string{"power", "start", "x y", "--agents", "3", "--edit", "--save=p.yaml", "--runtime", "exec:./a b"}, "popkit power start --agents 3 --runtime 'exec:./a b' --plan p.yaml"},
		"file":  {[]string{"power", "start", "--objective-file", "x.md", "-d", "--save", "p.yaml", "--or-default-phases"}, "popkit power start -d --plan p.yaml"},
	}
	for name, x := range tests {
		t.Run(name, func(t *testing.T) {
			p, _, _ := sitting(t, false)
			p.e.Args, p.o.Objective = x.args, "x y"
			if got := p.again("p.yaml"); got != x.want {
				t.Errorf("got %q, want %q", got, x.want)
			}
		})
	}
}

func TestSlug(t *testing.T) {
	for text, want := range map[string]string{
		"Build user authentication with tests, and everything else": "build-user-authentication-with-tests-and",
		"": "plan", "日本語": "plan", "../../etc/passwd": "etc-passwd", "a": "a", "--x": "x",
	} {
		if got := slug(text); got != want {
			t.Errorf("slug(%q) = %q, want %q", text, got, want)
		}
	}
}
