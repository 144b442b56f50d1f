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

	"popkit/internal/core/account"
	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/policy"
	"popkit/internal/core/view"
	"popkit/internal/door"
	"popkit/internal/engine"
	"popkit/internal/eventlog/filelog"
	"popkit/internal/guard"
	"popkit/internal/notify"
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
	d := &daemon{ServeOptions: o, log: slog.New(slog.NewTextHandler(o.Log, nil)), news: make(chan struct{}, 1), door: door.New()}
	err := d.open(ctx)
	if err != nil {
		d.tellReady(err)
		return "", errors.Join(err, d.close())
	}
	if d.done() { // an engine was killed before it came to that
		d.tellReady(nil)
		err = d.watched(ctx, d.tooLate, d.finished)
	} else {
		err = d.watched(ctx, d.changed(ctx), d.start)
	}
	outcome := event.Outcome("")
	if err == nil && d.st.State.Ended != nil {
		outcome = d.st.State.Ended.Outcome
	}
	return outcome, errors.Join(err, d.close())
}

// daemon is one engine process's things.
type daemon struct {
	ServeOptions
	log *slog.Logger

	events *filelog.Log
	st     *engine.Stepper
	engine *engine.Engine
	server *server.Server
	door   *door.Door
	guard  *guard.Guard
	spec   *policy.Spec // what it judges by
	// notifier tells people of questions; nil: nobody is to be told.
	notifier *notify.Notifier
	files    *statefile.Files
	work     *workspace.Run
	env      *environment
	claude   claude
	sockets  string
	about    view.Engine
	over     bool           // the run has ended, and its last words are written
	news     chan struct{}  // holds one token while power-state.json is behind
	closers  []func() error // given back in the other order

	mu    sync.Mutex     // guards begun and early
	begun bool           // the engine takes inputs
	early []decide.Input // notes from before that
	notes sync.WaitGroup // those that are being handed in
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

// done reports whether the run has come to its end and can't go on.
func (d *daemon) done() bool {
	return d.st.State.Ended != nil && d.st.State.Ended.Outcome == event.OutcomeDone
}

// watched does something while the state files are kept.
func (d *daemon) watched(ctx context.Context, notify func(statefile.Change), do func(context.Context) error) error {
	filesCtx, stop := context.WithCancel(context.WithoutCancel(ctx)) // to the last word, also of a failure
	ended := make(chan error, 1)
	d.files.WriteInsights(view.Insights(d.st.State))
	go func() { ended <- d.files.Watch(filesCtx, notify) }()
	err := do(ctx)
	if err != nil {
		err = errors.Join(err, d.failed(ctx, err))
	}
	stop()
	if d.over { // while the kernel ends the watch, which takes it longer
		err = errors.Join(err, d.sweep(ctx))
	}
	return errors.Join(err, <-ended)
}

// sweep removes the run's places. All work is kept in the repository by now; a
// resumed run makes anew what it needs.
func (d *daemon) sweep(ctx context.Context) error {
	_, err := d.work.GC(ctx, false)
	if err != nil {
		err = errors.Join(err, d.Run.NoteFailure(time.Now().UTC(), err.Error()))
	}
	return err
}

// start runs the engine, and says that it is ready once power-state.json is there:
// who started the run may remove the file at once.
func (d *daemon) start(ctx context.Context) error {
	about := d.about
	if err := d.files.WriteState(view.Make(d.st.State, time.Now(), &about)); err != nil {
		d.log.Error("power-state.json", "err", err)
	}
	var told sync.WaitGroup
	// Beside the engine: what the watch finds in the files it hands in to it.
	told.Go(func() {
		if err := d.files.Flush(ctx); err != nil { // a problem of the run by itself
			d.log.Warn("power-state.json", "err", err)
		}
		d.tellReady(nil)
	})
	err := d.run(ctx)
	told.Wait()
	return err
}

// run lets the engine work until the run has ended.
func (d *daemon) run(ctx context.Context) error {
	var writer sync.WaitGroup
	writerCtx, stopWriter := context.WithCancel(ctx)
	writer.Go(func() { d.writeState(writerCtx) })
	stopSignals := d.handleSignals(ctx)
	err := d.engine.Run(ctx, decide.EngineStart{
		PID: d.about.PID, Host: d.about.Host, Popkit: d.Version, Sandbox: d.about.Sandbox,
	}, d.beginNotes()...)
	d.endNotes()
	stopSignals()
	if err == nil {
		err = d.closeNotify(ctx)
	}
	stopWriter()
	writer.Wait()
	if err != nil {
		return err
	}
	return d.finished(ctx)
}

// failed says why the engine failed, wherever somebody may look: its log, the
// state file, and the run's folder, from where the next engine notes it. The
// state in memory may be ahead of the log: what is shown is the log's.
func (d *daemon) failed(ctx context.Context, cause error) error {
	d.log.Error("the engine failed", "err", cause)
	at := time.Now().UTC()
	err := d.Run.NoteFailure(at, cause.Error())
	s, foldErr := d.Run.Fold(context.WithoutCancel(ctx))
	if foldErr != nil {
		return errors.Join(err, foldErr)
	}
	status := view.Make(s, at, nil)
	status.Errors = append(status.Errors, view.Error{Time: at, Source: "engine", Text: cause.Error()})
	return errors.Join(err, d.files.WriteState(status))
}

// finished writes what outlives the run: the report, the last state.
func (d *daemon) finished(ctx context.Context) error {
	s := d.st.State
	status := view.Make(s, time.Now(), nil)
	err := d.report(ctx)
	if s.Ended.Outcome == event.OutcomeDone {
		err = errors.Join(err, d.files.ClearState(ctx))
	} else {
		err = errors.Join(err, d.files.WriteState(status))
	}
	d.over = true
	return errors.Join(err, d.files.Flush(ctx))
}

// report writes the report on the run, of its log: what only a report needs is not in
// the engine's state.
func (d *daemon) report(ctx context.Context) error {
	log, err := d.Run.Open()
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	defer log.Close() // it was only read
	book := account.New()
	for e, err := range log.Read(context.WithoutCancel(ctx), 1) {
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		if err := book.Add(e); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	return os.WriteFile(d.Run.ReportPath(), []byte(book.Report(time.Now(), nil).Markdown()), 0o644)
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
