package effects

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/engine"
	"popkit/internal/proc"
)

// TestSignsOfLife: work is seen, waiting is not.
func TestSignsOfLife(t *testing.T) {
	transcript := filepath.Join(t.TempDir(), "transcript.log")
	in, feed := io.Pipe()
	out, said := io.Pipe()
	p, err := proc.Start(t.Context(), proc.Command{
		Path: "/bin/sh", Args: []string{"sh", "-c", `echo ready; read x; i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo done; read y`},
		Dir: t.TempDir(), Env: []string{"PATH=/usr/bin:/bin"}, Stdin: in, Stdout: said,
	})
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	expect := func(want string) {
		t.Helper()
		if line, err := lines.ReadString('\n'); err != nil || line != want+"\n" {
			t.Fatalf("it said %q, %v", line, err)
		}
	}
	expect("ready")
	waiting := signsOf(p.Ident(), transcript)
	if _, err := io.WriteString(feed, "go\n"); err != nil {
		t.Fatal(err)
	}
	expect("done")
	worked := signsOf(p.Ident(), transcript)
	if worked == waiting {
		t.Errorf("its work was not seen: %+v", worked)
	}
	if err := os.WriteFile(transcript, []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if wrote := signsOf(p.Ident(), transcript); wrote.output != 6 {
		t.Errorf("its output was not seen: %+v", wrote)
	}
	seen := make(chan event.Data, 100)
	stop := look(engine.Order{Heartbeat: time.Millisecond}, p.Ident, transcript, nil, func(d event.Data) { seen <- d })
	if _, ok := (<-seen).(event.AgentSeen); !ok {
		t.Error("the first look told something else")
	}
	stop()
	p.Kill()
	if _, err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	feed.Close()
}
