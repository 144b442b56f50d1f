package statefile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"popkit/internal/core/view"
)

// known is what the run has shared.
type known struct {
	run   string
	order []string                   // IDs
	lines map[string][]byte          // by ID, as they stand in the file
	keys  map[string]map[string]bool // by key of an entry: who said so
}

func newKnown(run string) known {
	return known{run: run, lines: make(map[string][]byte), keys: make(map[string]map[string]bool)}
}

// put takes insights in and says whether anything is new.
func (k *known) put(insights []view.Insight, problem func(string)) (changed bool) {
	for _, in := range insights {
		line, err := encodeLine(in)
		if err != nil {
			problem(err.Error())
			continue
		}
		if old, ok := k.lines[in.ID]; !ok {
			k.order = append(k.order, in.ID)
		} else if slices.Equal(old, line) {
			continue
		}
		k.lines[in.ID] = line
		changed = true
		e := Entry{Insight: in}
		who := k.keys[e.key()]
		if who == nil {
			who = make(map[string]bool)
			k.keys[e.key()] = who
		}
		for _, agent := range append([]string{in.Agent}, in.Confirmed...) {
			who[agent] = true
		}
	}
	return changed
}

// has says whether an entry by that author tells the run nothing: it is one of
// the run's, or its author is known to say so. Without an author the text alone
// counts.
func (k *known) has(e *Entry, author string) bool {
	who, ok := k.keys[e.key()]
	if !ok {
		return false
	}
	_, ours := k.lines[e.ID]
	return ours || author == "" || who[author]
}

// author is who an entry that was found in the folder is by.
func (fo *folder) author(e *Entry) string {
	if fo.agent != "" {
		return fo.agent
	}
	return e.Agent
}

// look reads insights.json and takes in what others put there.
func (w *watch) look(fo *folder) {
	if fo.gone {
		return
	}
	at, err := fo.root.Lstat(insightsName)
	if err == nil && fo.unchanged(at) {
		fo.broken = time.Time{}
		return
	}
	data, err := fo.read(insightsName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fo.broken = time.Time{}
		fo.dirty = fo.dirty || fo.seen != nil
		return
	case err == nil && fo.seen != nil && same(data, fo.seen):
		fo.broken = time.Time{}
		return
	}
	var found Found
	if err == nil {
		found, err = Parse(data)
	}
	fo.dirty = true
	if err != nil {
		w.unreadable(fo, err)
		return
	}
	fo.broken, fo.seen, fo.at = time.Time{}, data, at
	w.takeIn(fo, found, data)
}

// unreadable waits for a file that may be half-written, and then keeps it aside.
func (w *watch) unreadable(fo *folder, err error) {
	if fo.broken.IsZero() {
		fo.broken = time.Now()
	}
	if time.Since(fo.broken) < w.files.grace {
		return
	}
	fo.broken = time.Time{}
	w.setAside(fo, insightsName, err)
}

// setAside keeps a file that can't be read under another name.
func (w *watch) setAside(fo *folder, name string, why error) {
	delete(fo.old, name)
	kept, err := fo.keepAside(name)
	if errors.Is(err, fs.ErrNotExist) {
		return // somebody took it away
	}
	if data, readErr := fo.read(kept); err == nil && readErr == nil {
		// Its writer may have finished just before.
		if found, parseErr := Parse(data); parseErr == nil {
			w.takeIn(fo, found, data)
			if err := fo.remove(kept); err != nil {
				w.problem("remove " + kept + ": " + err.Error())
			}
			return
		}
	}
	w.keptAside(fo, kept, why, err)
}

func (w *watch) keptAside(fo *folder, kept string, why, err error) {
	text := fmt.Sprintf("%s can't be read (%v); kept as %s", filepath.Join(fo.path, insightsName), why, kept)
	if err != nil {
		text = fmt.Sprintf("%s can't be read (%v) and can't be kept aside: %v", filepath.Join(fo.path, insightsName), why, err)
		fo.gone = true // rather not written than overwritten
	}
	w.notify(Change{Agent: fo.agent, Problem: text})
}

