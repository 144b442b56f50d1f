package workspace

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"popkit/internal/workspace/agentgit"
	"popkit/internal/workspace/git"
	"popkit/internal/workspace/message"
	"popkit/internal/workspace/store"
)

// place is a repository of the user's, or one of its submodules, with popkit's
// store for it.
type place struct {
	*store.Store
	repo *Repo // where its refs are

	mu   sync.Mutex
	refs []byte // the user's tags and branches as packed-refs, once they are read

	treesMu sync.Mutex
	trees   map[string]string // of commits that work began from or was merged into
}

// treeOf is TreeOf, asked once.
func (st *place) treeOf(ctx context.Context, commit string) (string, error) {
	st.treesMu.Lock()
	defer st.treesMu.Unlock()
	if tree, ok := st.trees[commit]; ok {
		return tree, nil
	}
	tree, err := st.TreeOf(ctx, commit)
	if err == nil {
		st.trees[commit] = tree
	}
	return tree, err
}

func (st *place) knowTree(commit, tree string) {
	st.treesMu.Lock()
	defer st.treesMu.Unlock()
	st.trees[commit] = tree
}

// placeOf returns the place of a repository, whose store is made at dir at the
// first use. It removes lock files that a killed popkit left on the run's refs.
func (w *Run) placeOf(ctx context.Context, repo *Repo, dir string) (*place, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if st, ok := w.places[repo.CommonDir]; ok {
		return st, st.Refresh()
	}
	if err := removeLocks(filepath.Join(repo.CommonDir, "refs", "popkit", w.id)); err != nil {
		return nil, err
	}
	if err := w.makeRoot(); err != nil {
		return nil, git.DiskFull(err, w.root)
	}
	set, err := w.settings(ctx, repo == w.repo)
	if err != nil {
		return nil, err
	}
	st, err := store.New(ctx, w.repo.Git, dir, source(repo), set)
	if err != nil {
		return nil, err
	}
	st.Patience = w.patience
	w.places[repo.CommonDir] = &place{Store: st, repo: repo, trees: map[string]string{}}
	return w.places[repo.CommonDir], nil
}

// module is a submodule that popkit put into a work tree.
type module struct {
	Path   string `json:"path"`           // below the top of the work tree
	Within string `json:"within"`         // path of the module that it is in, "" for the top
	GitDir string `json:"git_dir"`        // the user's, whose objects are borrowed
	Commit string `json:"commit"`         // checked out at the start
	Kept   string `json:"kept,omitempty"` // by the last Collect
}

// moduleTree is the work tree of a submodule with popkit's own index of it,
// which is kept beside that of the work tree's top.
func moduleTree(top store.Tree, path string) store.Tree {
	sum := sha256.Sum256([]byte(path))
	return store.Tree{
		Work:  filepath.Join(top.Work, filepath.FromSlash(path)),
		Index: filepath.Join(filepath.Dir(top.Index), "modules", hex.EncodeToString(sum[:12]), "index"),
	}
}

// moduleStore returns the place of a module.
func (w *Run) moduleStore(ctx context.Context, gitDir string) (*place, error) {
	sum := sha256.Sum256([]byte(gitDir))
	repo := &Repo{GitDir: gitDir, CommonDir: gitDir, Bare: true, Format: w.repo.Format, Git: w.repo.Git}
	return w.placeOf(ctx, repo, filepath.Join(w.root, "modules", hex.EncodeToString(sum[:12])))
}

// populate fills the submodules of a work tree, those in submodules too, from
// the user's own checkout: without network. One that the user has not
// initialised, or whose commit is not there, stays empty.
func (w *Run) populate(ctx context.Context, st *place, top store.Tree) ([]module, error) {
	if w.opts.NoSubmodules {
		return nil, nil
	}
	return w.populateIn(ctx, st, top, top, module{}, w.repo.Top)
}

func (w *Run) populateIn(ctx context.Context, st *place, top, t store.Tree, outer module, userTop string) ([]module, error) {
	names, err := st.moduleNames(ctx, t)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	links, err := st.Links(ctx, t, nil)
	if err != nil {
		return nil, err
	}
	var modules []module
	for _, link := range links {
		userPath := ""
		if userTop != "" {
			userPath = filepath.Join(userTop, filepath.FromSlash(link.Path))
		}
		gitDir := moduleGitDir(st.repo.CommonDir, names[link.Path], userPath)
		if gitDir == "" {
			continue
		}
		m := module{Path: filepath.ToSlash(filepath.Join(outer.Path, link.Path)), Within: outer.Path, GitDir: gitDir, Commit: link.Commit}
		inner, ok, err := w.populateOne(ctx, top, m, userPath)
		if err != nil {
			return nil, fmt.Errorf("submodule %s: %w", m.Path, err)
		}
		if ok {
			modules = append(append(modules, m), inner...)
		}
	}
	return modules, nil
}

func (w *Run) populateOne(ctx context.Context, top store.Tree, m module, userPath string) (inner []module, ok bool, err error) {
	st, err := w.moduleStore(ctx, m.GitDir)
	if err != nil {
		return nil, false, err
	}
	if _, err := st.TreeOf(ctx, m.Commit); git.Failed(err) {
		w.report("submodule %s stays empty: commit %s is not in the user's checkout", m.Path, m.Commit)
		return nil, false, nil
	} else if err != nil {
		return nil, false, err
	}
	t := moduleTree(top, m.Path)
	if !realDir(top.Work, m.Path) {
		return nil, false, errors.New("its directory is not there")
	}
	if err := w.refill(ctx, st, t, m.Commit); err != nil {
		return nil, false, err
	}
	inner, err = w.populateIn(ctx, st, top, t, m, userPath)
	return inner, true, err
}

