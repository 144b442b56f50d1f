package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"popkit/internal/core/decide"
	"popkit/internal/core/event"
	"popkit/internal/core/view"
	"popkit/internal/door"
	"popkit/internal/effects"
	"popkit/internal/engine"
	"popkit/internal/guard"
	"popkit/internal/proc"
	"popkit/internal/runs"
	"popkit/internal/server"
	"popkit/internal/statefile"
)

// justNow is how old a run may be that is removed when another one was faster.
const justNow = time.Minute

// open takes what the engine needs: the log's lock first, then the repository's.
// Nothing is appended before both are held.
func (d *daemon) open(ctx context.Context) error {
	isolation := make(chan string, 1)
	go func() { isolation <- proc.Isolation() }() // costs a process, found once
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
	unlock, err := d.lock(ctx)
	if err != nil {
		return errors.Join(err, d.discard(err))
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
	runtimes := make(chan string, 1)
	go func() { runtimes <- d.findRuntimes(ctx) }() // costs a process, as do the others
	held := make(chan finding, 1)
	go func() { held <- detect(d.env.cfg, d.env.root) }() // costs a process, too
	if d.work, err = openWork(ctx, d.Run, d.st.State, d.env, d.note); err != nil {
		<-held // it clears up behind itself
		<-runtimes
		return err
	}
	d.guard = guard.New(d.env.redactor)
	d.setRules(d.st.State)
	d.openNotify(ctx)
	d.files = statefile.New(d.Run.Place.Repo, d.Run.ID)
	done := effects.New(d.effects(ctx))
	d.later(done.Close)
	d.engine = engine.New(d.st, done, d.observe)
	d.about.Sandbox, d.about.Claude = <-isolation, <-runtimes
	if err := d.raise(<-held); err != nil {
		return err
	}
	if err := d.listen(ctx); err != nil {
		return err
	}
	d.later(unlock) // first of all, so that the next run need not wait
	return nil
}

// lock makes the run the repository's active one until the returned function is
// called, at the latest with the end of the daemon.
func (d *daemon) lock(ctx context.Context) (unlock func() error, err error) {
	dir, err := d.Run.SocketDir(os.Getenv("XDG_RUNTIME_DIR"))
	if err != nil {
		return nil, err
	}
	d.sockets = dir
	d.later(func() error { return os.RemoveAll(dir) })
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("this machine's name: %w", err)
	}
	d.about = view.Engine{
		PID: os.Getpid(), Host: host, Socket: runs.EngineSocket(dir), Since: time.Now().UTC(),
	}
	lock, err := acquire(ctx, d.Run.Place, runs.Holder{
		Run: d.Run.ID, PID: d.about.PID, Host: host, Socket: d.about.Socket, Since: d.about.Since,
	})
	if err != nil {
		return nil, err
	}
	unlock = sync.OnceValue(lock.Close)
	d.later(unlock)
	return unlock, nil
}

// discard removes a run that was made just now and never began because another
// one was faster: nothing is in it but its plan, and commands without a run's
// name would take it for the last one.
func (d *daemon) discard(why error) error {
	var busy *runs.BusyError
	s := d.st.State
	if !errors.As(why, &busy) || s.Engine.Epoch > 0 || time.Since(s.Time) > justNow {
		return nil
	}
	return os.RemoveAll(d.Run.Dir())
}

// begin makes an ended run go on, and notes what was repaired and why an earlier
// engine failed.
func (d *daemon) begin(ctx context.Context, repaired []string) error {
	var inputs []decide.Input
	if d.st.State.Ended != nil && !d.done() {
		inputs = append(inputs, decide.Resume{By: d.By})
	}
	for _, text := range repaired {
		inputs = append(inputs, decide.Note{Problem: event.Problem{Source: "log", Text: text}})
	}
	failure, err := d.Run.Failure()
	if err != nil {
		return err
	}
	if failure != nil && !d.done() {
		text := fmt.Sprintf("it failed at %s: %s", failure.Time.Format(time.RFC3339), failure.Text)
		inputs = append(inputs, decide.Note{Problem: event.Problem{Source: failure.Source, Text: text}})
	}
	results, err := d.st.Step(ctx, time.Now(), inputs...)
	for _, r := range results {
		err = errors.Join(err, r.Refused)
	}
	if err != nil {
		return err
	}
	return d.Run.ForgetFailure()
}

// listen opens the people's socket.
func (d *daemon) listen(ctx context.Context) error {
	d.server = server.New(ctx, d.engine, d.events, d.aboutNow)
	d.server.Admit(func(ctx context.Context, agent string, who server.Peer) error {
		return d.door.Admit(ctx, agent, door.Peer(who))
	})
	d.server.Guard(server.Guard{Judge: d.judge, Post: d.engine.Post})
	d.server.Redact(d.env.redactor.String)
	d.later(func() error { d.server.Close(); return nil })
	_, err := d.server.ListenPeople(d.about.Socket)
	return err
}
