package power

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"popkit/internal/api"
	"popkit/internal/cli/command"
	"popkit/internal/cli/watching"
	"popkit/internal/core/event"
	"popkit/internal/core/view"
	"popkit/internal/runs"
	"popkit/internal/show"
)

type attachOptions struct {
	Run  string
	JSON bool
	Full bool // of an agent: what is long, too
}

func newAttach(e *command.Env) *cobra.Command {
	var o attachOptions
	cmd := &cobra.Command{
		Use:   "attach [RUN|AGENT]",
		Short: "Watch a run and answer its questions, or one of its agents",
		Long: `Watch the active run until it ends, and exit with its outcome's code.

On a terminal each agent has a line, and questions can be answered right there:
type the answer, or "q-1 answer" when several are open. Ctrl-C once stops the run
(agents finish their tool call, work is kept), twice ends it at once. Closing the
terminal only detaches.

With an agent's name it shows what that agent says and does, from its beginning on
and until it ends, as popkit power transcript --follow does; Ctrl-C only detaches.`,
		Example:           "  popkit power attach\n  popkit power attach implementer-1",
		Args:              command.Takes(0, 1),
		ValidArgsFunction: completeWatched(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			what := command.First(args)
			// Agents have a number at their end: implementer-1. No run's name has that.
			if strings.Contains(what, "-") {
				return watching.Show(cmd.Context(), e, watching.Options{Run: o.Run, Agent: what, Follow: true, JSON: o.JSON, Full: o.Full})
			}
			if what != "" {
				o.Run = what
			}
			return runAttach(cmd.Context(), e, o)
		},
	}
	command.RunFlag(e, cmd, &o.Run)
	watching.FullFlag(cmd, &o.Full)
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

// completeWatched completes an agent or a run.
func completeWatched(e *command.Env) cobra.CompletionFunc {
	agents, all := command.CompleteAgents(e), command.CompleteRuns(e)
	return func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		out, d := agents(cmd, args, word)
		more, _ := all(cmd, args, word)
		return append(out, more...), d
	}
}

func runAttach(ctx context.Context, e *command.Env, o attachOptions) error {
	r, err := e.Find(ctx, o.Run)
	if err != nil {
		return err
	}
	h, err := r.Holder()
	if err != nil {
		return err
	}
	if h == nil {
		return ended(ctx, e, r, o.JSON)
	}
	last, err := attend(ctx, e, r, *h, attending{from: fromNow, quiet: o.JSON})
	if err != nil {
		return err
	}
	if o.JSON {
		if err := e.PrintJSON(last); err != nil {
			return err
		}
	}
	return command.OfOutcome(last.State)
}

// ended shows how a run ended that is over already: who comes a moment too late is
// told the same as who was there.
func ended(ctx context.Context, e *command.Env, r runs.Run, json bool) error {
	s, err := r.Fold(ctx)
	if err != nil {
		return command.Environment(err)
	}
	v := view.Make(s, e.Now(), nil)
	if v.State == "interrupted" {
		return command.Failed("popkit power resume "+r.ID, "no engine runs run %s", r.ID)
	}
	if json {
		err = e.PrintJSON(v)
	} else {
		err = e.Print(show.Summary(v, s.Published))
	}
	if err != nil {
		return err
	}
	return command.OfOutcome(v.State)
}

// attending says how a run is watched.
type attending struct {
	from  int64 // news after this event are shown
	quiet bool  // standard output is left to the caller
}

// fromNow shows what happens from now on.
const fromNow = -1

// attend watches the run until its engine ends, and returns its last status.
func attend(ctx context.Context, e *command.Env, r runs.Run, h runs.Holder, a attending) (view.Status, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	interrupts, stop := e.Interrupts()
	defer stop()
	w := &watcher{env: e, run: r, caller: e.Dial(h.Socket), by: e.By(ctx), seen: a.from, asked: map[string]bool{}}
	w.screen = screen{out: e.Out, ask: e.Err, live: e.Live && !a.quiet, width: e.Width}
	if a.quiet {
		w.screen.out = e.Err
	}
	err := w.watch(ctx, interrupts)
	w.screen.clear()
	if err != nil && !errors.Is(err, errEngineGone) {
		return view.Status{}, err
	}
	if err := e.Gone(ctx, h); err != nil {
		return view.Status{}, err
	}
	// The log has the last word, also when the engine was killed.
	s, foldErr := r.Fold(ctx)
	if foldErr != nil {
		return view.Status{}, command.Environment(foldErr)
	}
	last := view.Make(s, e.Now(), nil)
	if err := w.rest(ctx, last); err != nil {
		return view.Status{}, err
	}
	w.screen.permanent(show.Summary(last, s.Published))
	if last.State == "interrupted" {
		return last, command.Fail(command.ExitEnvironment, "popkit power resume "+r.ID, "the engine of run %s died (%s)", r.ID, r.EngineLog())
	}
	return last, nil
}

// errEngineGone ends a watch whose engine went away without a word.
var errEngineGone = errors.New("the engine is gone")

// watcher is one attached terminal. All its fields belong to the goroutine that
// called watch; the others hand values over.
type watcher struct {
	env        *command.Env
	run        runs.Run
	caller     api.Caller
	by         string
	screen     screen
	last       view.Status
	seen       int64           // the last event that was shown or passed over
	asked      map[string]bool // questions shown
	interrupts int
}

// news is one line of the stream, or its end.
type news struct {
	progress api.Progress
	err      error // io.EOF when the run ended
}

