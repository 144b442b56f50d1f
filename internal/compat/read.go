package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// result is what came of the cases on one version.
type result struct {
	version string
	cases   map[string]outcome
}

type outcome struct {
	passed  bool
	seconds float64
	why     string   // it failed, one line
	strays  []string // whom it called besides the model
}

func (r result) passed() int {
	n := 0
	for _, o := range r.cases {
		if o.passed {
			n++
		}
	}
	return n
}

// failed are the names of the cases that did not pass.
func (r result) failed() []string {
	var names []string
	for name, o := range r.cases {
		if !o.passed {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// event is a line of go test -json.
type event struct {
	Action, Test, Output string
	Elapsed              float64
}

// Prefixes of lines in a case's output.
const (
	tests = "TestClaudeCases/cases/"
	stray = "called elsewhere, refused: "
)

func read(version string, lines io.Reader) (result, error) {
	r := result{version: version, cases: map[string]outcome{}}
	dec := json.NewDecoder(lines)
	for {
		var e event
		if err := dec.Decode(&e); errors.Is(err, io.EOF) {
			return r, nil
		} else if err != nil {
			return r, fmt.Errorf("output of go test -json: %w", err)
		}
		name, ok := strings.CutPrefix(e.Test, tests)
		if !ok {
			continue
		}
		o := r.cases[name]
		switch e.Action {
		case "output":
			o.note(strings.TrimSpace(e.Output))
		case "pass", "fail":
			o.passed, o.seconds = e.Action == "pass", e.Elapsed
		}
		r.cases[name] = o
	}
}

func (o *outcome) note(line string) {
	if _, text, ok := strings.Cut(line, stray); ok && !slices.Contains(o.strays, text) {
		o.strays = append(o.strays, text)
	}
	if text, ok := strings.CutPrefix(line, "FAIL: "); ok && o.why == "" {
		_, o.why, _ = strings.Cut(text, ".txtar:")
	} else if strings.HasSuffix(o.why, "was not kept to:") {
		o.why += " " + line // the first of what was not kept to
	}
}

// abouts is the first comment of each case: what it shows.
func abouts(dir string) (map[string]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var words []string
		for line := range strings.Lines(string(data)) {
			text, ok := strings.CutPrefix(line, "#")
			if !ok {
				break
			}
			words = append(words, strings.TrimSpace(text))
		}
		out[strings.TrimSuffix(filepath.Base(file), ".txtar")] = strings.Join(words, " ")
	}
	return out, nil
}
