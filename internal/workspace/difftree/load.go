package difftree

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"popkit/internal/core/audit"
	"popkit/internal/core/event"
	"popkit/internal/workspace/store"
)

// MaxDirs bounds how many directories are read for the names in them.
const MaxDirs = 2000

// Load reads sizes and contents of the changes, within the rules' limits, and the
// names of what is beside new files in commit. It marks in the changes what it
// read.
func Load(ctx context.Context, st *store.Store, commit string, changes []audit.Change, rules event.AuditRules) (audit.Diff, error) {
	d := audit.Diff{Changes: changes, Names: map[string][]string{}}
	dirs := audit.Parents(changes)
	if len(dirs) > MaxDirs {
		d.NamesLeft, dirs = len(dirs)-MaxDirs, dirs[:MaxDirs]
	}
	l := loader{rules: rules, left: audit.ReadLimit(rules), diff: &d, read: map[string]string{}, idLen: len(commit) / 2}
	ask := func(b *batch) error {
		if err := l.sizes(b); err != nil {
			return err
		}
		if err := l.contents(b); err != nil {
			return err
		}
		return l.names(b, commit, dirs)
	}
	if len(changes) == 0 {
		return d, nil
	}
	return d, conversation(ctx, st, ask)
}

// loader reads what a diff is made of.
type loader struct {
	rules event.AuditRules
	left  int64 // bytes that may still be read
	diff  *audit.Diff
	read  map[string]string // object → content
	idLen int               // bytes of an object's name
}

// sides returns the changes' sides that are files or links, what is new first:
// it is read before what was there.
func (l *loader) sides() []*audit.Side {
	var after, before []*audit.Side
	for i := range l.diff.Changes {
		c := &l.diff.Changes[i]
		if s := &c.New; s.There() && s.Mode != audit.ModeModule {
			after = append(after, s)
		}
		if s := &c.Old; s.There() && s.Mode != audit.ModeModule {
			before = append(before, s)
		}
	}
	return append(after, before...)
}

func (l *loader) sizes(b *batch) error {
	sides := l.sides()
	ask := make([]string, len(sides))
	for i, s := range sides {
		ask[i] = "info " + s.Object
	}
	return b.exchange(ask, func(i int, kind string, n int64) error {
		if kind == missing {
			sides[i].Missing = true
			return nil
		}
		if kind != "blob" {
			return fmt.Errorf("object %s is a %s", sides[i].Object, kind)
		}
		sides[i].Size = n
		return nil
	})
}

func (l *loader) contents(b *batch) error {
	var ask []string
	var objects []string
	wanted := map[string]bool{}
	sides := l.sides()
	for _, s := range sides {
		switch {
		case wanted[s.Object], !audit.ReadsContent(*s, l.rules), s.Size > l.left:
			continue
		}
		l.left -= s.Size
		wanted[s.Object] = true
		ask, objects = append(ask, "contents "+s.Object), append(objects, s.Object)
	}
	err := b.exchange(ask, func(i int, _ string, n int64) error {
		content, err := b.body(n)
		l.read[objects[i]] = content
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range sides {
		if content, ok := l.read[s.Object]; ok {
			s.Read, s.Content = true, content
		}
	}
	return nil
}

// names reads directories as tree objects.
func (l *loader) names(b *batch, commit string, dirs []string) error {
	var ask, asked []string
	for _, dir := range dirs {
		if strings.ContainsAny(dir, "\n") {
			l.diff.NamesLeft++
			continue
		}
		ask, asked = append(ask, "contents "+commit+":"+dir), append(asked, dir)
	}
	return b.exchange(ask, func(i int, kind string, n int64) error {
		if kind != "tree" {
			return fmt.Errorf("%q is a %s in %s", asked[i], kind, commit)
		}
		if n > l.left {
			l.diff.NamesLeft++
			return b.skip(n)
		}
		l.left -= n
		body, err := b.body(n)
		if err != nil {
			return err
		}
		names, err := treeNames(body, l.idLen)
		l.diff.Names[asked[i]] = names
		return err
	})
}

// treeNames reads "MODE NAME\0ID" entries.
func treeNames(tree string, idLen int) ([]string, error) {
	var names []string
	for tree != "" {
		entry, rest, ok := strings.Cut(tree, "\x00")
		_, name, ok2 := strings.Cut(entry, " ")
		if !ok || !ok2 || len(rest) < idLen {
			return nil, errors.New("a tree object that can't be read")
		}
		names, tree = append(names, name), rest[idLen:]
	}
	return names, nil
}

// batch is a git cat-file process that answers as long as it is asked.
type batch struct {
	in  io.Writer
	out *bufio.Reader
}

// conversation runs git cat-file while talk asks it.
func conversation(ctx context.Context, st *store.Store, talk func(*batch) error) error {
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, err := st.Run(ctx, store.Call{Args: []string{"cat-file", "--batch-command", "--buffer"}, Stdin: inR, Stdout: outW})
		// Whoever still asks or listens is let go.
		inR.CloseWithError(errEnded)
		outW.CloseWithError(errEnded)
		ended <- err
	}()
	stop := context.AfterFunc(ctx, func() { outR.CloseWithError(errEnded); inW.CloseWithError(errEnded) })
	defer stop()
	err := talk(&batch{in: inW, out: bufio.NewReaderSize(outR, 64<<10)})
	inW.Close()                   // never fails; the process ends
	outR.CloseWithError(errEnded) // likewise, what it still says is not read
	if end := <-ended; end != nil && (err == nil || errors.Is(err, errEnded)) {
		err = end
	}
	if err != nil {
		return fmt.Errorf("read the diff's contents: %w", err)
	}
	return nil
}

var errEnded = errors.New("git cat-file has ended")

// missing is what git says of an object that is not there.
const missing = "missing"

// exchange asks and hands the head of each answer to take, which must read the
// body where there is one.
func (b *batch) exchange(ask []string, take func(i int, kind string, size int64) error) error {
	if len(ask) == 0 {
		return nil
	}
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(b.in, strings.Join(ask, "\n")+"\nflush\n")
		sent <- err
	}()
	for i := range ask {
		line, err := b.out.ReadString('\n')
		if err != nil {
			return err
		}
		parts := strings.Fields(line)
		if len(parts) == 2 && parts[1] == missing {
			parts = append(parts, "0")
		}
		if len(parts) != 3 {
			return fmt.Errorf("%s: %s", ask[i], strings.TrimSpace(line))
		}
		n, err := strconv.ParseInt(parts[2], 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("%s: %s", ask[i], strings.TrimSpace(line))
		}
		if err := take(i, parts[1], n); err != nil {
			return err
		}
	}
	return <-sent
}

// body reads a content of n bytes and the line's end after it.
func (b *batch) body(n int64) (string, error) {
	buf := make([]byte, n+1)
	if _, err := io.ReadFull(b.out, buf); err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

func (b *batch) skip(n int64) error {
	_, err := io.CopyN(io.Discard, b.out, n+1)
	return err
}
