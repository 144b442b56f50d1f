package workspace

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wantError checks that err is one clear line of a kind, with a hint.
func wantError(t *testing.T, err, kind error, hint string) {
	t.Helper()
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), hint) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q, want %q with %q in one line", err, kind, hint)
	}
}

func TestFind(t *testing.T) {
	ctx := t.Context()
	dir := newRepo(t)
	for _, from := range []string{dir, filepath.Join(dir, "src")} {
		repo, err := Find(ctx, from)
		if err != nil {
			t.Fatal(err)
		}
		if repo.Top != dir || repo.GitDir != dir+"/.git" || repo.CommonDir != dir+"/.git" || repo.Bare || repo.Format != "sha1" {
			t.Errorf("from %s: %+v", from, repo)
		}
	}
	_, err := Find(ctx, t.TempDir())
	wantError(t, err, ErrNoRepository, "git init")
	_, err = Find(ctx, filepath.Join(dir, "nowhere"))
	wantError(t, err, ErrNoRepository, "no directory")
	_, err = Find(ctx, filepath.Join(dir, ".git"))
	wantError(t, err, ErrNoRepository, "work tree")
	write(t, dir, ".git/config", "[core]\n\trepositoryformatversion = 7\n")
	_, err = Find(ctx, dir)
	wantError(t, err, ErrNoRepository, "7")
	write(t, dir, ".git/config", "[core\n")
	_, err = Find(ctx, dir)
	wantError(t, err, ErrNoRepository, "bad config")
}

