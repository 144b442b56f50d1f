package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/view"
	"popkit/internal/effects"
	"popkit/internal/engine"
	"popkit/internal/eventlog/filelog"
	"popkit/internal/proc"
	"popkit/internal/runs"
	"popkit/internal/server"
	"popkit/internal/statefile"
	"popkit/internal/workspace"
)

// ServeOptions say what to serve.
type ServeOptions struct {
	Run     runs.Run
	By      string // who begins or resumes it
	Version string
	// Ready gets "ready\n" once the sockets answer, or "error: …\n", and is
	// closed.
	Ready io.WriteCloser
	// Log gets what the engine has to say.
	Log io.Writer
	// Signals asks for a stop: the first for a graceful one, the second for one
	// at once.
	Signals <-chan os.Signal
	// Observe, if not nil, is told what was appended, by the engine's goroutine.
	Observe func([]event.Event)
}

// Serve is the engine process: it begins or resumes the run and returns when it
// has ended.
func Serve(ctx context.Context, o ServeOptions) (event.Outcome, error) {
	d := &daemon{ServeOptions: o, log: slog.New(slog.NewTextHandler(o.Log, nil)), news: make(chan struct{}, 1)}
	err := d.open(ctx)
	d.tellReady(err)
	if err != nil {
		return "", errors.Join(err, d.close())
	}
	if d.done() {
		err = d.watched(ctx, d.finished) // an engine was killed before it came to that
	} else {
		err = d.watched(ctx, d.run)
	}
	if err != nil {
		d.log.Error("the engine failed", "err", err)
	}
	outcome := event.Outcome("")
	if d.st.State.Ended != nil {
		outcome = d.st.State.Ended.Outcome
	}
	return outcome, errors.Join(err, d.close())
}

// daemon is one engine process's things.
type daemon struct {
	ServeOptions
	log *slog.Logger

	events  *filelog.Log
	st      *engine.Stepper
	engine  *engine.Engine
	server  *server.Server
	files   *statefile.Files
	work    *workspace.Run
	env     *environment
	sockets string
	about   view.Engine
	news    chan struct{}  // holds one token while power-state.json is behind
	closers []func() error // given back in the other order
}

func (d *daemon) tellReady(err error) {
	text := "ready\n"
	if err != nil {
		text = "error: " + err.Error() + "\n"
	}
	_, werr := io.WriteString(d.Ready, text)
	if err := errors.Join(werr, d.Ready.Close()); err != nil {
		d.log.Warn("nobody heard that the engine is ready", "err", err)
	}
}

func (d *daemon) later(f func() error) { d.closers = append(d.closers, f) }

func (d *daemon) close() error {
	var errs []error
	for i := len(d.closers) - 1; i >= 0; i-- {
		errs = append(errs, d.closers[i]())
	}
	return errors.Join(errs...)
}

// open takes what the engine needs, the log's lock first.
func (d *daemon) open(ctx context.Context) error {
	var repaired []string
	events, err := openLog(ctx, d.Run, func(s string) { repaired = append(repaired, s) })
	if err != nil {
		return err
	}
	d.events = events
	d.later(events.Close)
	if d.st, err = engine.Open(ctx, events); err != nil {
		return err
	}
	if err := d.begin(ctx, repaired); err != nil {
		return err
	}
	if err := statefile.EnsureDir(d.Run.Place.Repo); err != nil {
		return err
	}
	if d.env, err = newEnvironment(d.Run, d.st.State); err != nil {
		return err
	}
	if d.work, err = openWork(ctx, d.Run, d.st.State, d.env, d.note); err != nil {
		return err
	}
	d.files = statefile.New(d.Run.Place.Repo, d.Run.ID)
	d.engine = engine.New(d.st, effects.New(d.effects()), d.observe)
	return d.listen(ctx)
}

