package store

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1" //nolint:gosec // git's own name for an object, not a protection
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"popkit/internal/workspace/git"
)

// Author is who makes a commit, and when.
type Author struct {
	Name, Email string
	When        time.Time
}

// Commit writes a commit of a tree into the source's objects and returns its
// name: what git commit-tree does, without a process. The tree and the parents
// must be there. Signing, permissions of a shared repository and a second format
// of names are not for it (see CommitArgs).
func (st *Store) Commit(by Author, tree, message string, parents ...string) (string, error) {
	who, err := by.line()
	if err != nil {
		return "", err
	}
	var body bytes.Buffer
	fmt.Fprintf(&body, "tree %s\n", tree)
	for _, p := range parents {
		fmt.Fprintf(&body, "parent %s\n", p)
	}
	fmt.Fprintf(&body, "author %s\ncommitter %s\n\n%s", who, who, message)
	id, err := st.writeObject("commit", body.Bytes())
	if err != nil {
		return "", git.DiskFull(fmt.Errorf("write commit: %w", err), st.Src.Objects)
	}
	return id, nil
}

// line is the author as git writes one: what would end the name or the address
// is left out.
func (a Author) line() (string, error) {
	clean := func(s string) string {
		s = strings.NewReplacer("<", "", ">", "", "\n", "", "\x00", "").Replace(s)
		return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' || strings.ContainsRune(`.,:;"\'`, r) })
	}
	name := clean(a.Name)
	if name == "" {
		return "", fmt.Errorf("%q can't be the name of a commit's author", a.Name)
	}
	return fmt.Sprintf("%s <%s> %d %s", name, clean(a.Email), a.When.Unix(), a.When.Format("-0700")), nil
}

// writeObject writes a loose object as git does: into a file beside its place,
// of a kind that git prune knows, and then by its name.
func (st *Store) writeObject(kind string, body []byte) (string, error) {
	data := append(fmt.Appendf(nil, "%s %d\x00", kind, len(body)), body...)
	id := st.name(data)
	dir := filepath.Join(st.Src.Objects, id[:2])
	path := filepath.Join(dir, id[2:])
	now := time.Now()
	if err := os.Chtimes(path, now, now); err == nil {
		return id, nil // it is there, and now too young to be pruned
	}
	if err := os.Mkdir(dir, 0o777); err != nil && !errors.Is(err, os.ErrExist) { //nolint:gosec // the user's umask decides, as for git's
		return "", err
	}
	tmp := filepath.Join(dir, fmt.Sprintf("tmp_obj_%016x", rand.Uint64()))
	if err := writeCompressed(tmp, data); err != nil {
		return "", errors.Join(err, RemoveIfThere(tmp))
	}
	return id, os.Rename(tmp, path)
}

// name is an object's name: the hash of its kind, length and content.
func (st *Store) name(data []byte) string {
	if st.Src.Format == "sha256" {
		sum := sha256.Sum256(data)
		return hex.EncodeToString(sum[:])
	}
	sum := sha1.Sum(data) //nolint:gosec // likewise
	return hex.EncodeToString(sum[:])
}

func writeCompressed(path string, data []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z := zlib.NewWriter(f)
	if _, err := z.Write(data); err != nil {
		return err
	}
	return z.Close()
}
