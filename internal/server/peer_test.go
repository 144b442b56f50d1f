package server

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"popkit/internal/api"
	"popkit/internal/core/state"
)

// TestAdmit: each connection is asked about, by the process at its other end, and
// who is not admitted gets no answer and changes nothing.
func TestAdmit(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	asked := map[string]int{} // whose socket → who called
	w.server.Admit(func(_ context.Context, agent string, who Peer) error {
		mu.Lock()
		defer mu.Unlock()
		asked[agent] = who.PID
		if agent == "implementer-2" {
			return nil
		}
		return errors.New("not you")
	})
	for _, c := range []api.Caller{w.person(), w.as("implementer-1")} {
		for _, op := range []api.Op{api.OpStop, api.OpReport, api.OpStatus} {
			err := c.Call(t.Context(), op, map[string]any{"by": "me", "status": "done"}, nil)
			if kindOf(err) != api.KindForbidden || !strings.Contains(err.Error(), "not you") {
				t.Errorf("%s: %v", op, err)
			}
		}
	}
	w.must(w.as("implementer-2"), api.OpWhoAmI, nil, nil)
	for _, agent := range []string{"", "implementer-1", "implementer-2"} {
		if asked[agent] != os.Getpid() {
			t.Errorf("over the socket of %q called %d, which is %d", agent, asked[agent], os.Getpid())
		}
	}
	w.query(func(s *state.State) {
		if s.Stop != nil || s.Agents["implementer-1"].Report != nil {
			t.Error("it was done all the same")
		}
	})
	if err := w.server.admitted(t.Context(), nil, ""); kindOf(err) != api.KindForbidden {
		t.Errorf("a connection that nobody knows: %v", err)
	}
}

// TestPeer: the kernel says who connected, and whether that process is still there.
func TestPeer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p, err := peerOf(conn)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if p.pid != os.Getpid() || p.uid != os.Getuid() || !p.alive() {
		t.Errorf("%+v, alive: %t", p, p.alive())
	}
}
