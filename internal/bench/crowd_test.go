package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"popkit/internal/api"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
	core "popkit/internal/engine"
	"popkit/internal/proc"
	"popkit/internal/runs"
	"popkit/internal/server"
	"popkit/internal/statefile"
)

// crowdArg makes this program the engine of a crowd: HOW and the folder of the
// log and the sockets follow. HOW is submit, where the crowd is in the engine's
// process, or socket; or, to compare with, nothing: a crowd that says nothing,
// and echo: a server that answers each call with nothing.
const crowdArg = "__crowd"

const crowdTime = 8 * time.Second

// crowdResult is what the engine of a crowd has to say at its end.
type crowdResult struct {
	CPU  time.Duration // used while the crowd talked
	Took time.Duration
	RSS  int64
	Seq  int64 // events while it talked
	Err  string
}

type crowdFigures struct {
	cpu, took time.Duration
	rss       int64
	reports   int64
}

// share is the part of a core, in per cent.
func (f crowdFigures) share() float64 { return 100 * f.cpu.Seconds() / f.took.Seconds() }

// startCrowd runs an engine in a process of its own, has the crowd talk to it,
// and returns what that cost the engine.
func startCrowd(tb testing.TB, how string) crowdFigures {
	tb.Helper()
	dir, err := os.MkdirTemp("", "pk") // short: it holds sockets
	must(tb, err)
	defer os.RemoveAll(dir)
	cmd := exec.Command(os.Args[0], crowdArg, how, dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(tb, err)
	out, err := cmd.StdoutPipe()
	must(tb, err)
	must(tb, cmd.Start())
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); line != "ready\n" {
		tb.Fatalf("the engine of the crowd said %q: %v", line, err)
	}
	var reports int64
	if how == "socket" || how == "echo" {
		reports = eachSecond(tb.Context(), crowdTime, func(ctx context.Context, i int) error {
			c := api.Client{Path: runs.AgentSocket(dir, explorer(i))}
			return c.Call(ctx, api.OpCheckIn, api.CheckInArgs{Doing: "reading the code of a package"}, nil)
		})
		must(tb, in.Close()) // the crowd is silent: the engine looks at its watch
	}
	line, err := lines.ReadString('\n')
	must(tb, err)
	must(tb, cmd.Wait())
	var r crowdResult
	must(tb, json.Unmarshal([]byte(line), &r))
	if r.Err != "" {
		tb.Fatal(r.Err)
	}
	if how == "socket" && r.Seq < reports {
		tb.Errorf("%d reports became %d events", reports, r.Seq)
	}
	return crowdFigures{cpu: r.CPU, took: r.Took, rss: r.RSS, reports: r.Seq}
}

