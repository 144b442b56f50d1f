package effects

import (
	"os"
	"sync"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/engine"
	"popkit/internal/proc"
)

// look looks for signs of life of a running agent, once in a heartbeat
// interval, until the returned function is called: that it wrote output, or that
// something below it used the processor. An agent need not know popkit to be
// seen.
func look(o engine.Order, id proc.Ident, transcript string, tell func(event.Data)) (stop func()) {
	if o.Heartbeat <= 0 {
		return func() {}
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(o.Heartbeat)
		defer tick.Stop()
		last := signs{}
		for {
			select {
			case <-tick.C:
			case <-done:
				return
			}
			if now := signsOf(id, transcript); now != last {
				last = now
				tell(event.AgentSeen{Effect: o.Key, Agent: o.Agent})
			}
		}
	})
	return func() { close(done); wg.Wait() }
}

// signs are what changes while an agent is at work.
type signs struct {
	output int64  // bytes
	ticks  uint64 // of processor time
}

func signsOf(id proc.Ident, transcript string) signs {
	s := signs{ticks: proc.Ticks(id)}
	if info, err := os.Stat(transcript); err == nil { // none yet: no output
		s.output = info.Size()
	}
	return s
}
