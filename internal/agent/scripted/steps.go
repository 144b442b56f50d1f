package scripted

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/goccy/go-yaml/ast"

	"popkit/internal/core/event"
)

// step is one thing that a script does.
type step interface {
	// check says what is wrong with it, before anything is played.
	check() error
	play(*player) error
}

type (
	say    struct{ text string }
	prompt struct {
		To string `yaml:"to"` // file for it, besides the transcript
	}
	write struct {
		Path       string `yaml:"path"`
		Content    string `yaml:"content"`
		Append     bool   `yaml:"append"`
		Executable bool   `yaml:"executable"`
	}
	edit struct {
		Path string `yaml:"path"`
		Old  string `yaml:"old"` // must be there exactly once
		New  string `yaml:"new"`
	}
	remove struct {
		Path string `yaml:"path"`
	}
	run struct {
		Command    string `yaml:"command"`
		ExpectExit int    `yaml:"expect_exit"`
	}
	insight struct {
		Type       string   `yaml:"type"`
		Text       string   `yaml:"text"`
		Tags       []string `yaml:"tags"`
		Confidence float64  `yaml:"confidence"`
	}
	insights struct {
		To string `yaml:"to"`
	}
	ask struct {
		Question string   `yaml:"question"`
		Options  []string `yaml:"options"`
		AnswerTo string   `yaml:"answer_to"`
	}
	checkIn struct {
		Progress *float64 `yaml:"progress"`
		Doing    string   `yaml:"doing"`
		Need     string   `yaml:"need"`
	}
	report struct {
		Status  event.ReportStatus `yaml:"status"`
		Summary string             `yaml:"summary"`
		NoCode  bool               `yaml:"no_code"`
		Until   string             `yaml:"until"` // status quota: how long from now
	}
	use struct {
		Input  int64   `yaml:"input"`
		Output int64   `yaml:"output"`
		Cost   float64 `yaml:"cost"`
	}
	sleep struct{ duration time.Duration }
	fail  struct {
		Exit int `yaml:"exit"`
	}
	hang struct {
		Say        string `yaml:"say"` // once it hangs
		IgnoreStop bool   `yaml:"ignore_stop"`
	}
	crash struct{}
	child struct {
		Name string `yaml:"name"`
	}
)

// kinds is the closed set of steps, by their names. The value is nil when the
// name stands alone.
var kinds = map[string]func(ast.Node) (step, error){
	"say":      func(n ast.Node) (step, error) { s, err := scalar(n); return checked(say{s}, err) },
	"prompt":   build(func(s string) prompt { return prompt{To: s} }),
	"write":    build[write](nil),
	"edit":     build[edit](nil),
	"delete":   build(func(s string) remove { return remove{Path: s} }),
	"run":      build(func(s string) run { return run{Command: s} }),
	"insight":  build(func(s string) insight { return insight{Text: s} }),
	"insights": build(func(s string) insights { return insights{To: s} }),
	"ask":      build(func(s string) ask { return ask{Question: s} }),
	"plan":     build(func(s string) plan { return plan{Text: s} }),
	"check_in": build(func(s string) checkIn { return checkIn{Doing: s} }),
	"report":   build(func(s string) report { return report{Status: event.ReportStatus(s)} }),
	"sleep":    sleepFor,
	"fail":     failWith,
	"hang":     build(func(s string) hang { return hang{Say: s} }),
	"crash":    build[crash](nil),
	"child":    build(func(s string) child { return child{Name: s} }),
	"use":      build[use](nil),
	"tool":     build(func(s string) tool { return tool{Name: s} }),
	"guard":    build(func(s string) guarded { return guarded{Canary: s} }),
}

// build makes a step of a mapping, of nothing or, where there is a short form,
// of a scalar.
func build[S step](short func(string) S) func(ast.Node) (step, error) {
	return func(n ast.Node) (step, error) {
		if s, ok := text(n); ok {
			if _, null := n.(*ast.NullNode); null {
				n = nil
			} else if short != nil {
				return checked(short(s), nil)
			}
		}
		s, err := fill[S](n)
		return checked(s, err)
	}
}

