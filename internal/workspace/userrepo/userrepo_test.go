package userrepo

import (
	"errors"
	"strings"
	"testing"
)

func TestNotFound(t *testing.T) {
	for said, want := range map[string]struct {
		kind error
		hint string
	}{
		"fatal: detected dubious ownership in repository at '/r'\nTo add an exception for this directory, call:\n\n\tgit config --global --add safe.directory /r": {
			ErrUnsafe, "(if you trust it, type: git config --global --add safe.directory /r)"},
		"fatal: not a git repository (or any of the parent directories): .git": {ErrNoRepository, "git init"},
		"fatal: bad config\nline 2": {ErrNoRepository, "git says: fatal: bad config line 2"},
	} {
		err := notFound("/dir", said)
		if !errors.Is(err, want.kind) || !strings.Contains(err.Error(), want.hint) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q becomes %q", said, err)
		}
	}
}

func TestOwn(t *testing.T) {
	for ref, want := range map[string]bool{
		"refs/popkit/R/base": true, "refs/heads/popkit/R": true,
		"refs/heads/main": false, "refs/heads/popkit": false, "refs/heads/popkitx/R": false, "HEAD": false, "refs/popkit": false,
	} {
		if Own(ref) != want {
			t.Errorf("Own(%q) = %v", ref, !want)
		}
	}
}
