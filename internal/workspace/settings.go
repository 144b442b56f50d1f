package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"popkit/internal/workspace/store"
	"popkit/internal/workspace/userrepo"
)

// excludes are the ignore rules of the run's work trees: the user's own of this
// repository, popkit's files, and what is copied into workspaces.
func (w *Run) excludes() ([]byte, error) {
	users, err := os.ReadFile(filepath.Join(w.repo.CommonDir, "info", "exclude"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the repository's ignore rules: %w", err)
	}
	b := bytes.NewBuffer(users)
	if len(users) > 0 && users[len(users)-1] != '\n' {
		b.WriteByte('\n')
	}
	b.WriteString("/" + store.StateDir + "/\n")
	for _, path := range w.opts.Copy {
		b.WriteString("/" + escapePattern(filepath.ToSlash(filepath.Clean(path))) + "\n")
	}
	return b.Bytes(), nil
}

// settings are what the store of a place is made with; only the main one can
// be sparse.
func (w *Run) settings(ctx context.Context, main bool) (store.Settings, error) {
	user, err := w.repo.Settings(ctx)
	if err != nil {
		return store.Settings{}, err
	}
	exclude, err := w.excludes()
	if err != nil {
		return store.Settings{}, err
	}
	var own configText
	own.section("core")
	own.set("logAllRefUpdates", "false")
	own.set("protectNTFS", "false") // names that Linux allows are kept
	own.set("quotePath", "false")
	own.set("excludesFile", user.ExcludesFile())
	set := store.Settings{Shared: w.takenOver(user, main), Own: own.Bytes(), Exclude: exclude}
	if main {
		set.Sparse = w.sparse()
	}
	return set, nil
}

// takenOver is the configuration that the user's repository and the run's
// work trees share: what changes the bytes of a file on its way between a
// commit and the disk, and which files are there at all.
func (w *Run) takenOver(user userrepo.Config, main bool) []byte {
	var c configText
	c.section("core")
	for _, key := range []string{"autocrlf", "eol", "sharedRepository", "bigFileThreshold", "compression", "looseCompression"} {
		if v, ok := user.Values["core."+strings.ToLower(key)]; ok {
			c.set(key, v)
		}
	}
	c.set("safecrlf", "false")
	if main && user.IsTrue("core.sparsecheckout") && w.sparse() != nil {
		c.set("sparseCheckout", "true")
		if v, ok := user.Values["core.sparsecheckoutcone"]; ok {
			c.set("sparseCheckoutCone", v)
		}
	}
	c.section("index")
	c.set("sparse", "false")
	c.section("submodule")
	c.set("recurse", "false")
	return c.Bytes()
}

// sparse is the user's list of sparse checkout patterns, nil when there is none.
func (w *Run) sparse() []byte {
	data, err := os.ReadFile(filepath.Join(w.repo.GitDir, "info", "sparse-checkout"))
	if err != nil {
		return nil // git itself takes a list that it can't read as no list
	}
	return data
}

// escapePattern makes a path a pattern of an ignore file that matches only it.
func escapePattern(path string) string {
	var b strings.Builder
	for _, c := range []byte(path) {
		if strings.IndexByte(`\*?[ #!`, c) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}
