package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"popkit/internal/core/smell"
)

func main() {
	commits := flag.Int("commits", 100, "how many commits of a repository to judge, newest first, merges left out")
	skip := flag.Int("skip", 0, "how many of the newest to leave out")
	files := flag.Int("files", 200, "leave out commits that touch more files: imports and reformatting")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "smellcheck: name a repository\n  try: go run ./internal/smellcheck .")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := check(ctx, os.Stdout, flag.Args(), limits{*commits, *skip, *files}); err != nil {
		fmt.Fprintln(os.Stderr, "smellcheck:", err)
		os.Exit(1)
	}
}

type limits struct{ commits, skip, files int }

// tally is what one repository gave.
type tally struct {
	repo    string
	commits int
	changes int
	noisy   int // commits with an alarm
	alarms  int
	took    time.Duration // in smell.All alone
	smells  map[string]int
}

func check(ctx context.Context, out io.Writer, repos []string, l limits) error {
	var all []tally
	for _, r := range repos {
		t, err := history(ctx, out, r, l)
		if err != nil {
			return fmt.Errorf("%s: %w", r, err)
		}
		all = append(all, t)
	}
	return table(out, all)
}

// history judges the commits of one repository.
func history(ctx context.Context, out io.Writer, dir string, l limits) (tally, error) {
	t := tally{repo: label(dir), smells: map[string]int{}}
	repo, err := open(ctx, dir)
	if err != nil {
		return t, err
	}
	hashes, err := repo.commits(ctx, l.commits, l.skip, l.files)
	if err != nil {
		return t, repo.close(err)
	}
	for _, hash := range hashes {
		changes, err := repo.changes(ctx, hash)
		if err != nil {
			return t, repo.close(err)
		}
		begin := time.Now()
		found := smell.All(changes)
		t.took += time.Since(begin)
		t.commits++
		t.changes += len(changes)
		if len(found) > 0 {
			t.noisy++
		}
		for _, f := range found {
			t.alarms++
			t.smells[f.Smell]++
			fmt.Fprintf(out, "%s %s %s %s | %s\n", t.repo, hash[:10], f.Smell, f.Text, f.Excerpt)
		}
	}
	return t, repo.close(nil)
}

// label is what a repository is called in the output.
func label(dir string) string {
	dir = filepath.Clean(dir)
	if base := filepath.Base(dir); base == ".git" || base == "repo" {
		dir = filepath.Dir(dir)
	}
	return filepath.Base(dir)
}

func table(out io.Writer, all []tally) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nrepository\tcommits\tfiles\twith alarms\talarms\tms a commit\tof them")
	sum := tally{repo: "all", smells: map[string]int{}}
	for _, t := range all {
		sum.commits += t.commits
		sum.changes += t.changes
		sum.noisy += t.noisy
		sum.alarms += t.alarms
		sum.took += t.took
		for s, n := range t.smells {
			sum.smells[s] += n
		}
		t.row(w)
	}
	if len(all) > 1 {
		sum.row(w)
	}
	return w.Flush()
}

func (t tally) row(w io.Writer) {
	type one struct {
		smell string
		n     int
	}
	var list []one
	for s, n := range t.smells {
		list = append(list, one{s, n})
	}
	slices.SortFunc(list, func(a, b one) int { return cmp.Or(b.n-a.n, cmp.Compare(a.smell, b.smell)) })
	var parts []string
	for _, o := range list {
		parts = append(parts, fmt.Sprintf("%s %d", o.smell, o.n))
	}
	ms := float64(t.took.Microseconds()) / 1000 / float64(max(t.commits, 1))
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%.2f\t%s\n", t.repo, t.commits, t.changes, t.noisy, t.alarms, ms, strings.Join(parts, ", "))
}
