package proc_test

import (
	"bufio"
	"io"
	"testing"

	"popkit/internal/proc"
)

// TestTicks sees the work of a grandchild, and that a command which waits does
// none.
func TestTicks(t *testing.T) {
	in, feed := io.Pipe()
	out, said := io.Pipe()
	p, err := proc.Start(t.Context(), proc.Command{
		Path: "/bin/sh", Args: []string{"sh", "-c", `read x; (i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo worked; read y)`},
		Dir: t.TempDir(), Env: []string{"PATH=/usr/bin:/bin"}, Stdin: in, Stdout: said,
	})
	if err != nil {
		t.Fatal(err)
	}
	idle := proc.Ticks(p.Ident())
	if _, err := io.WriteString(feed, "go\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "worked\n" {
		t.Fatalf("it said %q, %v", line, err)
	}
	if worked := proc.Ticks(p.Ident()); worked <= idle {
		t.Errorf("%d ticks before the work, %d after it", idle, worked)
	}
	p.Kill()
	if _, err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	feed.Close()
	if gone := proc.Ticks(p.Ident()); gone != 0 {
		t.Errorf("%d ticks of a process that is gone", gone)
	}
}
