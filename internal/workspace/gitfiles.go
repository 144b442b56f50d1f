package workspace

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"popkit/internal/workspace/git"
	"popkit/internal/workspace/store"
	"popkit/internal/workspace/userrepo"
)

// configText writes a git configuration file. Values are quoted, so that none
// can end its line.
type configText struct {
	bytes.Buffer
}

func (c *configText) section(name string) { fmt.Fprintf(c, "[%s]\n", name) }

func (c *configText) subsection(name, sub string) {
	sub = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(sub)
	fmt.Fprintf(c, "[%s \"%s\"]\n", name, sub)
}

func (c *configText) set(key, value string) {
	value = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\x00", "").Replace(value)
	fmt.Fprintf(c, "\t%s = \"%s\"\n", key, value)
}

// cloneSpec says what a workspace's own .git is like.
type cloneSpec struct {
	gitDir string
	st     *place
	commit string
	refs   []byte // as packed-refs
	extra  []byte // configuration
}

// writeClone makes a git dir by hand: what git clone --shared would make, in a
// fraction of the time. It has no remote, no hooks and no template's files.
func (w *Run) writeClone(ctx context.Context, c cloneSpec) error {
	for _, dir := range []string{"objects/info", "objects/pack", "refs/heads", "refs/tags", "info", "hooks"} {
		if err := os.MkdirAll(filepath.Join(c.gitDir, dir), 0o755); err != nil {
			return fmt.Errorf("make workspace: %w", err)
		}
	}
	user, err := w.repo.Settings(ctx)
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"HEAD":                     []byte("ref: refs/heads/" + workBranch + "\n"),
		"refs/heads/" + workBranch: []byte(c.commit + "\n"),
		"objects/info/alternates":  []byte(store.Quote(c.st.Src.Objects) + "\n"),
		"config":                   slices.Concat(c.st.Base, c.st.Shared, w.cloneConfig(c, user)),
	}
	if len(c.refs) > 0 {
		files["packed-refs"] = c.refs
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(c.gitDir, name), data, 0o644); err != nil {
			return fmt.Errorf("make workspace: %w", err)
		}
	}
	exclude, err := w.excludes()
	if err != nil {
		return err
	}
	var sparse []byte
	if c.st.repo == w.repo {
		sparse = w.sparse()
	}
	if err := store.WriteInfo(c.gitDir, exclude, sparse); err != nil {
		return err
	}
	return store.CopyShallow(c.st.Src, c.gitDir)
}

// workBranch is the branch that a workspace has checked out.
const workBranch = "work"

// cloneConfig is the rest of a workspace's configuration: what keeps the
// user's global one from reaching into it.
func (w *Run) cloneConfig(c cloneSpec, user userrepo.Config) []byte {
	var t configText
	t.section("core")
	t.set("hooksPath", filepath.Join(c.gitDir, "hooks"))
	t.set("fsmonitor", "false")
	t.section("user")
	t.set("name", w.opts.Identity.Name)
	t.set("email", w.opts.Identity.Email)
	t.section("commit")
	t.set("gpgSign", "false")
	t.section("tag")
	t.set("gpgSign", "false")
	t.section("gc")
	t.set("auto", "0")
	t.section("maintenance")
	t.set("auto", "false")
	for _, name := range append([]string{"lfs"}, user.Filters...) {
		// An empty process leaves contents as they are in both directions.
		t.subsection("filter", name)
		t.set("process", "")
		t.set("required", "false")
	}
	t.Write(c.extra)
	return t.Bytes()
}

// userRefs returns the user's tags, and branches as those of a remote called
// origin, as packed-refs: what git describe and git diff origin/main need.
func (st *place) userRefs(ctx context.Context) ([]byte, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.refs != nil {
		return st.refs, nil
	}
	res, err := st.repo.Run(ctx, git.Cmd{Args: []string{"for-each-ref",
		"--format=%(objectname) %(refname)%00%(*objectname)", "refs/heads", "refs/tags"}})
	if err != nil {
		return nil, fmt.Errorf("list branches and tags: %w", err)
	}
	b := bytes.NewBufferString("# pack-refs with: peeled fully-peeled \n")
	for _, rec := range strings.Split(git.Line(res.Out), "\n") {
		ref, peeled, ok := strings.Cut(rec, "\x00")
		id, name, ok2 := strings.Cut(ref, " ")
		if !ok || !ok2 || userrepo.Own(name) {
			continue
		}
		name = strings.Replace(name, "refs/heads/", "refs/remotes/origin/", 1)
		fmt.Fprintf(b, "%s %s\n", id, name)
		if peeled != "" {
			fmt.Fprintf(b, "^%s\n", peeled)
		}
	}
	st.refs = b.Bytes()
	return st.refs, nil
}
