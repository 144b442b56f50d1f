package power

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/core/view"
	"popkit/internal/show"
)

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
		return out, command.Failed("popkit power status "+v.Run, "no barrier of run %s has opened yet: there is nothing to compare", v.Run)
	}
	return out, nil
}

type diffOptions struct {
	Run            string
	Stat, NameOnly bool
	JSON           bool
}

// Diffed is `popkit power diff --json`.
type Diffed struct {
	Run    string   `json:"run"`
	Base   string   `json:"base"`
	Commit string   `json:"commit"`
	Ref    string   `json:"ref"`
	Whole  bool     `json:"whole"` // false: as far as the last barrier
	Files  []string `json:"files"`
}

func newDiff(e *command.Env) *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff [RUN]",
		Short: "Show what a run changed, as git diff",
		Long:  "Show what a run changed since its base; while it goes on, as far as the last barrier.",
		Args:  command.Takes(0, 1), ValidArgsFunction: command.CompleteRuns(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Run = command.First(args)
			return runDiff(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.Stat, "stat", false, "only the files and how much each changed")
	cmd.Flags().BoolVar(&o.NameOnly, "name-only", false, "only the names of the files")
	command.JSONFlag(cmd, &o.JSON)
	cmd.MarkFlagsMutuallyExclusive("stat", "name-only", "json")
	return cmd
}

func runDiff(ctx context.Context, e *command.Env, o diffOptions) error {
	r, v, err := e.FindStatus(ctx, o.Run)
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
		return diffJSON(ctx, e, r.Place.Repo, v, res)
	}
	return e.Git(ctx, e.Streams, r.Place.Repo, append(args, v.Base, res.Commit, "--")...)
}

func diffJSON(ctx context.Context, e *command.Env, repo string, v view.Status, res result) error {
	var out bytes.Buffer
	s := command.Streams{In: strings.NewReader(""), Out: &out, Err: e.Err}
	if err := e.Git(ctx, s, repo, "diff", "--name-only", "-z", v.Base, res.Commit, "--"); err != nil {
		return err
	}
	d := Diffed{Run: v.Run, Base: v.Base, Commit: res.Commit, Ref: res.Ref, Whole: res.Whole, Files: []string{}}
	for f := range strings.SplitSeq(out.String(), "\x00") {
		if f != "" {
			d.Files = append(d.Files, f)
		}
	}
	return e.PrintJSON(d)
}

type mergeOptions struct {
	Run    string
	DryRun bool
}

func newMerge(e *command.Env) *cobra.Command {
	var o mergeOptions
	cmd := &cobra.Command{
		Use:   "merge [RUN]",
		Short: "Merge a run's branch into the branch that is checked out",
		Long: `Run git merge --no-ff on the run's branch, in your checkout, after checking that
the run is done, that the branch it began from is checked out and that nothing
uncommitted is in the way. It is the only command that changes your checkout.`,
		Args: command.Takes(0, 1), ValidArgsFunction: command.CompleteRuns(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Run = command.First(args)
			return runMerge(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "check, and print the git command only")
	return cmd
}

func runMerge(ctx context.Context, e *command.Env, o mergeOptions) error {
	_, v, err := e.FindStatus(ctx, o.Run)
	if err != nil {
		return err
	}
	info, err := e.Repo(ctx)
	if err != nil {
		return err
	}
	if err := mergeable(v, info); err != nil {
		return err
	}
	if err := clean(ctx, e, info.Top); err != nil {
		return err
	}
	ref, err := published(ctx, e, info.Top, v)
	if err != nil {
		return err
	}
	args := []string{"merge", "--no-ff", ref}
	if o.DryRun {
		return e.Print("git " + strings.Join(args, " ") + "\n")
	}
	e.Say("git %s, into %s", strings.Join(args, " "), info.Branch)
	if err := e.Git(ctx, e.Streams, info.Top, args...); err != nil {
		return unmerged(ctx, e, info.Top, v.Run, err)
	}
	return nil
}

// unmerged says what to do about a merge that git did not end: there is one to
// resolve, or git refused to begin.
func unmerged(ctx context.Context, e *command.Env, repo, run string, err error) error {
	quiet := command.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}
	code, gerr := e.Host.Git(ctx, quiet, repo, "rev-parse", "--verify", "--quiet", "MERGE_HEAD")
	switch {
	case gerr != nil:
		return command.Environment(gerr)
	case code != 0:
		return command.Fail(command.ExitCode(err), "popkit power merge "+run, "%w: nothing was merged; see to what git says, then merge again", err)
	}
	return command.Fail(command.ExitCode(err), "git merge --abort", "%w: resolve what conflicts and commit, or give it up", err)
}

// published is the name under which the result is in the repository: the run's
// branch, or, where that could not be written, a ref.
func published(ctx context.Context, e *command.Env, repo string, v view.Status) (string, error) {
	for _, ref := range []string{v.Branch, "refs/popkit/" + v.Run + "/result"} {
		full := ref
		if !strings.HasPrefix(ref, "refs/") {
			full = "refs/heads/" + ref
		}
		var out bytes.Buffer
		s := command.Streams{In: strings.NewReader(""), Out: &out, Err: io.Discard}
		code, err := e.Host.Git(ctx, s, repo, "rev-parse", "--verify", "--quiet", full)
		if err != nil {
			return "", command.Environment(err)
		}
		if code == 0 && strings.TrimSpace(out.String()) == v.Head {
			return ref, nil
		}
	}
	return "", command.Failed("git merge --no-ff "+v.Head, "the result of run %s is no longer on branch %s", v.Run, v.Branch)
}

// clean refuses a checkout with changes to files that git knows. Others are in
// git's way only where the merge brings the same file, and git says so itself.
func clean(ctx context.Context, e *command.Env, repo string) error {
	var out bytes.Buffer
	s := command.Streams{In: strings.NewReader(""), Out: &out, Err: e.Err}
	if err := e.Git(ctx, s, repo, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=none"); err != nil {
		return err
	}
	if n := strings.Count(out.String(), "\n"); n > 0 {
		return command.Failed("git stash, or git commit", "%s would be in the way of a merge", show.Count(n, "uncommitted change"))
	}
	return nil
}

func mergeable(v view.Status, info command.RepoInfo) error {
	base := strings.TrimPrefix(v.BaseRef, "refs/heads/")
	by := fmt.Sprintf("git merge --no-ff %s", v.Branch)
	switch {
	case v.State != "done":
		return command.Failed("popkit power status "+v.Run, "run %s is not done: %s", v.Run, show.Outcome(v.State))
	case info.Bare:
		return command.Failed("git push . "+v.Branch+":"+base, "this is a bare repository: nothing is checked out to merge into")
	case info.Branch == "":
		return command.Failed("git switch "+base, "no branch is checked out")
	case strings.HasPrefix(v.BaseRef, "refs/heads/") && info.Branch != base:
		return command.Failed("git switch "+base+", or "+by, "%s is checked out, the run began from %s", info.Branch, base)
	}
	return nil
}
