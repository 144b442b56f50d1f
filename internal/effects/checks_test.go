package effects

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/engine"
)

func checkOrder(commit string, c objective.Check) engine.Order {
	return engine.Order{EffectRequested: event.EffectRequested{Kind: event.EffectCheck, Commit: commit}, Spec: c}
}

// TestCheckStatuses: only exit status 0 with the expected output is a pass.
func TestCheckStatuses(t *testing.T) {
	w := newWorld(t, "bad.sh", "#!/no/such/interpreter\n", "plain.txt", "no program\n")
	for name, c := range map[string]struct {
		check  objective.Check
		status event.CheckStatus
		code   int
		reason string
	}{
		"green":            {objective.Check{Run: "test -f README"}, event.CheckPassed, 0, ""},
		"red":              {objective.Check{Run: "exit 7"}, event.CheckFailed, 7, "exit status 7"},
		"not found":        {objective.Check{Run: "no-such-command"}, event.CheckCouldNotRun, 127, "was not found"},
		"not executable":   {objective.Check{Run: "./plain.txt"}, event.CheckCouldNotRun, 126, "can't be executed"},
		"killed":           {objective.Check{Run: "kill -9 $$"}, event.CheckCouldNotRun, 137, "killed by SIGKILL"},
		"segfault":         {objective.Check{Run: "kill -SEGV $$"}, event.CheckCouldNotRun, 139, "SIGSEGV"},
		"expected":         {objective.Check{Run: "printf 'x\\nok  pkg\\ny\\n'", Expect: "^ok"}, event.CheckPassed, 0, ""},
		"not expected":     {objective.Check{Run: "echo nothing ok", Expect: "^ok"}, event.CheckFailed, 0, "does not match"},
		"expected but red": {objective.Check{Run: "echo ok; exit 1", Expect: "^ok"}, event.CheckFailed, 1, "exit status 1"},
		"bad expect":       {objective.Check{Run: "echo ok", Expect: "(ok"}, event.CheckCouldNotRun, 0, "no regular expression"},
		"on stderr":        {objective.Check{Run: "echo ok >&2", Expect: "^ok$"}, event.CheckPassed, 0, ""},
		"early in much":    {objective.Check{Run: "echo ok; seq 1 20000", Expect: "^ok$"}, event.CheckPassed, 0, ""},
		"not our own mark": {objective.Check{Run: "seq 1 20000", Expect: "…"}, event.CheckFailed, 0, "does not match"},
		"secret expected":  {objective.Check{Run: "echo " + secret, Expect: "^" + secret}, event.CheckPassed, 0, ""},
		"time is up":       {objective.Check{Run: "sleep 20 & sleep 20", Timeout: objective.Duration(200 * time.Millisecond)}, event.CheckCouldNotRun, 137, "longer than 200ms"},
		"an empty command": {objective.Check{Run: ""}, event.CheckPassed, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := want[event.CheckEnded](w, checkOrder(w.base, c.check))
			if d.Status != c.status || d.ExitCode != c.code || !strings.Contains(d.Reason, c.reason) || (c.reason == "") != (d.Reason == "") {
				t.Errorf("%+v", d)
			}
			if d.Commit != w.base || d.Duration <= 0 || strings.Contains(d.Output, secret) {
				t.Errorf("%+v", d)
			}
		})
	}
}

// TestCheckOutput: its end is kept, as text, and no piece of a secret.
func TestCheckOutput(t *testing.T) {
	w := newWorld(t)
	d := want[event.CheckEnded](w, checkOrder(w.base, objective.Check{Run: "seq 1 100000; echo the end"}))
	if len(d.Output) > maxOutput+10 || !strings.HasPrefix(d.Output, "[…]\n") || !strings.HasSuffix(d.Output, "100000\nthe end\n") {
		t.Errorf("%d bytes: %.20q … %.20q", len(d.Output), d.Output, d.Output[max(0, len(d.Output)-20):])
	}
	d = want[event.CheckEnded](w, checkOrder(w.base, objective.Check{Run: `printf '\377\000x'; for i in $(seq 1 5000); do printf 'äöü'; done; printf z`}))
	if !utf8.ValidString(d.Output) || strings.Contains(d.Output, "\uFFFD") || !strings.HasSuffix(d.Output, "äöüz") {
		t.Errorf("%.20q … %q", d.Output, d.Output[max(0, len(d.Output)-10):])
	}
	d = want[event.CheckEnded](w, checkOrder(w.base, objective.Check{Run: `printf 'a\377b'`}))
	if d.Output != "a\uFFFDb" {
		t.Errorf("%q", d.Output)
	}
	// Whatever the cut hits, no half of a secret is left before it.
	for n := range 24 {
		d := want[event.CheckEnded](w, checkOrder(w.base, objective.Check{Run: fmt.Sprintf("printf '%%s' %s; head -c %d /dev/zero | tr '\\0' x", secret, maxOutput-n)}))
		for i := 6; i < len(secret); i++ {
			if strings.Contains(d.Output, secret[len(secret)-i:]) {
				t.Fatalf("%d: %.40q", n, d.Output)
			}
		}
	}
}

