package door

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"popkit/internal/proc"
)

// Why a caller was sent away.
var (
	errNotAPerson = errors.New("only people may call here, and the caller is below the run's engine: an agent, a check or what they started")
	errElsewhere  = errors.New("only people may call here, and the caller is in a PID namespace that is not the engine's: another run's agent, or a container")
	errNotYours   = errors.New("this is another agent's socket")
)

// Peer is who calls.
type Peer struct{ PID, UID int }

// Door says who may speak over which socket. Everything that the engine starts
// is below it and no person is, so an agent is not taken for one even where it
// knows the socket's path and nothing hides it. An agent's socket takes what is
// below that agent's own process; people may use it, to see what an agent sees.
type Door struct {
	mu    sync.Mutex
	seats map[string]*place
}

// place is where an agent sits.
type place struct {
	begun chan struct{} // closed once pid is set
	pid   int           // all of the agent's processes are below it; the door's mu guards it
	// space is the PID namespace that they are in, "" while it is not known.
	// Nothing else can be in it, and it lasts as long as pid, so who is in it need
	// not be looked for among the processes again.
	space string
}

// New returns a door that nobody sits at yet.
func New() *Door { return &Door{seats: map[string]*place{}} }

// Open makes a place for an agent; begun is told once it sits there, and when
// another process takes over.
func (d *Door) Open(agent string) (begun func(pid int)) {
	p := &place{begun: make(chan struct{})}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seats[agent] = p
	first := sync.OnceFunc(func() { close(p.begun) })
	return func(pid int) {
		d.mu.Lock()
		p.pid, p.space = pid, "" // of what was below another one nothing is left
		d.mu.Unlock()
		first()
	}
}

// Leave takes an agent's place away.
func (d *Door) Leave(agent string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.seats, agent)
}

// Admit reports why a process may not speak over an agent's socket, or, for "", over
// that of people.
func (d *Door) Admit(ctx context.Context, agent string, who Peer) error {
	if who.PID == os.Getpid() {
		return nil
	}
	if d.sits(agent, who.PID) {
		return nil
	}
	child, err := proc.Under(who.PID)
	switch {
	case err != nil:
		return fmt.Errorf("who calls is not known: %w", err)
	case child == 0 && agent == "":
		return elsewhere(who)
	case child == 0:
		return nil
	case agent == "":
		return errNotAPerson
	}
	d.mu.Lock()
	p := d.seats[agent]
	d.mu.Unlock()
	if p == nil {
		return errNotYours
	}
	select {
	case <-p.begun: // an agent may speak before it is known that it runs
	case <-ctx.Done():
		return ctx.Err()
	}
	d.mu.Lock()
	own := p.pid == child
	d.mu.Unlock()
	if !own {
		return errNotYours
	}
	d.note(p, who.PID)
	return nil
}

// sits reports whether a process is in the namespace that is known to be the
// agent's.
func (d *Door) sits(agent string, pid int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.seats[agent]
	return p != nil && p.space != "" && p.space == proc.Namespace(pid)
}

// note takes note of the namespace of a process that is below the agent's own. One
// that the agent made itself may go, and its name come back as another's: it is
// not noted.
func (d *Door) note(p *place, pid int) {
	if !proc.Directly(pid) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	p.space = proc.Namespace(pid)
}

// elsewhere refuses who is held by another run's engine: no agent answers for
// people, in whatever run. What root does can't be looked at, and needs not be.
func elsewhere(who Peer) error {
	same, err := proc.SameNamespace(who.PID)
	switch {
	case err != nil && who.UID == 0:
		return nil
	case err != nil:
		return fmt.Errorf("who calls is not known: %w", err)
	case !same:
		return errElsewhere
	}
	return nil
}
