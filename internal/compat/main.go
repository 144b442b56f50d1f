package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"strings"

	"popkit/internal/claudetest"
)

func main() {
	out := flag.String("o", "", "the page to write (default: standard output)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "compat:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out string, versions []string) error {
	if len(versions) == 0 {
		newest, err := claudetest.Newest(ctx)
		if err != nil {
			return err
		}
		versions = []string{claudetest.Oldest, claudetest.Pinned, newest}
	}
	var results []result
	for _, version := range versions {
		if _, err := claudetest.Install(ctx, version); err != nil {
			return err
		}
		r, err := try(ctx, version)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "compat: Claude Code %s: %d of %d cases\n", version, r.passed(), len(r.cases))
		results = append(results, r)
	}
	about, err := abouts("e2e/testdata/claude")
	if err != nil {
		return err
	}
	text := page(results, about)
	if out == "" {
		_, err := os.Stdout.WriteString(text)
		return err
	}
	return os.WriteFile(out, []byte(text), 0o644)
}

// try runs the cases on one version, those that fail a second time: on a busy machine
// a failure may be about time. That cases fail is a result, no error.
func try(ctx context.Context, version string) (result, error) {
	r, err := cases(ctx, version, "^TestClaudeCases$")
	if err != nil {
		return r, err
	}
	failed := r.failed()
	if failed == nil {
		return r, nil
	}
	again, err := cases(ctx, version, "^TestClaudeCases$/^cases$/^("+strings.Join(failed, "|")+")$")
	if err != nil {
		return r, err
	}
	maps.Copy(r.cases, again.cases)
	return r, nil
}

func cases(ctx context.Context, version, which string) (result, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-json", "-count=1", "-timeout", "30m", "-run", which, "./e2e")
	cmd.Env = append(os.Environ(), "POPKIT_TEST_CLAUDE="+version)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.Output()
	r, bad := read(version, bytes.NewReader(stdout))
	if bad != nil {
		return r, bad
	}
	if len(r.cases) == 0 {
		return r, fmt.Errorf("no cases were run on %s: %w\n%s", version, err, stdout)
	}
	return r, nil
}
