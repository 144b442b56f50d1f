package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// tapArg makes this program stand between popkit and a Claude Code CLI, and note when
// which line passed: what a folder for its notes, the CLI and its arguments follow.
const tapArg = "__tap"

// tapped is what a tap has to say of its CLI when that has ended.
type tapped struct {
	Passed []passed
	CLI    time.Duration // processor time of the CLI and of all that it started
	Own    time.Duration // … of the tap
}

// passed is a line that went by.
type passed struct {
	At   time.Time
	In   bool   // to the CLI
	Kind string // of a request: its hook, or its tool; "" is an answer
	ID   string // of the request
}

// tapMain runs the CLI and returns its exit status.
func tapMain(dir, cli string, args []string) int {
	cmd := exec.Command(cli, args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return tapFailed(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return tapFailed(err)
	}
	if err := cmd.Start(); err != nil {
		return tapFailed(err)
	}
	var t tapped
	var mu sync.Mutex
	pass := func(from io.Reader, to io.Writer, into bool) {
		for r := bufio.NewReaderSize(from, 1<<20); ; {
			line, err := r.ReadBytes('\n')
			p, known := look(line)
			p.At, p.In = time.Now(), into
			if _, werr := to.Write(line); err != nil || werr != nil {
				return
			}
			if known {
				mu.Lock()
				t.Passed = append(t.Passed, p)
				mu.Unlock()
			}
		}
	}
	go func() {
		pass(os.Stdin, in, true)
		in.Close()
	}()
	pass(out, os.Stdout, false)
	err = cmd.Wait()
	mu.Lock()
	defer mu.Unlock()
	t.CLI = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		return tapFailed(err)
	}
	t.Own = time.Duration(own.Utime.Nano() + own.Stime.Nano())
	raw, merr := json.Marshal(t)
	if err := errors.Join(merr, os.WriteFile(filepath.Join(dir, fmt.Sprint(time.Now().UnixNano())), raw, 0o600)); err != nil {
		return tapFailed(err)
	}
	if err != nil {
		return max(1, cmd.ProcessState.ExitCode())
	}
	return 0
}

func tapFailed(err error) int {
	fmt.Fprintln(os.Stderr, "tap:", err)
	return 1
}

// look tells a request of the CLI and the answer to one.
func look(line []byte) (passed, bool) {
	var m struct {
		Type      string `json:"type"`
		RequestID string `json:"request_id"`
		Request   struct {
			Subtype    string `json:"subtype"`
			CallbackID string `json:"callback_id"`
			Message    struct {
				Params struct {
					Name string `json:"name"`
				} `json:"params"`
			} `json:"message"`
		} `json:"request"`
		Response struct {
			RequestID string `json:"request_id"`
		} `json:"response"`
	}
	if json.Unmarshal(line, &m) != nil {
		return passed{}, false
	}
	switch m.Type {
	case "control_request":
		kind := m.Request.Subtype
		switch kind {
		case "hook_callback":
			kind = m.Request.CallbackID
		case "mcp_message":
			kind = m.Request.Message.Params.Name
		}
		return passed{Kind: kind, ID: m.RequestID}, true
	case "control_response":
		return passed{ID: m.Response.RequestID}, true
	}
	return passed{}, false
}

// taps reads what the taps of a folder have noted, each in order of time.
func taps(tb testing.TB, dir string) []tapped {
	tb.Helper()
	files, err := os.ReadDir(dir)
	must(tb, err)
	var out []tapped
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(dir, f.Name()))
		must(tb, err)
		var t tapped
		must(tb, json.Unmarshal(raw, &t))
		if t.times("popkit-pre") == nil { // it was asked for its version
			continue
		}
		slices.SortFunc(t.Passed, func(a, b passed) int { return a.At.Compare(b.At) })
		out = append(out, t)
	}
	return out
}

// times are when requests of that kind went to popkit.
func (t tapped) times(kind string) []passed {
	var out []passed
	for _, p := range t.Passed {
		if !p.In && p.Kind == kind {
			out = append(out, p)
		}
	}
	return out
}

// answered is how long popkit took for requests of that kind, in milliseconds.
func (t tapped) answered(kind string) []float64 {
	var out []float64
	for _, asked := range t.times(kind) {
		for _, p := range t.Passed {
			if p.In && p.ID == asked.ID && p.Kind == "" {
				out = append(out, millis(p.At.Sub(asked.At)))
				break
			}
		}
	}
	return out
}

// tap writes a program claude that is the CLI with a tap, and returns its folder and
// that of the taps' notes.
func (w *world) tap(cli string) (bin, notes string) {
	w.tb.Helper()
	self, err := os.Executable()
	must(w.tb, err)
	dir := w.tb.TempDir()
	bin, notes = filepath.Join(dir, "bin"), filepath.Join(dir, "notes")
	must(w.tb, os.Mkdir(bin, 0o755))
	must(w.tb, os.Mkdir(notes, 0o755))
	script := fmt.Sprintf("#!/bin/sh\nexec %s %s %s %s \"$@\"\n", self, tapArg, notes, cli)
	must(w.tb, os.WriteFile(filepath.Join(bin, "claude"), []byte(script), 0o755))
	return bin, notes
}

// TestLook: the lines that a tap takes the time of.
func TestLook(t *testing.T) {
	for line, want := range map[string]string{
		`{"type":"control_request","request_id":"7","request":{"subtype":"hook_callback","callback_id":"popkit-pre"}}`:                  "popkit-pre 7",
		`{"type":"control_request","request_id":"8","request":{"subtype":"mcp_message","message":{"params":{"name":"share_insight"}}}}`: "share_insight 8",
		`{"type":"control_response","response":{"request_id":"7"}}`:                                                                     " 7",
		`{"type":"assistant"}`: "",
		`no JSON`:              "",
	} {
		p, known := look([]byte(line + "\n"))
		if got := p.Kind + " " + p.ID; known != (want != "") || known && got != want {
			t.Errorf("%s: %q, %v", strings.TrimSpace(line), got, known)
		}
	}
}
