package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// BenchmarkKilledLogs kills the engine again and again while insights are written.
func BenchmarkKilledLogs(b *testing.B) {
	unreadable, lost, acked := killWriters(b, *kills)
	results.add(b, row{item: fmt.Sprintf("logs not readable after %d kill -9", *kills), figure: float64(unreadable), budget: 0})
	results.add(b, row{item: "acknowledged insights lost by them", figure: float64(lost), budget: 0, note: fmt.Sprintf("of %d", acked)})
	if unreadable+lost > 0 {
		b.Errorf("%d logs were not readable, %d of %d acknowledged insights lost", unreadable, lost, acked)
	}
}

func TestKilledLogs(t *testing.T) {
	if unreadable, lost, acked := killWriters(t, 6); unreadable+lost > 0 || acked == 0 {
		t.Errorf("%d logs were not readable, %d of %d acknowledged insights lost", unreadable, lost, acked)
	}
}

// killWriters kills and resumes one run's engine again and again while several
// writers share insights as fast as they are taken, and then lets it end. It
// counts logs that can't be read or folded right after a kill, and insights that
// were acknowledged and are not there at the end.
func killWriters(tb testing.TB, trials int) (unreadable, lost, acked int) {
	const writers = 4
	w := newWorld(tb)
	flag := filepath.Join(tb.TempDir(), "enough")
	run := w.create(1, objective.Phase{Name: "explore", Tasks: []objective.Task{{
		ID: "wait", Role: "explorer", Title: "wait", Prompt: "wait", NoCode: true,
		Runtime: "exec:while [ ! -e " + flag + " ]; do sleep 0.05; done",
	}}})
	rnd := rand.New(rand.NewPCG(uint64(trials), 1))
	var mu sync.Mutex
	var acks []string
	for trial := range trials {
		e := w.serve(run)
		enough := 1 + rnd.IntN(60)
		ctx, cancel := context.WithCancel(tb.Context())
		heard := make(chan struct{}, 1024)
		var wg sync.WaitGroup
		for n := range writers {
			wg.Go(func() {
				c := api.Client{Path: w.socket(run)}
				for i := 0; ctx.Err() == nil; i++ {
					text := fmt.Sprintf("trial %d, writer %d, thing %d", trial, n, i)
					if c.Call(ctx, api.OpShare, api.ShareArgs{Content: text}, nil) != nil {
						return // the engine was killed
					}
					mu.Lock()
					acks = append(acks, text)
					mu.Unlock()
					heard <- struct{}{}
				}
			})
		}
		for range enough {
			<-heard
		}
		e.kill()
		cancel()
		go func() { wg.Wait(); close(heard) }()
		for range heard {
		}
		if _, err := run.Fold(tb.Context()); err != nil {
			unreadable++
			tb.Logf("trial %d: %v", trial, err)
		}
	}
	must(tb, os.WriteFile(flag, nil, 0o644))
	w.serve(run).end()
	have := map[string]bool{}
	for _, e := range w.events(run) {
		if d, ok := e.Data.(event.InsightShared); ok {
			have[d.Content] = true
		}
	}
	for _, text := range acks {
		if !have[text] {
			lost++
		}
	}
	return unreadable, lost, len(acks)
}

// BenchmarkStrays kills engines, agents and their helpers again and again.
func BenchmarkStrays(b *testing.B) {
	left, workspaces := strays(b, *kills)
	results.add(b, row{item: fmt.Sprintf("strays after %d kills", *kills), figure: float64(left), budget: 0,
		note: "engine, agent or its init helper killed; agents with children that left their session and cleared their environment"})
	results.add(b, row{item: "workspaces left by them", figure: float64(workspaces), budget: 0})
	if left+workspaces > 0 {
		b.Errorf("%d strays, %d workspaces", left, workspaces)
	}
}

func TestStrays(t *testing.T) {
	if left, workspaces := strays(t, 6); left+workspaces > 0 {
		t.Errorf("%d strays, %d workspaces", left, workspaces)
	}
}

// patience is how long what must happen may take on a busy machine.
const patience = 60 * time.Second

// strays runs agents that leave children behind, kills in turn the engine, an
// agent and an agent's helper, and counts the processes that live on where they
// should not, and the workspaces that are left at the end.
func strays(tb testing.TB, kills int) (left, workspaces int) {
	const agents = 3
	w := newWorld(tb)
	flag := filepath.Join(tb.TempDir(), "enough")
	token := fmt.Sprint(1_000_000_000 + rand.IntN(1_000_000_000)) // seconds to sleep, and found in arguments
	escape := fmt.Sprintf(`setsid env -i /bin/sh -c 'trap "" TERM HUP INT; while :; do sleep %s; done' </dev/null >/dev/null 2>&1 &`, token)
	command := escape + " (" + escape + ")\nwhile [ ! -e " + flag + " ]; do sleep 0.05; done"
	p := objective.Phase{Name: "explore"}
	for i := range agents {
		p.Tasks = append(p.Tasks, objective.Task{
			ID: fmt.Sprint("t", i), Role: "explorer", Title: "leave", Prompt: "leave", NoCode: true, Runtime: "exec:" + command,
		})
	}
	run := w.create(agents, p)
	tb.Cleanup(func() {
		for _, pid := range processes(token) {
			_ = kill(pid) // ESRCH: it has ended
		}
	})
	var e *engine
	for n := range kills {
		if e == nil {
			e = w.serve(run)
		}
		await(tb, "the agents' children", func() bool { return len(processes("sleep\x00"+token)) == 2*agents })
		switch n % 3 {
		case 0:
			e.kill()
			e = nil
			left += remain(func() []int { return processes(token) })
		case 1: // an agent itself: the shell whose command it is
			left += w.killAgent(tb, "sh\x00-c\x00"+escape[:20], token)
		case 2: // the helper that holds it
			left += w.killAgent(tb, "__init\x00"+run.ID, token)
		}
		if left > 0 { // the next trial would count them too
			return left, workspaces
		}
	}
	must(tb, os.WriteFile(flag, nil, 0o644))
	if e == nil {
		e = w.serve(run)
	}
	e.end()
	left += remain(func() []int { return processes(token) })
	found, err := filepath.Glob(filepath.Join(filepath.Dir(w.repo), "cache", "popkit", "workspaces", run.ID, "agents", "*"))
	must(tb, err)
	return left, len(found)
}

// leads reports whether a process is the first of its session, as the command of
// a helper is; the helpers themselves are in the engine's.
func leads(pid int, like string) bool {
	if strings.HasPrefix(like, "__init") {
		return true
	}
	session, err := unix.Getsid(pid)
	return err == nil && session == pid
}

// killAgent kills one process and counts which of the children that lived below
// it live on.
func (w *world) killAgent(tb testing.TB, like, token string) int {
	tb.Helper()
	// A shell's child looks like the shell until it executes something.
	victims := slices.DeleteFunc(processes(like), func(pid int) bool { return !leads(pid, like) })
	if len(victims) == 0 {
		tb.Fatalf("no process like %q", like)
	}
	ns := namespace(victims[0])
	var below []int
	for _, pid := range processes(token) {
		if pid != victims[0] && namespace(pid) == ns {
			below = append(below, pid)
		}
	}
	if len(below) == 0 {
		tb.Fatalf("process %d has nothing below it", victims[0])
	}
	must(tb, kill(victims[0]))
	return remain(func() []int {
		var alive []int
		for _, pid := range below {
			if namespace(pid) == ns {
				alive = append(alive, pid)
			}
		}
		return alive
	})
}
