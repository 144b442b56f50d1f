package userrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// TestRefs: refs are written one after the other by whoever asks; one that has
// moved is told and hinders nobody after it.
func TestRefs(t *testing.T) {
	dir := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	run("init", "-q")
	run("commit", "-q", "--allow-empty", "-m", "one")
	one := run("rev-parse", "HEAD")
	run("commit", "-q", "--allow-empty", "-m", "two")
	two := run("rev-parse", "HEAD")
	r, err := Find(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name, commit, old string) error { return r.SetRef(t.Context(), "refs/popkit/R/"+name, commit, old) }
	for i, c := range []struct {
		commit, old string
		moved       bool
		then        string
	}{
		{one, "", false, one}, {two, "", true, one}, {two, one, false, two}, {one, one, true, two}, {one, AnyValue, false, one}, {two, one, false, two},
	} {
		if err := set("x", c.commit, c.old); errors.Is(err, ErrRefMoved) != c.moved || err != nil && !c.moved {
			t.Errorf("%d: %v", i, err)
		}
		if got := run("rev-parse", "refs/popkit/R/x"); got != c.then {
			t.Errorf("%d: the ref holds %s, want %s", i, got, c.then)
		}
		if i == 3 {
			run("pack-refs", "--all") // as git gc does, meanwhile
		}
	}
	var wg sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		wg.Go(func() {
			if i%7 == 0 {
				r.endWriter()
			}
			errs[i] = set(fmt.Sprint("many/", i), two, "")
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	refs, err := r.Refs(t.Context(), "refs/popkit/R/many")
	if err != nil || len(refs) != len(errs) {
		t.Errorf("refs: %v, %v", refs, err)
	}
	if err := r.DeleteRefs(t.Context(), append(refs, Ref{"refs/popkit/R/x", one})); !errors.Is(err, ErrRefMoved) {
		t.Errorf("one of them has moved: %v", err)
	}
	if err := r.DeleteRefs(t.Context(), refs); err != nil {
		t.Error(err)
	}
	if got := run("for-each-ref", "--format=%(refname)", "refs/popkit"); got != "refs/popkit/R/x" {
		t.Errorf("left: %s", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.SetRef(ended, "refs/popkit/R/late", one, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	if err := set("x/y", one, ""); err == nil || errors.Is(err, ErrRefMoved) {
		t.Errorf("a ref below a ref: %v", err)
	}
	if err := set("after", one, ""); err != nil {
		t.Error(err)
	}
	r.endWriter()
}
