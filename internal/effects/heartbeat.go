package effects

import (
	"os"
	"sync"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/engine"
	"popkit/internal/proc"
)

// glances is after how many heartbeats in which an agent lived its workspace is looked
// at: that costs a process of git.
const glances = 4

// look looks for signs of life of a running agent, once in a heartbeat
// interval, until the returned function is called: that it wrote output, or that
// something below it used the processor. An agent need not know popkit to be
// seen. Now and then it asks what the agent has changed (nil: never), and tells when
// that is not what it was.
func look(o engine.Order, ident func() proc.Ident, transcript string, changed func() (files []string, digest string, err error), tell func(event.Data)) (stop func()) {
	if o.Heartbeat <= 0 {
		return func() {}
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(o.Heartbeat)
		defer tick.Stop()
		last, beats, digest := signs{}, 0, ""
		for {
			select {
			case <-tick.C:
			case <-done:
				return
			}
			if now := signsOf(ident(), transcript); now != last {
				last = now
				tell(event.AgentSeen{Effect: o.Key, Agent: o.Agent})
				beats++
			}
			if changed == nil || beats < glances {
				continue
			}
			beats = 0
			// A look that fails says nothing: the agent may be at moving things around.
			if files, now, err := changed(); err == nil && now != digest {
				digest = now
				tell(event.AgentChanged{Effect: o.Key, Agent: o.Agent, Files: files[:min(len(files), event.MaxLooked)], Changed: len(files)})
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
