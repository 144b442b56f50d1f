package scripted

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"popkit/internal/core/event"
)

func (s say) play(p *player) error { return p.sayf("%s", strings.TrimSuffix(s.text, "\n")) }

func (s prompt) play(p *player) error {
	var text []byte
	if p.env.Prompt != nil {
		var err error
		if text, err = io.ReadAll(p.env.Prompt); err != nil {
			return err
		}
		p.env.Prompt = nil // it can be read once
	}
	if s.To != "" {
		if err := p.save(s.To, text); err != nil {
			return err
		}
	}
	return p.sayf("prompt: %s", bytes.TrimSuffix(text, []byte("\n")))
}

func (s write) play(p *player) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	verb := "write"
	if s.Append {
		flags = os.O_WRONLY | os.O_CREATE | os.O_APPEND
		verb = "append to"
	}
	if err := p.store(s.Path, []byte(s.Content), flags, s.Executable); err != nil {
		return err
	}
	return p.sayf("%s %s", verb, s.Path)
}

func (s edit) play(p *player) error {
	data, err := p.root.ReadFile(s.Path)
	if err != nil {
		return err
	}
	if n := bytes.Count(data, []byte(s.Old)); n != 1 {
		return fmt.Errorf("%s has the old text %d times: want once", s.Path, n)
	}
	data = bytes.Replace(data, []byte(s.Old), []byte(s.New), 1)
	if err := p.store(s.Path, data, os.O_WRONLY|os.O_TRUNC, false); err != nil {
		return err
	}
	return p.sayf("edit %s", s.Path)
}

func (s remove) play(p *player) error {
	if _, err := p.root.Lstat(s.Path); err != nil {
		return err // RemoveAll would say nothing
	}
	if err := p.root.RemoveAll(s.Path); err != nil {
		return err
	}
	return p.sayf("delete %s", s.Path)
}

func (p *player) save(path string, data []byte) error {
	return p.store(path, data, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, false)
}

func (p *player) store(path string, data []byte, flags int, executable bool) error {
	if err := p.root.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := p.root.OpenFile(path, flags, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil && executable {
		err = f.Chmod(0o755)
	}
	return errors.Join(err, f.Close())
}

func (s run) play(p *player) error {
	if err := p.sayf("$ %s", strings.TrimSuffix(s.Command, "\n")); err != nil {
		return err
	}
	cmd := exec.CommandContext(p.ctx, "/bin/sh", "-c", s.Command)
	cmd.Dir = p.env.Workspace
	cmd.Env = p.env.Environ
	cmd.Stdout, cmd.Stderr = p.env.Out, p.env.Out
	// What the command leaves behind may hold its output open; not for longer.
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return err
	}
	if code := cmd.ProcessState.ExitCode(); code != s.ExpectExit {
		return fmt.Errorf("%s: want exit status %d", cmd.ProcessState, s.ExpectExit)
	}
	return nil
}

func (s insight) play(p *player) error {
	if p.env.Insights == nil {
		return errNoPopkit
	}
	kind := cmp.Or(s.Type, event.InsightDiscovery)
	err := p.env.Insights.ShareInsight(p.ctx, event.InsightShared{
		Kind: kind, Content: s.Text, Tags: s.Tags, Confidence: s.Confidence,
	})
	if err != nil {
		return err
	}
	return p.sayf("share %s: %s", kind, s.Text)
}

func (s insights) play(p *player) error {
	if p.env.Insights == nil {
		return errNoPopkit
	}
	list, err := p.env.Insights.ListInsights(p.ctx)
	if err != nil {
		return err
	}
	var out strings.Builder
	for _, i := range list {
		fmt.Fprintf(&out, "%s from %s: %s\n", i.Kind, i.Agent, i.Content)
	}
	if s.To != "" {
		if err := p.save(s.To, []byte(out.String())); err != nil {
			return err
		}
	}
	if err := p.sayf("insights for me: %d", len(list)); err != nil {
		return err
	}
	_, err = io.WriteString(p.env.Out, out.String())
	return err
}

func (s ask) play(p *player) error {
	if p.env.Voice == nil {
		return errNoPopkit
	}
	if err := p.sayf("ask: %s", s.Question); err != nil {
		return err
	}
	answer, err := p.env.Voice.Ask(p.ctx, event.QuestionAsked{Kind: event.AskAgent, Text: s.Question, Options: s.Options})
	if err != nil {
		return err
	}
	if s.AnswerTo != "" {
		if err := p.save(s.AnswerTo, []byte(answer+"\n")); err != nil {
			return err
		}
	}
	return p.sayf("answer: %s", answer)
}

func (s checkIn) play(p *player) error {
	if p.env.Voice == nil {
		return errNoPopkit
	}
	if err := p.sayf("check in: %s", s.Doing); err != nil {
		return err
	}
	told, err := p.env.Voice.CheckIn(p.ctx, event.CheckedIn{Progress: s.Progress, Doing: s.Doing, Need: s.Need})
	if err != nil {
		return err
	}
	return p.told(told)
}

func (s report) play(p *player) error {
	if p.env.Voice == nil {
		return errNoPopkit
	}
	until, err := s.resetsAt(time.Now())
	if err != nil {
		return err
	}
	err = p.env.Voice.Report(p.ctx, event.Report{Status: s.Status, Summary: s.Summary, NoCode: s.NoCode, ResetsAt: until})
	if err != nil {
		return err
	}
	return p.sayf("report %s: %s", s.Status, s.Summary)
}

func (s use) play(p *player) error {
	if p.env.Meter == nil {
		return errNoPopkit
	}
	if err := p.env.Meter.Use(p.ctx, event.Usage{InputTokens: s.Input, OutputTokens: s.Output, CostUSD: s.Cost}); err != nil {
		return err
	}
	return p.sayf("use %d tokens, $%.2f", s.Input+s.Output, s.Cost)
}

func (s sleep) play(p *player) error {
	timer := time.NewTimer(s.duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

func (s fail) play(p *player) error {
	if err := p.sayf("fail with exit status %d", s.Exit); err != nil {
		return err
	}
	return exitError(s.Exit)
}

// play of hang ends with the context, or with the process.
func (s hang) play(p *player) error {
	if s.IgnoreStop {
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	}
	if err := p.sayf("%s", cmp.Or(s.Say, "hang")); err != nil {
		return err
	}
	// The timer only shows the Go runtime that this is no deadlock.
	timer := time.NewTicker(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-p.ctx.Done():
			return p.ctx.Err()
		}
	}
}

func (s crash) play(p *player) error {
	if err := p.sayf("crash"); err != nil {
		return err
	}
	return syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

// play of child leaves a process behind that does all it can to get away: a
// session of its own, no environment, no parent.
func (s child) play(p *player) error {
	name := cmp.Or(s.Name, "popkit-child")
	cmd := exec.Command("/bin/sh", "-c", "while :; do /bin/sleep 3600; done", name)
	cmd.Env = []string{}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := cmd.Process.Release(); err != nil {
		return err
	}
	return p.sayf("leave child %s", name)
}