// begin makes an ended run go on, and notes what was repaired.
func (d *daemon) begin(ctx context.Context, repaired []string) error {
	var inputs []decide.Input
	if d.st.State.Ended != nil && !d.done() {
		inputs = append(inputs, decide.Resume{By: d.By})
	}
	for _, text := range repaired {
		inputs = append(inputs, decide.Note{Problem: event.Problem{Source: "log", Text: text}})
	}
	results, err := d.st.Step(ctx, time.Now(), inputs...)
	for _, r := range results {
		err = errors.Join(err, r.Refused)
	}
	return err
}

// listen opens the people's socket and makes the run the repository's active
// one.
func (d *daemon) listen(ctx context.Context) error {
	dir, err := d.Run.SocketDir(os.Getenv("XDG_RUNTIME_DIR"))
	if err != nil {
		return err
	}
	d.sockets = dir
	d.later(func() error { return os.RemoveAll(dir) })
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("this machine's name: %w", err)
	}
	d.about = view.Engine{
		PID: os.Getpid(), Host: host, Socket: runs.EngineSocket(dir), Since: time.Now().UTC(), Sandbox: proc.Isolation(),
	}
	d.server = server.New(ctx, d.engine, d.events, d.aboutNow)
	d.later(func() error { d.server.Close(); return nil })
	if _, err := d.server.ListenPeople(d.about.Socket); err != nil {
		return err
	}
	lock, err := acquire(ctx, d.Run.Place, runs.Holder{
		Run: d.Run.ID, PID: d.about.PID, Host: host, Socket: d.about.Socket, Since: d.about.Since,
	})
	if err != nil {
		return err
	}
	d.later(lock.Close)
	return nil
}

// done reports whether the run has come to its end and can't go on.
func (d *daemon) done() bool {
	return d.st.State.Ended != nil && d.st.State.Ended.Outcome == event.OutcomeDone
}

// watched does something while the state files are kept.
func (d *daemon) watched(ctx context.Context, do func(context.Context) error) error {
	filesCtx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	d.files.WriteInsights(view.Insights(d.st.State))
	go func() { ended <- d.files.Watch(filesCtx, d.changed(ctx)) }()
	err := do(ctx)
	stop()
	return errors.Join(err, <-ended)
}

// run lets the engine work until the run has ended.
func (d *daemon) run(ctx context.Context) error {
	var writer sync.WaitGroup
	writerCtx, stopWriter := context.WithCancel(ctx)
	writer.Go(func() { d.writeState(writerCtx) })
	stopSignals := d.handleSignals(ctx)
	err := d.engine.Run(ctx, decide.EngineStart{
		PID: d.about.PID, Host: d.about.Host, Popkit: d.Version, Sandbox: d.about.Sandbox,
	})
	stopSignals()
	stopWriter()
	writer.Wait()
	if err != nil {
		return err
	}
	return d.finished(ctx)
}

// finished writes what outlives the run: the report, the last state.
func (d *daemon) finished(ctx context.Context) error {
	s := d.st.State
	status := view.Make(s, time.Now(), nil)
	err := os.WriteFile(d.Run.ReportPath(), []byte(view.Report(s)), 0o644)
	if s.Ended.Outcome == event.OutcomeDone {
		err = errors.Join(err, d.files.ClearState(ctx))
	} else {
		err = errors.Join(err, d.files.WriteState(status))
	}
	// All work is kept in the repository by now; a resumed run makes anew what it
	// needs.
	_, gcErr := d.work.GC(ctx, false)
	return errors.Join(err, gcErr, d.files.Flush(ctx))
}

// handleSignals turns signals into stops until the returned function is called.
func (d *daemon) handleSignals(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			select {
			case sig := <-d.Signals:
				in := decide.Stop{By: "signal " + sig.String(), Reason: "the engine was told to end", Now: n > 0}
				if err := d.engine.Submit(ctx, in, nil); err != nil {
					d.log.Warn("stop", "err", err)
				}
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}