func (w *watcher) watch(ctx context.Context, interrupts <-chan os.Signal) error {
	stream := make(chan news)
	go w.stream(ctx, stream)
	var answers <-chan string
	if w.env.Interactive {
		answers = lines(ctx, w.env.In)
	}
	tick := w.screen.ticks()
	defer tick.Stop()
	for {
		select {
		case n := <-stream:
			if errors.Is(n.err, io.EOF) {
				return nil
			}
			if n.err != nil {
				return n.err
			}
			if err := w.progress(ctx, n.progress); err != nil {
				return err
			}
		case line, ok := <-answers:
			if !ok {
				answers = nil // standard input ended: nobody answers here any more
				break
			}
			w.answer(ctx, line)
		case <-interrupts:
			if err := w.interrupt(ctx); err != nil {
				return err
			}
		case <-tick.C:
			w.draw()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// stream hands over what the engine tells until it ends.
func (w *watcher) stream(ctx context.Context, to chan<- news) {
	send := func(n news) bool {
		select {
		case to <- n:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for raw, err := range w.caller.Stream(ctx, api.OpAttend, api.AttendArgs{CanAnswer: w.env.Interactive}) {
		var n news
		var call *api.Error
		switch {
		case errors.As(err, &call) && call.Kind != api.KindEnded:
			n.err = err
		case err != nil:
			n.err = errEngineGone
		default:
			if err := json.Unmarshal(raw, &n.progress); err != nil {
				n.err = fmt.Errorf("the engine's answer: %w", err)
			}
		}
		if !send(n) || n.err != nil {
			return
		}
	}
	send(news{err: io.EOF})
}

func (w *watcher) progress(ctx context.Context, p api.Progress) error {
	w.last = p.Status
	if w.seen == fromNow {
		w.seen = p.Status.Seq
	}
	events, err := w.unseen(ctx, p)
	if err != nil {
		return err
	}
	for _, ev := range events {
		w.event(ev)
	}
	for _, d := range p.Status.Decisions {
		if !w.asked[d.ID] {
			w.asked[d.ID] = true
			w.screen.permanent(show.Decision(d))
		}
	}
	w.draw()
	return nil
}

// unseen returns the events up to the status that were not shown yet: those
// that came with it, or, where some are missing, the log's.
func (w *watcher) unseen(ctx context.Context, p api.Progress) (out []event.Event, err error) {
	if p.Status.Seq <= w.seen {
		return nil, nil
	}
	from := w.seen + 1
	w.seen = p.Status.Seq
	if len(p.Events) > 0 && p.Events[0].Seq <= from {
		for _, line := range p.Events {
			ev, err := line.Decode()
			if err != nil {
				return nil, err
			}
			if ev.Seq >= from {
				out = append(out, ev)
			}
		}
		return out, nil
	}
	log, err := w.run.Open()
	if err != nil {
		return nil, command.Environment(err)
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	for ev, err := range log.Read(ctx, from) {
		if err != nil {
			return nil, command.Environment(err)
		}
		if ev.Seq > p.Status.Seq {
			break
		}
		out = append(out, ev)
	}
	return out, nil
}

// rest shows what the engine had no time to tell.
func (w *watcher) rest(ctx context.Context, last view.Status) error {
	if w.seen == fromNow {
		return nil
	}
	events, err := w.unseen(ctx, api.Progress{Status: last})
	for _, ev := range events {
		w.event(ev)
	}
	return err
}

// event shows one that is news. A question is shown whole elsewhere.
func (w *watcher) event(ev event.Event) {
	if _, question := ev.Data.(event.QuestionAsked); question || !show.Notable(ev.Data) {
		return
	}
	if w.screen.live && !show.Lasting(ev.Data) {
		return
	}
	w.screen.permanent(show.PlainEvent(ev) + "\n")
}

// draw shows the block. While a question is open on a terminal the block stands
// still, so that an answer can be typed below it.
func (w *watcher) draw() {
	if w.last.Run == "" {
		return
	}
	if w.env.Interactive && len(w.last.Decisions) > 0 {
		w.screen.prompt(w.last.Decisions)
		return
	}
	w.screen.draw(w.last, w.env.Now())
}

// stopWithin bounds how long an engine may take to hear of a stop.
const stopWithin = 5 * time.Second

// interrupt takes a Ctrl-C: the first stops the run, the second at once, the
// third leaves it to its engine.
func (w *watcher) interrupt(ctx context.Context) error {
	w.interrupts++
	w.screen.clear()
	switch w.interrupts {
	case 1:
		w.env.Say("stopping: agents finish their tool call, work is kept (Ctrl-C again ends them at once)")
	case 2:
		w.env.Say("ending at once; work is kept (Ctrl-C again leaves the engine alone)")
	default:
		w.env.Say("detached from run %s (popkit power status)", w.run.ID)
		return command.Outcome(interrupted)
	}
	ctx, cancel := context.WithTimeout(ctx, stopWithin)
	defer cancel()
	args := api.StopArgs{By: w.by, Reason: "Ctrl-C", Now: w.interrupts > 1}
	if err := w.caller.Call(ctx, api.OpStop, args, nil); err != nil && !command.Ending(err) {
		w.env.Say("popkit: the engine did not hear of it: %v", err)
	}
	return nil
}

// interrupted is the shell's exit code for a command that Ctrl-C ended.
const interrupted = 130

// ticks are the moments at which a live block is drawn again although nothing
// happened: times go on. Without a live block there are none.
func (s *screen) ticks() *time.Ticker {
	t := time.NewTicker(time.Second)
	if !s.live {
		t.Stop()
	}
	return t
}