func checked[S step](s S, err error) (step, error) {
	if err == nil {
		err = s.check()
	}
	return s, err
}

func scalar(n ast.Node) (string, error) {
	s, ok := text(n)
	if !ok {
		return "", errors.New("want a text")
	}
	return s, nil
}

func sleepFor(n ast.Node) (step, error) {
	s, err := scalar(n)
	if err != nil {
		return nil, err
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return nil, fmt.Errorf("%q is no duration: want e.g. 200ms or 3s", s)
	}
	return sleep{d}, nil
}

func failWith(n ast.Node) (step, error) {
	s, ok := text(n)
	if _, null := n.(*ast.NullNode); n == nil || null {
		return fail{Exit: 1}, nil
	}
	if ok {
		code, err := strconv.Atoi(s)
		if err != nil {
			return nil, fmt.Errorf("%q is no exit status", s)
		}
		return checked(fail{Exit: code}, nil)
	}
	f, err := fill[fail](n)
	return checked(f, err)
}

func (s say) check() error { return nil }

func (s prompt) check() error {
	if s.To == "" {
		return nil
	}
	return inside(s.To)
}

func (s write) check() error  { return inside(s.Path) }
func (s remove) check() error { return inside(s.Path) }

func (s edit) check() error {
	if s.Old == "" {
		return errors.New("old is missing: the text to replace")
	}
	return inside(s.Path)
}

func (s run) check() error {
	if s.Command == "" {
		return errors.New("command is missing")
	}
	return exitStatus(s.ExpectExit)
}

func (s insight) check() error {
	if s.Text == "" {
		return errors.New("text is missing")
	}
	return fraction("confidence", s.Confidence)
}

func (s insights) check() error {
	if s.To == "" {
		return nil
	}
	return inside(s.To)
}

func (s ask) check() error {
	if s.Question == "" {
		return errors.New("question is missing")
	}
	if s.AnswerTo == "" {
		return nil
	}
	return inside(s.AnswerTo)
}

func (s checkIn) check() error {
	if s.Progress == nil {
		return nil
	}
	return fraction("progress", *s.Progress)
}

func (s report) check() error {
	known := []event.ReportStatus{event.ReportDone, event.ReportFailed, event.ReportBlocked, event.ReportQuota}
	if !slices.Contains(known, s.Status) {
		return fmt.Errorf("status is %q: want done, failed, blocked or quota", s.Status)
	}
	_, err := s.resetsAt(time.Time{})
	return err
}

// resetsAt is when the quota is filled up; zero where the script does not say.
func (s report) resetsAt(now time.Time) (time.Time, error) {
	if s.Until == "" {
		return time.Time{}, nil
	}
	d, err := time.ParseDuration(s.Until)
	if err != nil || d <= 0 {
		return time.Time{}, fmt.Errorf("until is %q: want e.g. 30s or 2h", s.Until)
	}
	return now.Add(d), nil
}

func (s use) check() error {
	u := event.Usage{InputTokens: s.Input, OutputTokens: s.Output, CostUSD: s.Cost}
	if u == (event.Usage{}) || !event.SaneUsage(u) {
		return errors.New("want input, output or cost, above 0")
	}
	return nil
}

func (s sleep) check() error { return nil }
func (s hang) check() error  { return nil }
func (s crash) check() error { return nil }
func (s child) check() error { return nil }

func (s fail) check() error {
	if s.Exit == 0 {
		return errors.New("exit 0 is no failure: end the steps instead")
	}
	return exitStatus(s.Exit)
}

func inside(path string) error {
	if path == "" {
		return errors.New("path is missing")
	}
	if !filepath.IsLocal(path) {
		return fmt.Errorf("path %q leads out of the workspace", path)
	}
	return nil
}

func fraction(name string, v float64) error {
	if !(v >= 0 && v <= 1) { // NaN too
		return fmt.Errorf("%s is %v: want 0 to 1", name, v)
	}
	return nil
}

func exitStatus(code int) error {
	if code < 0 || code > 255 {
		return fmt.Errorf("exit status %d: want 0 to 255", code)
	}
	return nil
}
