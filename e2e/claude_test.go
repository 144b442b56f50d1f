package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"popkit/internal/claudetest"
	"popkit/internal/scriptmodel"
)

// claudeVariables are the names of the variables by which the CLI finds its model.
var claudeVariables = names(claudetest.Variables("")) //nolint:gochecknoglobals // a table

func names(environ []string) []string {
	out := make([]string, len(environ))
	for i, entry := range environ {
		out[i], _, _ = strings.Cut(entry, "=")
	}
	return out
}

// TestClaudeCases drives popkit with the real Claude Code CLI and a scripted model: one
// file in testdata/claude is one case. A CLI takes one and a half seconds of a
// processor to start, so one case runs at a time.
func TestClaudeCases(t *testing.T) {
	version := os.Getenv("POPKIT_TEST_CLAUDE")
	if version == "" {
		version = claudetest.Pinned
	}
	cli, err := claudetest.Install(t.Context(), version)
	if err != nil {
		t.Fatal(err)
	}
	times := &stopwatch{}
	t.Run("cases", func(t *testing.T) {
		testscript.RunT(serial{t}, testscript.Params{
			Dir: filepath.Join("testdata", "claude"),
			Setup: func(env *testscript.Env) error {
				began := time.Now()
				env.Defer(func() { times.add(filepath.Base(env.WorkDir), time.Since(began)) })
				return setupClaude(env, cli)
			},
			RequireUniqueNames:  true,
			RequireExplicitExec: true,
			Cmds: map[string]func(*testscript.TestScript, bool, []string){
				"repo": repo, "popkit": popkit, "ends": ends, "until": until, "model": newModels(version).command,
				"clis": clis, "processes": counted,
			},
		})
	})
	fmt.Printf("cases on Claude Code %s, seconds:\n%s", cli.Version, times)
}

// serial runs scripts one after the other.
type serial struct{ *testing.T }

func (serial) Parallel()     {}
func (serial) Verbose() bool { return testing.Verbose() }

func (s serial) Run(name string, script func(testscript.T)) {
	s.T.Run(name, func(t *testing.T) { script(serial{t}) })
}

// setupClaude is setup with a CLI that is found.
func setupClaude(env *testscript.Env, cli claudetest.CLI) error {
	if err := setup(env); err != nil {
		return err
	}
	env.Setenv("CLI_FOLDER", filepath.Dir(filepath.Dir(cli.Bin)))
	env.Setenv("PATH", strings.Join([]string{binaries, cli.Bin, os.Getenv("PATH")}, string(filepath.ListSeparator)))
	return nil
}

// stopwatch is how long each case took.
type stopwatch struct {
	mu    sync.Mutex
	lines []string
	total time.Duration
}

func (s *stopwatch) add(name string, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, fmt.Sprintf("  %-24s %5.1f\n", strings.TrimPrefix(name, "script-"), d.Seconds()))
	s.total += d
}

func (s *stopwatch) String() string {
	slices.Sort(s.lines)
	return strings.Join(s.lines, "") + fmt.Sprintf("  %-24s %5.1f\n", "all", s.total.Seconds())
}

// models are the servers of the scripts that are running.
type models struct {
	version string
	mu      sync.Mutex
	running map[*testscript.TestScript]*scriptmodel.Server
}

func newModels(version string) *models {
	return &models{version: version, running: map[*testscript.TestScript]*scriptmodel.Server{}}
}

// command is what a script says to its model.
func (m *models) command(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: model start FILE | wait RULE.STEP [TIMES] | check | log")
	}
	if args[0] == "start" && len(args) == 2 {
		m.start(ts, args[1])
		return
	}
	m.mu.Lock()
	srv := m.running[ts]
	m.mu.Unlock()
	switch {
	case srv == nil:
		ts.Fatalf("no model is running: model start FILE")
	case args[0] == "check" && len(args) == 1:
		m.check(ts, srv)
	case args[0] == "log" && len(args) == 1:
		fmt.Fprint(ts.Stdout(), srv.Log())
	case args[0] == "wait" && (len(args) == 2 || len(args) == 3):
		wait(ts, srv, args[1:])
	default:
		ts.Fatalf("unknown: model %s", strings.Join(args, " "))
	}
}

func (m *models) start(ts *testscript.TestScript, file string) {
	script, err := scriptmodel.Parse(file, []byte(ts.ReadFile(file)))
	ts.Check(err)
	srv, err := scriptmodel.Start(script)
	ts.Check(err)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running[ts] = srv
	for _, entry := range claudetest.Variables(srv.URL) {
		name, value, _ := strings.Cut(entry, "=")
		ts.Setenv(name, value)
	}
	ts.Defer(func() {
		ts.Logf("the model was asked:\n%s", srv.Log())
		if err := srv.Close(); err != nil {
			ts.Logf("close the model: %v", err)
		}
	})
}

// check fails a case whose model was asked something else than its script has, and
// one in which somebody else was called; the oldest CLI does that in spite of its
// variables.
func (m *models) check(ts *testscript.TestScript, srv *scriptmodel.Server) {
	ts.Check(srv.Check())
	calls := srv.Elsewhere()
	for _, call := range calls {
		ts.Logf("called elsewhere, refused: %s", call)
	}
	if len(calls) > 0 && m.version != claudetest.Oldest {
		ts.Fatalf("called elsewhere: %s", strings.Join(calls, ", "))
	}
}

// wait waits until the model was asked for a step.
func wait(ts *testscript.TestScript, srv *scriptmodel.Server, args []string) {
	var at scriptmodel.At
	ts.Check(at.UnmarshalText([]byte(args[0])))
	times := 1
	if len(args) == 2 {
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		times = n
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := srv.Wait(ctx, at, times); err != nil {
		ts.Fatalf("%v\n%s", err, srv.Log())
	}
}

// TestClaudeCasesAreChecked: a case that does not ask whether the model's script
// was kept to proves less than it seems to.
func TestClaudeCasesAreChecked(t *testing.T) {
	files, err := filepath.Glob("testdata/claude/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		script, _, _ := strings.Cut(string(data), "\n-- ")
		if !strings.Contains(script, "\nmodel start ") || !strings.Contains(script, "\nmodel check") {
			t.Errorf("%s: no model start, or no model check", file)
		}
	}
}