// TestCheckRunsOnTheCommit: whatever an earlier check left; and the user's
// checkout does not count.
func TestCheckRunsOnTheCommit(t *testing.T) {
	w := newWorld(t)
	w.write("untracked", "x")
	want[event.CheckEnded](w, checkOrder(w.base, objective.Check{Run: "rm README; echo x > left; mkdir d; chmod 000 d"}))
	d := want[event.CheckEnded](w, checkOrder(w.base, objective.Check{Run: "test -f README && test ! -e left && test ! -e untracked && git status --porcelain"}))
	if d.Status != event.CheckPassed || d.Output != "" {
		t.Errorf("%+v", d)
	}
	if f := w.failed(checkOrder(strings.Repeat("0", 40), objective.Check{Run: "true"})); f.Final || f.Error == "" {
		t.Errorf("a commit that is not there: %+v", f)
	}
}

// TestCheckIsBrokenOff: the run is being stopped; that is no result.
func TestCheckIsBrokenOff(t *testing.T) {
	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	mark := filepath.Join(t.TempDir(), "runs")
	ended := make(chan event.Data)
	o := checkOrder(w.base, objective.Check{Run: "mkfifo " + mark + "; echo go > " + mark + "; sleep 20"})
	o.Key = "check"
	go func() { ended <- w.Do(ctx, o, nil) }()
	for { // until the fifo is there, and then until the check has written to it
		if f, err := os.Open(mark); err == nil {
			if _, err := f.Read(make([]byte, 3)); err != nil {
				t.Error(err)
			}
			f.Close()
			break
		}
	}
	stop()
	if d, ok := (<-ended).(event.EffectFailed); !ok || !strings.Contains(d.Error, "broken off") || d.Final {
		t.Errorf("%+v", d)
	}
}

// TestBlame finds the merge that turned a check red, by bisection over merges.
func TestBlame(t *testing.T) {
	w := newWorld(t, "test.sh", "test ! -e broken\n")
	var merges []engine.MergedWork
	head := w.base
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		run := "echo " + id + " > " + id
		if id == "d" {
			run = "echo d > broken"
		}
		m := w.merges(id, w.base, head, run)
		merges, head = append(merges, m), m.Commit
	}
	blame := func(n int, c objective.Check, last *event.CheckEnded) event.CheckBlamed {
		o := engine.Order{EffectRequested: event.EffectRequested{Kind: event.EffectBlame, Commit: merges[n-1].Commit, Onto: w.base}, Spec: c, Merged: merges[:n], Last: last}
		return want[event.CheckBlamed](w, o)
	}
	counted := filepath.Join(t.TempDir(), "count")
	for _, n := range []int{4, 5} {
		if err := os.WriteFile(counted, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if d := blame(n, objective.Check{Run: "echo >> " + counted + "; sh test.sh"}, nil); d.Task != "d" || !strings.Contains(d.Reason, "green before the merge of task d") {
			t.Errorf("of %d: %+v", n, d)
		}
		if runs, err := os.ReadFile(counted); err != nil || len(runs) > 4 {
			t.Errorf("of %d: %d runs, %v", n, len(runs), err)
		}
	}
	none := engine.Order{EffectRequested: event.EffectRequested{Kind: event.EffectBlame, Onto: w.base}, Spec: objective.Check{Run: "false"}}
	if d := want[event.CheckBlamed](w, none); d.Task != "" || !strings.Contains(d.Reason, "nothing was merged") {
		t.Errorf("no merges: %+v", d)
	}
	// Red before the phase: whoever it names mends it, else the last.
	red := &event.CheckEnded{Status: event.CheckFailed, Output: "b:1: wrong\n"}
	if d := blame(5, objective.Check{Run: "false"}, red); d.Task != "b" || !strings.Contains(d.Reason, "its output names b") {
		t.Errorf("red base: %+v", d)
	}
	red.Output = ""
	if d := blame(3, objective.Check{Run: "exit 1"}, red); d.Task != "c" || !strings.Contains(d.Reason, "merged last") {
		t.Errorf("red base, nobody named: %+v", d)
	}
	could := &event.CheckEnded{Status: event.CheckCouldNotRun}
	if d := blame(3, objective.Check{Run: "no-such-command"}, could); d.Task != "" || !strings.Contains(d.Reason, "could not run before") {
		t.Errorf("can't run: %+v", d)
	}
}
