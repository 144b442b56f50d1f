package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/core/view"
	"popkit/internal/show"
)

type reportOfOptions struct {
	Run  string
	JSON bool
}

// reported is `popkit power report --json`. Text is empty as long as the run has
// no report.
type reported struct {
	Run    string      `json:"run"`
	Path   string      `json:"path"`
	Text   string      `json:"text"`
	Status view.Status `json:"status"`
}

func newReportOf(e *Env) *cobra.Command {
	var o reportOfOptions
	cmd := &cobra.Command{
		Use:   "report [RUN]",
		Short: "Show a run's report: criteria, work, checks, how to merge",
		Args:  takes(0, 1), ValidArgsFunction: completeRuns(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Run = first(args)
			return runReportOf(cmd.Context(), e, o)
		},
	}
	jsonFlag(cmd, &o.JSON)
	return cmd
}

func runReportOf(ctx context.Context, e *Env, o reportOfOptions) error {
	r, v, err := e.findStatus(ctx, o.Run)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(r.ReportPath())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return environment(err)
	}
	if o.JSON {
		return e.printJSON(reported{Run: r.ID, Path: r.ReportPath(), Text: string(text), Status: v})
	}
	if len(text) == 0 {
		e.say("run %s has no report yet; so far:", r.ID)
		text = []byte(show.Summary(v))
	}
	return e.print(string(text))
}

// result is the newest commit of a run that is in the user's repository.
type result struct {
	Commit string
	Ref    string
	Whole  bool // the run is done; else it is what the last barrier holds
}

func resultOf(v view.Status) (result, error) {
	if v.State == "done" {
		return result{Commit: v.Head, Ref: v.Branch, Whole: true}, nil
	}
	var out result
	for _, p := range v.Phases {
		if p.Ref != "" {
			out = result{Commit: p.Commit, Ref: p.Ref}
		}
	}
	if out.Commit == "" {
		return out, failed("popkit power status "+v.Run, "no barrier of run %s has opened yet: there is nothing to compare", v.Run)
	}
	return out, nil
}

type diffOptions struct {
	Run            string
	Stat, NameOnly bool
	JSON           bool
}

// diffed is `popkit power diff --json`.
type diffed struct {
	Run    string   `json:"run"`
	Base   string   `json:"base"`
	Commit string   `json:"commit"`
	Ref    string   `json:"ref"`
	Whole  bool     `json:"whole"` // false: as far as the last barrier
	Files  []string `json:"files"`
}

func newDiff(e *Env) *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff [RUN]",
		Short: "Show what a run changed, as git diff",
		Long:  "Show what a run changed since its base; while it goes on, as far as the last barrier.",
		Args:  takes(0, 1), ValidArgsFunction: completeRuns(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Run = first(args)
			return runDiff(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.Stat, "stat", false, "only the files and how much each changed")
	cmd.Flags().BoolVar(&o.NameOnly, "name-only", false, "only the names of the files")
	jsonFlag(cmd, &o.JSON)
	cmd.MarkFlagsMutuallyExclusive("stat", "name-only", "json")
	return cmd
}

func runDiff(ctx context.Context, e *Env, o diffOptions) error {
	r, v, err := e.findStatus(ctx, o.Run)
	if err != nil {
		return err
	}
	res, err := resultOf(v)
	if err != nil {
		return err
	}
	args := []string{"diff"}
	switch {
	case o.Stat:
		args = append(args, "--stat")
	case o.NameOnly:
		args = append(args, "--name-only")
	}
	if o.JSON {
		return e.diffJSON(ctx, r.Place.Repo, v, res)
	}
	return e.git(ctx, e.Streams, r.Place.Repo, append(args, v.Base, res.Commit, "--")...)
}

func (e *Env) diffJSON(ctx context.Context, repo string, v view.Status, res result) error {
	var out bytes.Buffer
	s := Streams{In: strings.NewReader(""), Out: &out, Err: e.Err}
	if err := e.git(ctx, s, repo, "diff", "--name-only", "-z", v.Base, res.Commit, "--"); err != nil {
		return err
	}
	d := diffed{Run: v.Run, Base: v.Base, Commit: res.Commit, Ref: res.Ref, Whole: res.Whole, Files: []string{}}
	for f := range strings.SplitSeq(out.String(), "\x00") {
		if f != "" {
			d.Files = append(d.Files, f)
		}
	}
	return e.printJSON(d)
}

// git runs git for a command that shows or merges a result.
func (e *Env) git(ctx context.Context, s Streams, dir string, args ...string) error {
	code, err := e.Host.Git(ctx, s, dir, args...)
	if err != nil {
		return environment(err)
	}
	if code != 0 {
		return failed("", "git %s ended with exit code %d", args[0], code)
	}
	return nil
}

type mergeOptions struct {
	Run    string
	DryRun bool
}

func newMerge(e *Env) *cobra.Command {
	var o mergeOptions
	cmd := &cobra.Command{
		Use:   "merge [RUN]",
		Short: "Merge a run's branch into the branch that is checked out",
		Long: `Run git merge --no-ff on the run's branch, in your checkout, after checking that
the run is done, that the branch it began from is checked out and that nothing
uncommitted is in the way. It is the only command that changes your checkout.`,
		Args: takes(0, 1), ValidArgsFunction: completeRuns(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Run = first(args)
			return runMerge(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "check, and print the git command only")
	return cmd
}

func runMerge(ctx context.Context, e *Env, o mergeOptions) error {
	_, v, err := e.findStatus(ctx, o.Run)
	if err != nil {
		return err
	}
	info, err := e.repo(ctx)
	if err != nil {
		return err
	}
	if err := mergeable(v, info); err != nil {
		return err
	}
	if err := e.clean(ctx, info.Top); err != nil {
		return err
	}
	args := []string{"merge", "--no-ff", v.Branch}
	if o.DryRun {
		return e.print("git " + strings.Join(args, " ") + "\n")
	}
	e.say("git %s, into %s", strings.Join(args, " "), info.Branch)
	if err := e.git(ctx, e.Streams, info.Top, args...); err != nil {
		return fail(exitCode(err), "git merge --abort", "%w: resolve what conflicts and commit, or give it up", err)
	}
	return nil
}

// clean refuses a checkout with changes to files that git knows. Others are in
// git's way only where the merge brings the same file, and git says so itself.
func (e *Env) clean(ctx context.Context, repo string) error {
	var out bytes.Buffer
	s := Streams{In: strings.NewReader(""), Out: &out, Err: e.Err}
	if err := e.git(ctx, s, repo, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=none"); err != nil {
		return err
	}
	if n := strings.Count(out.String(), "\n"); n > 0 {
		return failed("git stash, or git commit", "%s would be in the way of a merge", show.Count(n, "uncommitted change"))
	}
	return nil
}

func mergeable(v view.Status, info RepoInfo) error {
	base := strings.TrimPrefix(v.BaseRef, "refs/heads/")
	by := fmt.Sprintf("git merge --no-ff %s", v.Branch)
	switch {
	case v.State != "done":
		return failed("popkit power status "+v.Run, "run %s is not done: %s", v.Run, show.Outcome(v.State))
	case info.Bare:
		return failed("git push . "+v.Branch+":"+base, "this is a bare repository: nothing is checked out to merge into")
	case info.Branch == "":
		return failed("git switch "+base, "no branch is checked out")
	case strings.HasPrefix(v.BaseRef, "refs/heads/") && info.Branch != base:
		return failed("git switch "+base+", or "+by, "%s is checked out, the run began from %s", info.Branch, base)
	}
	return nil
}
