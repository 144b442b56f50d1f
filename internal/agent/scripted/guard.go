package scripted

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"popkit/internal/core/event"
)

// canary is a write that the guard denies in every configuration.
const canary = ".git/popkit-canary"

// ToolCall is a tool call that a script is about to make.
type ToolCall struct {
	Tool  string
	Input map[string]any
	ID    string // names the call
}

// Permission is the guard's answer.
type Permission struct {
	Allowed bool
	Said    string // for the agent: why not, or what else there is to say
}

type (
	// guarded is the step guard: from here on every tool call is put to the guard.
	guarded struct {
		Canary string `yaml:"canary"` // "" proves it; skip and ignore are for tests
	}
	// tool is a tool call: one that the guard is asked about when it has an input,
	// else some that are only reported.
	tool struct {
		Name   string         `yaml:"name"`
		Times  int            `yaml:"times"`
		On     string         `yaml:"on"` // what it is reported to be called on
		Input  map[string]any `yaml:"input"`
		Expect event.Verdict  `yaml:"expect"` // "" is allow
	}
)

func (s guarded) check() error {
	if !slices.Contains([]string{"", "skip", "ignore"}, s.Canary) {
		return fmt.Errorf("canary is %q: want skip or ignore, or leave it out", s.Canary)
	}
	return nil
}

// play of guard makes the hook prove itself, as one should. For tests: skip does
// not, and ignore does what it was told not to.
func (s guarded) play(p *player) error {
	if p.env.Tools == nil {
		return errNoPopkit
	}
	p.guarded = true
	if s.Canary == "skip" {
		return p.sayf("guard, without a canary")
	}
	call := ToolCall{Tool: "Write", Input: map[string]any{"file_path": canary, "content": "this must not be written\n"}}
	got, err := p.ask(call)
	if err != nil {
		return err
	}
	if got.Allowed {
		return errors.New("the canary was allowed: nothing guards this agent")
	}
	if s.Canary == "ignore" {
		if err := p.save(canary, []byte("this must not be written\n")); err != nil {
			return err
		}
		return p.sayf("guard: the canary is denied, and written")
	}
	return p.sayf("guard: the canary is denied")
}

// deeds are the tools that a script can make, and what they need.
var deeds = map[string][]string{
	"Write": {"file_path", "content"}, "Edit": {"file_path", "old_string", "new_string"}, "Read": {"file_path"}, "Bash": {"command"},
}

func (s tool) check() error {
	switch {
	case s.Name == "":
		return errors.New("name is missing")
	case s.Times < 0 || s.Times > 100_000:
		return fmt.Errorf("times is %d: want 1 to 100000", s.Times)
	case s.Input == nil && s.Expect != "":
		return errors.New("expect needs an input: without one the guard is not asked")
	case s.Input == nil:
		return nil
	case s.Times > 0:
		return errors.New("times is for calls without an input")
	case s.Expect != "" && s.Expect != event.VerdictAllow && s.Expect != event.VerdictDeny:
		return fmt.Errorf("expect is %q: want allow or deny", s.Expect)
	}
	needs, known := deeds[s.Name]
	if !known {
		return fmt.Errorf("%q with an input: a script can do Write, Edit, Read and Bash", s.Name)
	}
	for _, name := range needs {
		if _, ok := s.Input[name].(string); !ok {
			return fmt.Errorf("%s needs the text %s in its input", s.Name, name)
		}
	}
	return nil
}

func (s tool) play(p *player) error {
	if s.Input == nil {
		return s.report(p)
	}
	if p.env.Tools == nil {
		return errNoPopkit
	}
	p.guarded = true
	call := ToolCall{Tool: s.Name, Input: s.Input, ID: p.callID()}
	got, err := p.ask(call)
	if err != nil {
		return err
	}
	if got.Allowed != (s.Expect != event.VerdictDeny) {
		return fmt.Errorf("%s was %s: %s", s.Name, verdictWord(got), got.Said)
	}
	line := fmt.Sprintf("tool %s %s: %s", s.Name, s.subject(), verdictWord(got))
	if got.Said != "" {
		line += ": " + got.Said
	}
	if err := p.sayf("%s", line); err != nil || !got.Allowed {
		return err
	}
	if err := s.do(p); err != nil {
		return err
	}
	return p.called(s.Name, call.ID, s.subject())
}

func verdictWord(p Permission) string {
	if p.Allowed {
		return "allowed"
	}
	return "denied"
}

// report says of tool calls that they were made, and nothing more.
func (s tool) report(p *player) error {
	times := max(1, s.Times)
	if err := p.sayf("call tool %s, %d times", s.Name, times); err != nil {
		return err
	}
	for range times {
		if err := p.called(s.Name, "", s.On); err != nil {
			return err
		}
	}
	return nil
}

func (s tool) text(name string) string {
	text, _ := s.Input[name].(string) // what check has seen
	return text
}

func (s tool) subject() string {
	if c := s.text("command"); c != "" {
		first, _, _ := strings.Cut(c, "\n")
		return first
	}
	return s.text("file_path")
}

// do makes the call, as the tool of that name does: it goes wherever it is let.
func (s tool) do(p *player) error {
	path := s.text("file_path")
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.env.Workspace, path)
	}
	switch s.Name {
	case "Write":
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, []byte(s.text("content")), 0o644)
	case "Edit":
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if n := bytes.Count(data, []byte(s.text("old_string"))); n != 1 {
			return fmt.Errorf("%s has the old text %d times: want once", path, n)
		}
		return os.WriteFile(path, bytes.Replace(data, []byte(s.text("old_string")), []byte(s.text("new_string")), 1), 0o644)
	case "Read":
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return p.sayf("%s", strings.TrimSuffix(string(data), "\n"))
	}
	cmd := exec.CommandContext(p.ctx, "/bin/bash", "-c", s.text("command"))
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.env.Workspace, p.env.Environ, p.env.Out, p.env.Out
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) { // a tool that fails is no end of an agent
		return p.sayf("%s", exit.ProcessState)
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return err
}

// callID names the next call, as hosts of agents do.
func (p *player) callID() string {
	p.calls++
	return fmt.Sprintf("call-%d", p.calls)
}

// ask puts a call to the guard and waits for the answer.
func (p *player) ask(c ToolCall) (Permission, error) {
	if c.ID == "" {
		c.ID = p.callID()
	}
	return p.env.Tools.Judge(p.ctx, c)
}

// asTool is a plain step as the tool call that it stands for; false for one that
// is none.
func asTool(s step) (ToolCall, bool) {
	switch s := s.(type) {
	case write:
		return ToolCall{Tool: "Write", Input: map[string]any{"file_path": s.Path, "content": s.Content}}, true
	case edit:
		return ToolCall{Tool: "Edit", Input: map[string]any{"file_path": s.Path, "old_string": s.Old, "new_string": s.New}}, true
	case remove:
		return ToolCall{Tool: "Bash", Input: map[string]any{"command": "rm -r -- '" + strings.ReplaceAll(s.Path, "'", `'\''`) + "'"}}, true
	case run:
		return ToolCall{Tool: "Bash", Input: map[string]any{"command": s.Command}}, true
	}
	return ToolCall{}, false
}

// JSON is the input as hosts of agents write it.
func (c ToolCall) JSON() (json.RawMessage, error) { return json.Marshal(c.Input) }