// takeIn reports the entries that are new, and remembers them until the run has
// them. A file with entries that can't be read is kept as a copy.
func (w *watch) takeIn(fo *folder, found Found, data []byte) {
	foreign := found.Run != "" && found.Run != w.known.run
	var imported []Entry
	for _, e := range found.Entries {
		// What another run shared is in that run's log; the rest was added.
		if foreign && ourID(e.ID) || w.known.has(&e, fo.author(&e)) || fo.holds(&e) {
			continue
		}
		fo.others = append(fo.others, e)
		imported = append(imported, e)
		fo.dirty = true
	}
	if len(imported) > 0 {
		w.notify(Change{Agent: fo.agent, Imported: imported})
	}
	if len(found.Problems) > 0 {
		kept, err := fo.copyAside(data)
		w.keptAside(fo, kept, fmt.Errorf("%s", found.Problems[0]), err)
	}
}

// ourID says whether an ID looks like one of popkit's.
func ourID(id string) bool {
	n, ok := strings.CutPrefix(id, "i-")
	return ok && n != "" && strings.Trim(n, "0123456789") == ""
}

// holds says whether the entry was taken in before.
func (fo *folder) holds(e *Entry) bool {
	return slices.ContainsFunc(fo.others, func(o Entry) bool {
		return o.key() == e.key() && fo.author(&o) == fo.author(e)
	})
}

// rewrite makes insights.json what it should be.
func (w *watch) rewrite(fo *folder) error {
	if err := w.ensure(fo); err != nil || fo.gone || !fo.dirty {
		return err
	}
	w.look(fo)
	if !fo.broken.IsZero() || fo.gone {
		return nil // its time comes when it can be read, or is kept aside
	}
	fo.others = slices.DeleteFunc(fo.others, func(e Entry) bool { return w.known.has(&e, fo.author(&e)) })
	lines := make([][]byte, len(w.known.order))
	for i, id := range w.known.order {
		lines[i] = w.known.lines[id]
	}
	data, err := encode(w.known.run, lines, fo.others)
	if err != nil {
		return err
	}
	if err := fo.replace(data); err != nil {
		return err
	}
	w.settleAll(fo, false)
	return nil
}

// ensure sees to it that the directory is there: a workspace's is made again;
// when the repository's was removed, nothing is written any more.
func (w *watch) ensure(fo *folder) error {
	if fo.gone || fo.present() {
		return nil
	}
	if fo == w.folders[0] {
		fo.gone = true
		if w.stateThere {
			w.stateRemoved()
		}
		w.problem(fo.path + " was removed")
		return nil
	}
	if _, err := os.Stat(fo.base); errors.Is(err, fs.ErrNotExist) {
		fo.gone = true // the workspace is gone; so will be the folder
		return nil
	}
	if err := fo.close(); err != nil {
		return err
	}
	root, err := openWorkspace(fo.base)
	if err != nil {
		fo.gone = true
		return err
	}
	if err := fo.open(root); err != nil {
		fo.gone = true
		return err
	}
	return w.add(fo)
}

// settleAll settles every former insights.json of the folder.
func (w *watch) settleAll(fo *folder, last bool) {
	for name := range fo.old {
		w.settle(fo, name, last)
	}
}

// settle takes in what was written to a former insights.json since, and removes
// it when nobody can write to it any more.
func (w *watch) settle(fo *folder, name string, last bool) {
	d := fo.old[name]
	file, err := fo.openFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		delete(fo.old, name)
		return
	}
	if err != nil {
		w.setAside(fo, name, err)
		return
	}
	defer file.Close() // read only: nothing to lose
	busy, known := written(file)
	done := last || known && !busy || !known && d.spent
	data, err := readStable(file)
	if err == nil && d.held != nil && same(data, d.held) {
		if done {
			w.forget(fo, name)
		}
		return
	}
	var found Found
	if err == nil {
		found, err = Parse(data)
	}
	switch {
	case err != nil && done && d.held == nil && bytes.HasPrefix(data, []byte(opening)):
		w.forget(fo, name) // our own, from before we were killed
		return
	case err != nil && done:
		w.setAside(fo, name, err)
		return
	case err != nil:
		return // its writer is not done
	}
	w.takeIn(fo, found, data)
	d.held = data
	if done {
		w.forget(fo, name)
	}
}

func (w *watch) forget(fo *folder, name string) {
	delete(fo.old, name)
	if err := fo.remove(name); err != nil {
		w.problem("remove a former insights.json: " + err.Error())
	}
}