func TestFindWithoutGit(t *testing.T) {
	dir := newRepo(t)
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	_, err := Find(t.Context(), dir)
	wantError(t, err, ErrNoGit, "apt-get install git")
	for version, hint := range map[string]string{"git version 2.30.2": "2.38", "git version 1.8": "2.38", "something": "something"} {
		if err := os.WriteFile(filepath.Join(bin, "git"), []byte("#!/bin/sh\necho "+version+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		_, err = Find(t.Context(), dir)
		wantError(t, err, ErrGitTooOld, hint)
	}
}

// TestFindUnsafe: git refuses a repository that is another user's. Only root
// can give one away; the words are tested in package userrepo.
func TestFindUnsafe(t *testing.T) {
	dir := newRepo(t)
	for _, path := range []string{dir, dir + "/.git"} {
		if err := os.Chown(path, 65534, 65534); err != nil && os.Geteuid() == 0 {
			t.Fatal(err)
		}
	}
	if _, err := Find(t.Context(), dir); os.Geteuid() == 0 {
		wantError(t, err, ErrUnsafe, "git config --global --add safe.directory "+dir)
	} else if err != nil {
		t.Error(err)
	}
}

func TestResolveRefs(t *testing.T) {
	ctx := t.Context()
	dir := newRepo(t)
	head := runGit(t, dir, "rev-parse", "HEAD")
	runGit(t, dir, "tag", "-a", "-m", "v1", "v1")
	runGit(t, dir, "branch", "other")
	repo, err := Find(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{
		"": "refs/heads/main", "HEAD": "refs/heads/main", "main": "refs/heads/main", "other": "refs/heads/other", "v1": "refs/tags/v1",
		head: head, "main^{}": head, head[:10]: head, "refs/heads/main": "refs/heads/main",
	} {
		if got, err := repo.Resolve(ctx, ref); err != nil || got != (Base{Ref: want, Commit: head}) {
			t.Errorf("%q is %+v, %v; want %s", ref, got, err, want)
		}
	}
	for _, ref := range []string{"nowhere", "--all", "-h", "main:a.txt", "x y", "HEAD~9"} {
		_, err := repo.Resolve(ctx, ref)
		wantError(t, err, ErrNoSuchRef, "git branch -a")
	}
	runGit(t, dir, "checkout", "-q", "--detach")
	if got, err := repo.Resolve(ctx, ""); err != nil || got.Ref != head {
		t.Errorf("detached HEAD is %+v, %v", got, err)
	}
	runGit(t, dir, "checkout", "-q", "--orphan", "fresh")
	_, err = repo.Resolve(ctx, "")
	wantError(t, err, ErrNoCommits, "--base")

	empty := t.TempDir()
	runGit(t, empty, "init", "-q")
	if repo, err = Find(ctx, empty); err != nil {
		t.Fatal(err)
	}
	_, err = repo.Resolve(ctx, "")
	wantError(t, err, ErrNoCommits, "git commit --allow-empty")
	_, err = repo.Resolve(ctx, "main")
	wantError(t, err, ErrNoCommits, "git commit --allow-empty")
}

func TestIdentity(t *testing.T) {
	dir := newRepo(t)
	find := func() *Repo {
		repo, err := Find(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return repo
	}
	if id, err := find().Identity(t.Context()); err != nil || id != (Identity{Name: "Ada", Email: "ada@example.com"}) {
		t.Errorf("%+v, %v", id, err)
	}
	runGit(t, dir, "config", "author.name", "Countess")
	if id, err := find().Identity(t.Context()); err != nil || id.Name != "Countess" {
		t.Errorf("%+v, %v", id, err)
	}
	runGit(t, dir, "config", "--remove-section", "user")
	_, err := find().Identity(t.Context())
	wantError(t, err, ErrNoIdentity, "git config --global user.email")
	t.Setenv("GIT_AUTHOR_EMAIL", "env@example.com")
	if id, err := find().Identity(t.Context()); err != nil || id.Email != "env@example.com" {
		t.Errorf("%+v, %v", id, err)
	}
}

func TestPublish(t *testing.T) {
	w := newWorld(t, newRepo(t))
	a, b := w.twoSides(`echo a > a`, `echo b > b`)
	publish := func(branch, commit, why string) {
		t.Helper()
		note, err := w.run.PublishBranch(w.ctx, branch, commit)
		if err != nil || (why == "") != (note == "") || !strings.Contains(note, why) || strings.Contains(note, "\n") {
			t.Errorf("publish %s: %q, %v; want %q", branch, note, err, why)
		}
		ref := "refs/heads/" + branch
		if why != "" {
			ref = "refs/popkit/R1/result"
		}
		if err == nil && w.git("rev-parse", ref) != commit {
			t.Errorf("%s is %s", ref, w.git("rev-parse", ref))
		}
	}
	const branch = "popkit/R1"
	publish(branch, w.base, "")
	publish(branch, a.Commit, "")
	publish(branch, a.Commit, "")
	publish(branch, b.Commit, "commits that the result has not")
	elsewhere := filepath.Join(t.TempDir(), "else where")
	w.git("worktree", "add", "-q", elsewhere, branch)
	publish(branch, w.merge(a.Commit, b, "theirs").Commit, "checked out at "+elsewhere)
	publish(branch, a.Commit, "") // it has that already
	if at, out, err := w.repo.CheckedOut(w.ctx, branch); err != nil || !out || at != elsewhere {
		t.Errorf("checked out at %q, %v, %v", at, out, err)
	}
	w.git("worktree", "remove", elsewhere)
	w.git("branch", "-D", branch)
	w.git("branch", "popkit")
	publish(branch, a.Commit, "a branch called popkit")
	if _, err := w.run.PublishBranch(w.ctx, "main", a.Commit); err == nil {
		t.Error("the user's branch was written")
	}
	if err := w.repo.DeleteRefs(w.ctx, []Ref{{Name: "refs/heads/main", Commit: w.base}}); err == nil {
		t.Error("the user's branch was deleted")
	}
	ref, err := w.run.PublishBarrier(w.ctx, 2, a.Commit)
	if err != nil || ref != "refs/popkit/R1/barrier/2" {
		t.Errorf("%s, %v", ref, err)
	}
	if err := w.repo.DeleteRefs(w.ctx, []Ref{{Name: ref, Commit: b.Commit}}); err == nil {
		t.Error("a ref that holds something else was deleted")
	}
	if err := w.repo.DeleteRefs(w.ctx, []Ref{{Name: ref, Commit: a.Commit}}); err != nil {
		t.Error(err)
	}
	if ok, err := w.repo.RefExists(w.ctx, ref); ok || err != nil {
		t.Errorf("%s exists: %v, %v", ref, ok, err)
	}
}

func TestNames(t *testing.T) {
	repo := &Repo{Top: "/home/u/repo"}
	for _, id := range []string{"", "a/b", "..", "a..b", ".x", "-x", "a b", "x.lock", "x\n", "x~1", "x.", strings.Repeat("x", 300)} {
		if _, err := NewRun(repo, id, "/tmp/x", Options{}); err == nil {
			t.Errorf("run %q is accepted", id)
		}
	}
	if _, err := NewRun(repo, "R", "/home/u/repo/.work", Options{}); err == nil {
		t.Error("a root inside the checkout is accepted")
	}
	w := newWorld(t, newRepo(t))
	if _, err := w.run.Prepare(w.ctx, PrepareSpec{Agent: "../x", Base: w.base}); err == nil {
		t.Error("agent ../x is accepted")
	}
	if _, err := w.run.Prepare(w.ctx, PrepareSpec{Agent: "x", Base: strings.Repeat("1", 40)}); err == nil {
		t.Error("a base that is not there is accepted")
	}
	if _, err := w.run.Release(w.ctx, "x", w.dir, nil); err == nil {
		t.Error("the user's checkout is released")
	}
}

func TestCancelled(t *testing.T) {
	w := newWorld(t, newRepo(t))
	ctx, cancel := context.WithCancelCause(w.ctx)
	why := errors.New("stopped")
	cancel(why)
	if _, err := w.run.Prepare(ctx, PrepareSpec{Agent: "a-1", Base: w.base}); !errors.Is(err, why) {
		t.Errorf("prepare: %v", err)
	}
	// What it left is no obstacle, and nothing that an agent made.
	w.prepare("a-1")
	if rescue := w.release("a-1"); rescue != "" {
		t.Errorf("rescued %s", rescue)
	}
}