// moduleNames reads .gitmodules: the names of submodules by path.
func (st *place) moduleNames(ctx context.Context, t store.Tree) (map[string]string, error) {
	data, err := agentgit.ReadSmall(filepath.Join(t.Work, ".gitmodules"), 1<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, nil // a link or a pipe is no list of submodules for git either
	}
	res, err := st.Run(ctx, store.Call{Args: []string{"config", "--file", "-", "--list", "-z"}, Stdin: strings.NewReader(string(data))})
	if git.Failed(err) {
		return nil, nil // broken: git has no submodules then
	}
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, rec := range git.Fields(res.Out) {
		key, path, _ := strings.Cut(rec, "\n")
		name, ok := strings.CutPrefix(key, "submodule.")
		name, ok2 := strings.CutSuffix(name, ".path")
		if ok && ok2 {
			names[path] = name
		}
	}
	return names, nil
}

// moduleGitDir finds the user's git dir of a submodule, "" when it is not
// initialised. The name comes from a file that an agent may have written.
func moduleGitDir(super, name, userPath string) string {
	if name == "" || !filepath.IsLocal(filepath.FromSlash(name)) || strings.Contains(name, "..") {
		return ""
	}
	dir := filepath.Join(super, "modules", filepath.FromSlash(name))
	if isGitDir(dir) {
		return dir
	}
	if userPath != "" && isGitDir(filepath.Join(userPath, ".git")) {
		return filepath.Join(userPath, ".git")
	}
	return ""
}

func isGitDir(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, "HEAD"))
	return err == nil && info.Mode().IsRegular() && store.IsDir(filepath.Join(dir, "objects"))
}

// realDir reports whether path below top is a directory, and no link on the
// way leads elsewhere.
func realDir(top, path string) bool {
	dir := top
	for _, part := range strings.Split(filepath.ToSlash(path), "/") {
		dir = filepath.Join(dir, part)
		if !store.IsDir(dir) {
			return false
		}
	}
	return true
}

// collectModules commits and keeps what is in the submodules, inner ones
// first, and returns the modules as they are now.
func (w *Run) collectModules(ctx context.Context, top store.Tree, rec record, s CollectSpec) ([]module, error) {
	modules := append([]module(nil), rec.Modules...)
	for i := len(modules) - 1; i >= 0; i-- {
		m := &modules[i]
		if !realDir(top.Work, m.Path) {
			m.Kept = "" // the agent removed it
			continue
		}
		if emptyDir(moduleTree(top, m.Path).Work) {
			m.Kept = m.Commit // git submodule deinit leaves it so
			continue
		}
		st, err := w.moduleStore(ctx, m.GitDir)
		if err != nil {
			return nil, err
		}
		if err := w.collectModule(ctx, st, top, m, linksIn(modules, m.Path), s); err != nil {
			return nil, fmt.Errorf("submodule %s: %w", m.Path, err)
		}
	}
	return modules, nil
}

func (w *Run) collectModule(ctx context.Context, st *place, top store.Tree, m *module, links []git.Entry, s CollectSpec) error {
	cut, err := w.take(ctx, st, moduleTree(top, m.Path), record{Base: m.Commit}, links)
	if err != nil {
		return err
	}
	on := m.Commit
	if cut.usable != noHistory { // a submodule may be moved to any commit
		on = cut.at
	}
	tree, err := st.TreeOf(ctx, on)
	if err != nil {
		return err
	}
	m.Kept = on
	if tree != cut.Tree {
		text := message.Compose(s.Message, "Work of "+s.Agent+" on "+s.Task, w.trailers(s)...)
		if m.Kept, err = w.commit(ctx, st, cut.Tree, text, on); err != nil {
			return err
		}
	}
	if m.Kept == m.Commit {
		return nil
	}
	m.Kept, err = w.keepBy(ctx, st, s, m.Kept)
	return err
}

// linksIn are the index entries of the modules directly in the one at path ("":
// the top).
func linksIn(modules []module, path string) []git.Entry {
	var entries []git.Entry
	for _, m := range within(modules, path) {
		if m.Kept != "" {
			entries = append(entries, git.Entry{Mode: git.Gitlink, Object: m.Kept, Path: m.Path})
		}
	}
	return entries
}

// strayLinks lists submodules with another commit checked out that popkit did
// not put there: it has no place to keep them.
func strayLinks(sc store.Scan, modules []module) []string {
	var paths []string
	for _, l := range sc.Links {
		if !slices.ContainsFunc(modules, func(m module) bool { return m.Path == l.Path }) {
			paths = append(paths, l.Path)
		}
	}
	return paths
}

func emptyDir(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) == 0
}

// within returns the modules directly in the one at path, by their path there.
func within(modules []module, path string) []module {
	var inner []module
	for _, m := range modules {
		if m.Within == path && m.Path != path {
			m.Path = strings.TrimPrefix(strings.TrimPrefix(m.Path, path), "/")
			inner = append(inner, m)
		}
	}
	return inner
}
