package spare

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"popkit/internal/workspace/store"
)

// Pool holds the spare checkouts below Dir, which is its own.
type Pool struct {
	Dir string

	making sync.Mutex // held while one is made; guards made
	made   int        // by this process

	mu   sync.Mutex
	free []store.Tree
}

// Stock makes spare checkouts of a commit, one after the other, until there are
// as many as wanted, which is asked before each, or ctx ends. None is made where
// agents could lack the room that it takes.
func (p *Pool) Stock(ctx context.Context, st *store.Store, commit string, wanted func() int) error {
	p.making.Lock()
	defer p.making.Unlock()
	for ctx.Err() == nil && p.count() < wanted() && p.roomy() {
		if err := p.add(ctx, st, commit); err != nil && ctx.Err() == nil {
			return fmt.Errorf("make a checkout ahead: %w", err)
		}
	}
	return nil
}

// Where less is free, nothing is made ahead.
const (
	minBytes  = 2 << 30
	minInodes = 100_000
)

// roomy reports whether the file system has room to spare.
func (p *Pool) roomy() bool {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(p.Dir), &fs); err != nil {
		return true // what is wrong there, the attempt will tell
	}
	return enough(fs.Bavail*uint64(fs.Bsize), fs.Ffree, fs.Files)
}

// enough judges what is free. Some file systems count no inodes.
func enough(bytes, inodes, allInodes uint64) bool {
	return bytes >= minBytes && (allInodes == 0 || inodes >= minInodes)
}

func (p *Pool) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.free)
}

// add makes one. The caller holds making.
func (p *Pool) add(ctx context.Context, st *store.Store, commit string) error {
	if p.made == 0 { // what an earlier process left
		if err := store.RemoveAll(p.Dir); err != nil {
			return err
		}
	}
	p.made++
	dir := filepath.Join(p.Dir, strconv.Itoa(p.made))
	t := store.Tree{Work: filepath.Join(dir, "work"), Index: filepath.Join(dir, "index")}
	err := os.MkdirAll(t.Work, 0o700)
	if err == nil {
		err = st.ReadTree(ctx, t, commit, "-u")
	}
	if err != nil {
		return errors.Join(err, store.RemoveAll(dir))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, t)
	return nil
}

// Take makes a spare checkout the work tree t, of which nothing is there yet, and
// reports whether there was one. It has the files of some commit.
func (p *Pool) Take(t store.Tree) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.free)
	if n == 0 {
		return false, nil
	}
	spare := p.free[n-1]
	p.free = p.free[:n-1]
	for _, path := range []string{t.Work, t.Index} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return false, fmt.Errorf("take a checkout that was made ahead: %w", err)
		}
	}
	if err := errors.Join(os.Rename(spare.Index, t.Index), os.Rename(spare.Work, t.Work)); err != nil {
		return false, fmt.Errorf("take a checkout that was made ahead: %w", err)
	}
	return true, os.Remove(filepath.Dir(spare.Work))
}
