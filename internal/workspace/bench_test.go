package workspace

import (
	"fmt"
	"path/filepath"
	"testing"

	"popkit/internal/workspace/store"
)

// BenchmarkAgent is one agent from prepare to release, its merge included.
func BenchmarkAgent(b *testing.B) {
	w := newWorld(b, newRepo(b))
	onto := w.base
	i := 0
	for b.Loop() {
		agent := fmt.Sprintf("a-%d", i)
		path := w.prepareAt(agent, onto)
		write(b, path, fmt.Sprintf("file-%d.txt", i), "x\n")
		work := w.collectAt(agent, onto)
		onto = w.merge(onto, work, agent).Commit
		if rescue := w.release(agent, work.Commit); rescue != "" {
			b.Fatal(rescue)
		}
		i++
	}
}

// BenchmarkPlain is the same by plain git commands.
func BenchmarkPlain(b *testing.B) {
	dir := newRepo(b)
	clones := b.TempDir()
	i := 0
	for b.Loop() {
		path := filepath.Join(clones, fmt.Sprint(i))
		runGit(b, dir, "clone", "-q", "--shared", dir, path)
		runGit(b, path, "config", "user.email", "ada@example.com")
		write(b, path, fmt.Sprintf("file-%d.txt", i), "x\n")
		runGit(b, path, "add", "-A")
		runGit(b, path, "-c", "user.name=Ada", "commit", "-q", "-m", "work")
		runGit(b, dir, "fetch", "-q", path, "HEAD")
		runGit(b, dir, "merge", "-q", "--no-ff", "-m", "merge", "FETCH_HEAD")
		if err := store.RemoveAll(path); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkPrepare(b *testing.B) {
	w := newWorld(b, newRepo(b))
	i := 0
	for b.Loop() {
		w.prepare(fmt.Sprintf("a-%d", i))
		i++
	}
}
