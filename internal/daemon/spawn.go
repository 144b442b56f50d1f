package daemon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"popkit/internal/runs"
)

// Spawn begins or resumes a run in an engine process of its own, which outlives
// this one and its terminal, and returns once its socket answers.
func Spawn(ctx context.Context, run runs.Run, by string) (runs.Holder, error) {
	self, err := os.Executable()
	if err != nil {
		return runs.Holder{}, fmt.Errorf("find this program: %w", err)
	}
	logFile, err := os.OpenFile(run.EngineLog(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return runs.Holder{}, fmt.Errorf("the engine's log: %w", err)
	}
	defer logFile.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return runs.Holder{}, err
	}
	defer r.Close()
	cmd := exec.Command(self, "serve", "--repo", run.Place.Repo, "--run", run.ID, "--by", by)
	cmd.Dir = run.Place.Repo
	cmd.Stdout, cmd.Stderr = logFile, logFile
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	if err := errors.Join(err, w.Close()); err != nil {
		return runs.Holder{}, fmt.Errorf("start the engine: %w", err)
	}
	if err := awaitReady(ctx, r, run); err != nil {
		var exit *exec.ExitError // says less than the engine did
		if werr := cmd.Wait(); !errors.As(werr, &exit) {
			err = errors.Join(err, werr)
		}
		return runs.Holder{}, err
	}
	pid := cmd.Process.Pid
	if err := cmd.Process.Release(); err != nil {
		return runs.Holder{}, fmt.Errorf("let the engine go: %w", err)
	}
	holder, err := run.Holder()
	if err == nil && holder == nil {
		return ended(ctx, run, pid)
	}
	if err != nil {
		return runs.Holder{}, err
	}
	return *holder, nil
}

// DiscardLoser removes a run that was created but never had an engine, because
// another of the repository was begun at the same time: nothing ever happened in
// it. Any other run stays.
func DiscardLoser(ctx context.Context, run runs.Run) error {
	holder, err := run.Place.Active()
	if err != nil || holder == nil || holder.Run == run.ID {
		return err
	}
	s, err := run.Fold(ctx)
	if err != nil || s.Seq > 1 {
		return err
	}
	return os.RemoveAll(run.Dir())
}

// ended tells a run that came to its end at once from an engine that died.
func ended(ctx context.Context, run runs.Run, pid int) (runs.Holder, error) {
	s, err := run.Fold(ctx)
	if err != nil {
		return runs.Holder{}, err
	}
	if s.Ended == nil {
		return runs.Holder{}, fmt.Errorf("the engine ended at once (see %s)", run.EngineLog())
	}
	return runs.Holder{Run: run.ID, PID: pid}, nil
}

// awaitReady reads the engine's one line.
func awaitReady(ctx context.Context, r *os.File, run runs.Run) error {
	stop := context.AfterFunc(ctx, func() { r.Close() })
	defer stop()
	line, err := bufio.NewReader(r).ReadString('\n')
	line = strings.TrimSpace(line)
	switch {
	case line == "ready":
		return nil
	case strings.HasPrefix(line, "error: "):
		return errors.New(strings.TrimPrefix(line, "error: "))
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, io.EOF):
		return fmt.Errorf("the engine ended before it was ready (see %s)", run.EngineLog())
	}
	return fmt.Errorf("the engine did not say that it is ready: %q %w (see %s)", line, err, run.EngineLog())
}