// eachSecond has every agent of the crowd report once a second, evenly spread,
// and returns how many reports were answered.
func eachSecond(ctx context.Context, span time.Duration, report func(ctx context.Context, i int) error) int64 {
	const step = time.Millisecond
	tick := time.NewTicker(step)
	defer tick.Stop()
	var mu sync.Mutex
	var answered int64
	var wg sync.WaitGroup
	due := 0
	for began := time.Now(); time.Since(began) < span; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return answered
		}
		for want := int(time.Since(began) * crowd / time.Second); due < want; due++ {
			i := due % crowd
			wg.Go(func() {
				if report(ctx, i) == nil {
					mu.Lock()
					answered++
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	return answered
}

// crowdMain is the engine of a crowd: log, engine, sockets and state files as
// the daemon has them, and agents that are not there.
func crowdMain(how, dir string) {
	engine := crowdEngine
	switch how {
	case "nothing":
		engine = silentCrowd
	case "echo":
		engine = echo
	}
	r, err := engine(how, dir)
	if err != nil {
		r.Err = err.Error()
	}
	raw, err := json.Marshal(r)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(string(raw))
}

func crowdEngine(how, dir string) (r crowdResult, err error) {
	tb := fatal{}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	log, st := openLog(tb, filepath.Join(dir, "log.jsonl"), crowd)
	must(tb, statefile.EnsureDir(dir))
	files := statefile.New(dir, "R1")
	var ended sync.WaitGroup
	news := make(chan struct{}, 1)
	e := core.New(st, patient{}, func(*state.State, []event.Event) {
		select {
		case news <- struct{}{}:
		default:
		}
	})
	none := func(*state.State) *view.Engine { return nil }
	s := server.New(ctx, e, log, none)
	s.Admit(func(_ context.Context, _ string, who server.Peer) error { // as the daemon's door looks at an agent that it knows
		if proc.Namespace(who.PID) == "" {
			return errors.New("it is gone")
		}
		return nil
	})
	for i := range crowd {
		if _, err := s.ListenAgent(runs.AgentSocket(dir, explorer(i)), explorer(i)); err != nil {
			return r, err
		}
	}
	ended.Go(func() {
		_ = files.Watch(ctx, func(statefile.Change) {}) // ends with ctx, by its error
	})
	ended.Go(func() { showState(ctx, e, files, news) })
	ended.Go(func() {
		_ = e.Run(ctx, decide.EngineStart{PID: os.Getpid(), Host: "here"}) // likewise
	})
	if err := e.Query(ctx, func(*state.State) {}); err != nil {
		return r, err
	}
	fmt.Println("ready")
	var before int64
	must(tb, e.Query(ctx, func(s *state.State) { before = s.Seq }))
	if path := os.Getenv("BENCH_PROFILE"); path != "" {
		f, err := os.Create(path + "." + how)
		must(tb, err)
		must(tb, pprof.StartCPUProfile(f))
		defer pprof.StopCPUProfile()
	}
	began, used := time.Now(), busy(tb)
	if how == "submit" {
		eachSecond(ctx, crowdTime, func(ctx context.Context, i int) error {
			return e.Submit(ctx, decide.CheckIn{Agent: explorer(i), Doing: "reading the code of a package"}, nil)
		})
	} else if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return r, err
	}
	r.Took, r.CPU = time.Since(began), busy(tb)-used
	must(tb, e.Query(ctx, func(s *state.State) { r.Seq = s.Seq - before }))
	r.RSS, err = memory()
	cancel()
	s.Close()
	ended.Wait()
	return r, err
}

// silentCrowd is the cost of having a crowd in the process.
func silentCrowd(string, string) (r crowdResult, err error) {
	fmt.Println("ready")
	began, used := time.Now(), busy(fatal{})
	r.Seq = eachSecond(context.Background(), crowdTime, func(context.Context, int) error { return nil })
	r.Took, r.CPU = time.Since(began), busy(fatal{})-used
	return r, nil
}

// echo is the cost of taking a line over a socket of its own and answering it,
// 1,000 times a second.
func echo(_, dir string) (r crowdResult, err error) {
	for i := range crowd {
		path := runs.AgentSocket(dir, explorer(i))
		must(fatal{}, os.MkdirAll(filepath.Dir(path), 0o700))
		l, err := net.Listen("unix", path)
		must(fatal{}, err)
		go func() {
			for {
				conn, err := l.Accept()
				must(fatal{}, err)
				go func() {
					defer conn.Close()
					if _, err := bufio.NewReader(conn).ReadBytes('\n'); err == nil {
						_, _ = io.WriteString(conn, "{}\n") // its caller notices
					}
				}()
			}
		}()
	}
	fmt.Println("ready")
	began, used := time.Now(), busy(fatal{})
	_, err = io.Copy(io.Discard, os.Stdin)
	r.Took, r.CPU = time.Since(began), busy(fatal{})-used
	return r, err
}

// showState writes power-state.json as the daemon does.
func showState(ctx context.Context, e *core.Engine, files *statefile.Files, news <-chan struct{}) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
		select {
		case <-news:
		case <-ctx.Done():
			return
		}
		var status view.Status
		var began time.Time
		err := e.Query(ctx, func(s *state.State) {
			began = time.Now()
			status = view.Make(s, began, nil)
		})
		if err != nil {
			return
		}
		must(fatal{}, files.WriteState(status))
		pause.Reset(max(200*time.Millisecond, 200*time.Since(began)))
	}
}

// memory is what of this process is in memory, in bytes.
func memory() (int64, error) {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("no VmRSS in /proc/self/status")
}

// fatal is a testing.TB for a process that is no test: what fails ends it.
type fatal struct{ testing.TB }

func (fatal) Helper()                  {}
func (fatal) Context() context.Context { return context.Background() }
func (fatal) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	os.Exit(1)
}
