package unguarded

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// node is one entry of the file system.
type node struct {
	mode    fs.FileMode
	size    int64
	inode   uint64
	changed syscall.Timespec // ctime: whatever is done to it shows
	mtime   time.Time
	text    string // of a file, or where a link leads
}

// still is what the world looks like.
type still map[string]node

// unseen is not the world: the kernel's, libraries, the far end, and what is the
// agent's own anyway, where it may do what it likes.
var unseen = []string{"/proc", "/sys", "/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/libexec", "/usr/share", "/lib", "/lib64", tools, far, "/tmp", "/var/tmp", own, "/dev/pts", "/dev/shm"}

// look takes a still. What has not been touched since another is taken from there.
func look(before still) (still, error) {
	root, err := nodeOf("/", before)
	if err == nil {
		err = os.Chmod("/", 0o755) // a case may have locked it
	}
	if err != nil {
		return nil, err
	}
	now, err := lookAt("/", before)
	if err == nil {
		now["/"] = root
	}
	return now, err
}

func lookAt(root string, before still) (still, error) {
	now := still{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && slices.Contains(unseen, path) {
			return fs.SkipDir
		}
		n, err := nodeOf(path, before)
		if err == nil && path != "/" {
			now[path] = n
		}
		if err == nil && d.IsDir() && n.mode&0o700 != 0o700 { // a case locked it
			return os.Chmod(path, 0o700)
		}
		return err
	})
	return now, err
}

func nodeOf(path string, before still) (node, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return node{}, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return node{}, errors.New("no inode: " + path)
	}
	n := node{mode: info.Mode(), size: info.Size(), inode: st.Ino, changed: st.Ctim, mtime: info.ModTime()}
	if old, ok := before[path]; ok && old.inode == n.inode && old.changed == n.changed && old.mode == n.mode {
		n.text = old.text
		return n, nil
	}
	switch {
	case n.mode.IsRegular() && n.size < 1<<18:
		if n.mode&0o400 == 0 {
			if err := os.Chmod(path, 0o600); err != nil {
				return node{}, err
			}
		}
		data, err := os.ReadFile(path)
		n.text = string(data)
		return n, err
	case n.mode&fs.ModeSymlink != 0:
		n.text, err = os.Readlink(path)
		return n, err
	}
	return n, nil
}

// differs reports whether two nodes are not the same to whom they belong to. Times
// of folders change with what is in them.
func (n node) differs(o node) bool {
	return n.mode != o.mode || n.text != o.text || n.mode.IsRegular() && (n.size != o.size || !n.mtime.Equal(o.mtime))
}

// changes lists what differs between two stills, sorted.
func (s still) changes(now still) []string {
	var out []string
	for path, n := range s {
		o, ok := now[path]
		if strings.HasPrefix(path, ownGit+"/") {
			o.mtime = n.mtime // git writes the same again
		}
		if !ok || n.differs(o) {
			out = append(out, path)
		}
	}
	for path := range now {
		if _, ok := s[path]; !ok {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

// restore makes the world what it was, where it is not, and returns how it then is.
func (s still) restore(changed []string) (still, error) {
	for _, path := range slices.Backward(changed) { // what is in a folder first
		if _, ok := s[path]; ok && s[path].mode.IsDir() {
			if info, err := os.Lstat(path); err == nil && info.IsDir() {
				continue
			}
		}
		if err := os.RemoveAll(path); err != nil {
			return nil, err
		}
	}
	for _, path := range changed {
		n, ok := s[path]
		if !ok {
			continue
		}
		if err := n.make(path); err != nil {
			return nil, err
		}
	}
	now := still{}
	for path, n := range s {
		if !slices.Contains(changed, path) {
			now[path] = n
			continue
		}
		fresh, err := nodeOf(path, nil)
		if err != nil {
			return nil, err
		}
		now[path] = fresh
	}
	return now, nil
}

func (n node) make(path string) error {
	switch {
	case n.mode.IsDir():
		if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return os.Chmod(path, n.mode.Perm())
	case n.mode&fs.ModeSymlink != 0:
		return os.Symlink(n.text, path)
	case n.mode.IsRegular():
		if err := os.WriteFile(path, []byte(n.text), 0o600); err != nil {
			return err
		}
		return errors.Join(os.Chmod(path, n.mode.Perm()), os.Chtimes(path, n.mtime, n.mtime))
	}
	if n.mode&fs.ModeSocket != 0 {
		return socket(path)
	}
	return errors.New("cannot be restored: " + path)
}

// socket makes one: that it is there is all that a twin needs.
func socket(path string) error {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false)
	return l.Close()
}

// holds reports whether a text gives a secret away, plainly or thinly disguised.
func holds(text string) bool {
	if strings.Contains(text, secret) || strings.Contains(text, reversed) {
		return true
	}
	packed := strings.Join(strings.Fields(text), "")
	return strings.Contains(packed, secret) || strings.Contains(strings.ToLower(packed), inHex) || strings.Contains(strings.ReplaceAll(packed, "\x00", ""), secret)
}
