package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"golang.org/x/term"

	"popkit/internal/api"
	"popkit/internal/runs"
)

// Env is everything that a command takes from outside.
type Env struct {
	Host Host
	Streams
	Dir    string // where the command was typed
	Getenv func(string) string
	Now    func() time.Time
	// Interactive: standard input and standard error are a terminal, so a person
	// can be asked.
	Interactive bool
	// Live: standard output is a terminal whose lines can be drawn again.
	Live bool
	// Width is the terminal's, in columns; 0 where there is none.
	Width func() int
	// Dial returns the caller for an engine's socket.
	Dial func(socket string) api.Caller
	// Interrupts delivers each Ctrl-C until stop is called.
	Interrupts func() (c <-chan os.Signal, stop func())
	// Ready returns where the engine says that it is ready.
	Ready func() io.WriteCloser
	// Ended reports whether a process of this machine has ended.
	Ended func(pid int) bool
	// Demo is `popkit demo`.
	Demo func(ctx context.Context, s Streams, args []string) int

	// Args is what was typed, without the program's name; Main sets it.
	Args []string
}

// System is the Env of this process.
func System(h Host) (Env, error) {
	dir, err := os.Getwd()
	if err != nil {
		return Env{}, fmt.Errorf("find the current folder: %w", err)
	}
	out := int(os.Stdout.Fd())
	return Env{
		Host: h, Streams: Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, Dir: dir,
		Getenv: os.Getenv, Now: time.Now,
		Interactive: term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stderr.Fd())),
		Live:        term.IsTerminal(out) && os.Getenv("TERM") != "dumb",
		Width: func() int {
			if w, _, err := term.GetSize(out); err == nil {
				return w
			}
			return 0
		},
		Dial:  func(socket string) api.Caller { return api.Client{Path: socket} },
		Ready: readyPipe, Ended: ended,
		Interrupts: func() (<-chan os.Signal, func()) {
			c := make(chan os.Signal, 4)
			signal.Notify(c, os.Interrupt)
			return c, func() { signal.Stop(c) }
		},
	}, nil
}

// Repo is the repository around the folder where the command was typed.
func (e *Env) Repo(ctx context.Context) (RepoInfo, error) {
	info, err := e.Host.Repo(ctx, e.Dir)
	if err != nil {
		return RepoInfo{}, Environment(err)
	}
	return info, nil
}

// Place is where the repository's runs live.
func (e *Env) Place(ctx context.Context) (runs.Place, error) {
	info, err := e.Repo(ctx)
	return runs.Place{Repo: info.Top}, err
}

// Find returns the run that name means; "" is the active one, else the last.
func (e *Env) Find(ctx context.Context, name string) (runs.Run, error) {
	p, err := e.Place(ctx)
	if err != nil {
		return runs.Run{}, err
	}
	return p.Find(name)
}

// By is the name under which a person's orders are recorded.
func (e *Env) By(ctx context.Context) string {
	if info, err := e.Host.Repo(ctx, e.Dir); err == nil && info.User != "" {
		return info.User
	}
	for _, name := range []string{"USER", "LOGNAME"} {
		if v := e.Getenv(name); v != "" {
			return v
		}
	}
	return "a person"
}

// Say writes a line for the person to standard error.
func (e *Env) Say(format string, args ...any) {
	fmt.Fprintf(e.Err, format+"\n", args...)
}

// readyFile is the descriptor on which the engine says that it is ready.
const readyFile = 3

// readyPipe is the pipe that whoever started this process reads, or, when there
// is none, standard error.
func readyPipe() io.WriteCloser {
	f := os.NewFile(readyFile, "ready")
	if f == nil {
		return os.Stderr
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return stays{os.Stderr}
	}
	return f
}

// stays is a stream that is not closed.
type stays struct{ io.Writer }

func (stays) Close() error { return nil }
