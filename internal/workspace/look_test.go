package workspace

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"popkit/internal/workspace/store"
)

func TestLook(t *testing.T) {
	w := newWorld(t, newRepo(t))
	a := w.prepare("a-1")
	began := time.Now().Add(time.Hour) // whatever the file system's clock says: what follows is dated
	old := began.Add(-time.Minute)
	touch := func(name, content string, at time.Time) {
		t.Helper()
		write(t, a, name, content)
		if err := os.Chtimes(filepath.Join(a, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	look := func() store.Look {
		t.Helper()
		l, err := w.run.Look(w.ctx, "a-1", began)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	touch("from-setup", "s", old)
	first := look()
	if len(first.Files) != 0 {
		t.Errorf("nothing was done: %v", first.Files)
	}
	touch("a.txt", "changed\n", began)
	touch("src/new.txt", "new\n", began)
	touch("x.log", "ignored", began)
	touch(".claude/popkit/insights.json", "{}", began)
	second := look()
	slices.Sort(second.Files)
	if want := []string{"a.txt", "src/new.txt"}; !slices.Equal(second.Files, want) || second.Digest == first.Digest {
		t.Errorf("%+v, want %v", second, want)
	}
	if again := look(); again.Digest != second.Digest {
		t.Errorf("nothing was done since: %+v, %+v", second, again)
	}
	touch("a.txt", "changed\n", began.Add(time.Second))
	third := look()
	if third.Digest == second.Digest {
		t.Error("a.txt was written again")
	}
	if err := os.Remove(filepath.Join(a, "a.txt")); err != nil {
		t.Fatal(err)
	}
	if last := look(); last.Digest == third.Digest || len(last.Files) != 2 {
		t.Errorf("a.txt is gone: %+v", last)
	}
	if work := w.collect("a-1"); work.Changed != 3 { // the setup command's among them: no setup was recorded
		t.Errorf("collected after looks: %+v", work)
	}
}
