package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"

	"popkit/internal/core/smell"
)

// repository answers questions about a repository; one git process hands out the
// texts of its files.
type repository struct {
	dir   string
	cat   *exec.Cmd
	ask   io.WriteCloser
	reply *bufio.Reader
}

func open(ctx context.Context, dir string) (*repository, error) {
	r := &repository{dir: dir}
	r.cat = r.command(ctx, "cat-file", "--batch")
	ask, err := r.cat.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start git: %w", err)
	}
	reply, err := r.cat.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start git: %w", err)
	}
	if err := r.cat.Start(); err != nil {
		return nil, fmt.Errorf("start git: %w", err)
	}
	r.ask, r.reply = ask, bufio.NewReaderSize(reply, 1<<16)
	return r, nil
}

// close ends the git process and returns the first of the two errors.
func (r *repository) close(err error) error {
	return errors.Join(err, r.ask.Close(), r.cat.Wait())
}

// command makes a git command that runs nothing of the repository's: no hooks, no
// external diff, no text conversion.
func (r *repository) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "git", append([]string{"-C", r.dir, "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"}, args...)...)
}

func (r *repository) output(ctx context.Context, args ...string) ([]byte, error) {
	cmd := r.command(ctx, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}

// commits returns the hashes of so many commits that have a parent and touch no
// more than so many files.
func (r *repository) commits(ctx context.Context, n, skip, files int) ([]string, error) {
	out, err := r.output(ctx, "log", "--no-merges", "--min-parents=1", "-n", strconv.Itoa(2*n), "--skip", strconv.Itoa(skip),
		"--no-renames", "--name-only", "--no-ext-diff", "--format=%x00%H")
	if err != nil {
		return nil, err
	}
	var hashes []string
	for _, one := range strings.Split(string(out), "\x00") {
		hash, names, _ := strings.Cut(one, "\n")
		if touched := len(strings.Fields(names)); hash != "" && touched > 0 && touched <= files && len(hashes) < n {
			hashes = append(hashes, hash)
		}
	}
	return hashes, nil
}

// changes returns what a commit changed, with the texts before and after.
func (r *repository) changes(ctx context.Context, hash string) ([]smell.Change, error) {
	out, err := r.output(ctx, "diff-tree", "-r", "-M", "-z", "--no-commit-id", "--no-ext-diff", "--raw", hash)
	if err != nil {
		return nil, err
	}
	var list []smell.Change
	fields := strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
	for i := 0; i+1 < len(fields); {
		meta := strings.Fields(strings.TrimPrefix(fields[i], ":")) // modes, objects, status
		if len(meta) != 5 {
			return nil, fmt.Errorf("git diff-tree: unknown line %q", fields[i])
		}
		c := smell.Change{Path: fields[i+1], Kind: kind(meta[4])}
		i += 2
		if meta[4][0] == 'R' || meta[4][0] == 'C' {
			if i >= len(fields) {
				return nil, errors.New("git diff-tree: a rename without a name")
			}
			c.From, c.Path = c.Path, fields[i]
			i++
		}
		if c.Old, err = r.text(meta[0], meta[2]); err != nil {
			return nil, err
		}
		if c.New, err = r.text(meta[1], meta[3]); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

func kind(status string) smell.Kind {
	switch status[0] {
	case 'A', 'C':
		return smell.Created
	case 'D':
		return smell.Deleted
	case 'R':
		return smell.Renamed
	}
	return smell.Modified
}

// text returns a file's text; a submodule has none, nor has what is not there.
func (r *repository) text(mode, object string) (string, error) {
	if mode == "160000" || strings.Trim(object, "0") == "" {
		return "", nil
	}
	if _, err := fmt.Fprintln(r.ask, object); err != nil {
		return "", fmt.Errorf("ask git cat-file: %w", err)
	}
	head, err := r.reply.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("read git cat-file: %w", err)
	}
	fields := strings.Fields(head)
	if len(fields) != 3 {
		return "", nil // a partial clone lacks it: not looked at
	}
	size, err := strconv.Atoi(fields[2])
	if err != nil {
		return "", fmt.Errorf("read git cat-file: %w", err)
	}
	text := make([]byte, size+1)
	if _, err := io.ReadFull(r.reply, text); err != nil {
		return "", fmt.Errorf("read git cat-file: %w", err)
	}
	return string(text[:size]), nil
}
