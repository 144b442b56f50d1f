package bench

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"popkit/internal/proc"
	"popkit/internal/sandbox"
)

// rounds is how often the two sides of a ratio alternate; their medians count.
var rounds = flag.Int("rounds", 5, "rounds of each ratio")

// kills is how often the benchmarks kill something.
var kills = flag.Int("kills", 100, "kills of engines and agents")

// logs keeps the event logs of runs, to see where their time went.
var logs = flag.String("logs", "", "a folder to copy the event logs of runs to")

func TestMain(m *testing.M) {
	proc.MaybeInit(sandbox.Enter)
	if len(os.Args) == 4 && os.Args[1] == crowdArg {
		crowdMain(os.Args[2], os.Args[3])
		os.Exit(0)
	}
	if len(os.Args) > 3 && os.Args[1] == tapArg {
		os.Exit(tapMain(os.Args[2], os.Args[3], os.Args[4:]))
	}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "GIT_") || strings.HasPrefix(name, "POPKIT_") {
			os.Unsetenv(name)
		}
	}
	home, err := os.MkdirTemp("", "pkb")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Setenv("POPKIT_BENCH_HOME", home)
	code := m.Run()
	results.print(os.Stdout)
	if err := os.RemoveAll(home); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// built is the real program, built once.
var built struct {
	sync.Once
	path string
	err  error
}

// program returns the path of a popkit built from this tree.
func program(tb testing.TB) string {
	tb.Helper()
	built.Do(func() {
		built.path = filepath.Join(os.Getenv("POPKIT_BENCH_HOME"), "popkit")
		build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", built.path, "popkit/cmd/popkit")
		build.Env = append(os.Environ(), "CGO_ENABLED=0") // as the Makefile has it
		out, err := build.CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("build popkit: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		tb.Fatal(built.err)
	}
	return built.path
}
