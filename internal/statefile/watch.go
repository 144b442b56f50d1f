package statefile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Pace of writing: after a round that took d nothing is written for pause·d, at
// most maxPause; after one that failed, for retry.
const (
	pause    = 9
	maxPause = 2 * time.Second
	retry    = time.Second
)

// watch is the state of one Watch. One goroutine owns it.
type watch struct {
	files   *Files
	notify  func(Change)
	watcher *fsnotify.Watcher
	folders []*folder // the repository's first
	known   known

	state      []byte // wanted, nil when it is written
	stateThere bool   // we wrote it, and nobody removed it since
	stateGone  bool   // somebody else removed it

	waiting []*call   // flushes: while there is one, writing makes no pause
	next    time.Time // nothing is written before
	failed  string    // the last problem with writing, "" when it went well
}

// Watch keeps the files and calls notify for what others do to them, until ctx
// ends; see the package's text. It is called once.
func (f *Files) Watch(ctx context.Context, notify func(Change)) (err error) {
	defer close(f.stopped)
	w := &watch{files: f, notify: notify, known: newKnown(f.run)}
	if w.watcher, err = fsnotify.NewWatcher(); err != nil {
		return fmt.Errorf("watch %s: %w (raise fs.inotify.max_user_instances)", f.repo, err)
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.openRepo(); err != nil {
		return err
	}
	w.begin()
	for {
		w.round()
		timer := w.timer()
		select {
		case <-ctx.Done():
			timer.Stop()
			return w.finish()
		case e := <-w.watcher.Events:
			w.event(e)
		case err := <-w.watcher.Errors:
			w.watchError(err)
		case <-f.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (w *watch) openRepo() error {
	root, err := os.OpenRoot(filepath.Join(w.files.repo, Below))
	if err != nil {
		return fmt.Errorf("open state files: %w", err)
	}
	fo := &folder{base: w.files.repo}
	if err := fo.open(root); err != nil {
		return fmt.Errorf("open state files: %w", err)
	}
	w.folders = append(w.folders, fo)
	return w.add(fo)
}

func (w *watch) add(fo *folder) error {
	if err := w.watcher.Add(fo.path); err != nil {
		return fmt.Errorf("watch %s: %w", fo.path, err)
	}
	return nil
}

// begin takes in what is there before anything is written.
func (w *watch) begin() {
	calls := w.take()
	w.look(w.folders[0])
	for _, c := range calls {
		w.do(c)
	}
}

// take takes over what is wanted.
func (w *watch) take() (calls []*call) {
	insights, state, calls := w.files.take()
	if state != nil {
		w.state = state
	}
	if len(insights) > 0 && w.known.put(insights, w.problem) {
		for _, fo := range w.folders {
			fo.dirty = true
		}
	}
	return calls
}

// round does what is wanted and, if it is time, writes.
func (w *watch) round() {
	for _, c := range w.take() {
		w.do(c)
	}
	if len(w.waiting) == 0 && time.Now().Before(w.next) {
		return
	}
	w.write()
	if w.failed != "" || !w.pending() {
		w.answer()
	}
}

func (w *watch) do(c *call) {
	if c.flush {
		w.waiting = append(w.waiting, c)
		return
	}
	c.done <- c.do(w)
}

// unwritten returns why the last round failed.
func (w *watch) unwritten() error {
	if w.failed == "" {
		return nil
	}
	return errors.New(w.failed)
}

// answer tells those who wait for a flush how it went.
func (w *watch) answer() {
	for _, c := range w.waiting {
		c.done <- w.unwritten()
	}
	w.waiting = nil
}

// pending says whether something is still to be written.
func (w *watch) pending() bool {
	return w.state != nil && !w.stateGone || slices.ContainsFunc(w.folders, func(fo *folder) bool { return fo.dirty && !fo.gone })
}

// write writes all that is not as it should be.
func (w *watch) write() {
	if !w.pending() {
		return
	}
	begun := time.Now()
	var errs []error
	for _, fo := range w.folders {
		if err := w.rewrite(fo); err != nil {
			errs = append(errs, fmt.Errorf("write %s: %w", filepath.Join(fo.path, insightsName), err))
		}
	}
	if err := w.writeState(); err != nil {
		errs = append(errs, fmt.Errorf("write %s: %w", stateName, err))
	}
	now := time.Now()
	w.next = now.Add(min(pause*now.Sub(begun), maxPause))
	if len(errs) == 0 {
		w.failed = ""
		return
	}
	w.next = now.Add(retry)
	// The same problem is told once, not at every try.
	if text := errors.Join(errs...).Error(); text != w.failed {
		w.failed = text
		w.problem(errs[0].Error())
	}
}

// timer fires when something is to be done though nothing happens.
func (w *watch) timer() *time.Timer {
	var at time.Time
	sooner := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	for _, fo := range w.folders {
		switch due := fo.broken.Add(w.files.grace); {
		case !fo.dirty || fo.gone:
		case !fo.broken.IsZero() && due.After(w.next):
			sooner(due)
		default:
			sooner(w.next)
		}
	}
	if w.state != nil && !w.stateGone {
		sooner(w.next)
	}
	if at.IsZero() {
		return time.NewTimer(time.Hour) // nothing is due: an hour does no harm
	}
	return time.NewTimer(time.Until(at))
}

func (w *watch) problem(text string) { w.notify(Change{Problem: text}) }

// event takes note of what happened in a directory.
func (w *watch) event(e fsnotify.Event) {
	dir, name := filepath.Split(e.Name)
	dir = filepath.Clean(dir)
	for _, fo := range w.folders {
		switch fo.path {
		case e.Name:
			fo.dirty = fo.dirty || !fo.present()
		case dir:
			w.changed(fo, name, e.Op)
		}
	}
}

func (w *watch) changed(fo *folder, name string, op fsnotify.Op) {
	if op == fsnotify.Chmod || fo.gone {
		return
	}
	switch {
	case name == insightsName:
		if !fo.broken.IsZero() {
			fo.broken = time.Now() // somebody is still writing
		}
		w.look(fo)
	case name == stateName && fo == w.folders[0]:
		w.lookForState()
	case fo.old[name] != nil:
		w.settle(fo, name, false)
	}
}

// watchError: events were lost, so everything is looked at.
func (w *watch) watchError(err error) {
	if !errors.Is(err, fsnotify.ErrEventOverflow) {
		w.problem("watch state files: " + err.Error())
	}
	for _, fo := range w.folders {
		w.look(fo)
		w.settleAll(fo, false)
	}
	w.lookForState()
}

// finish writes what is wanted, takes in what others added, and answers who
// waits.
func (w *watch) finish() error {
	for _, c := range w.take() {
		w.do(c)
	}
	for _, fo := range w.folders {
		if !fo.broken.IsZero() {
			fo.broken = time.Now().Add(-w.files.grace) // waited for no longer
		}
		w.look(fo)
	}
	w.write()
	for _, fo := range w.folders {
		w.settleAll(fo, true)
	}
	w.answer()
	return w.unwritten()
}

func (w *watch) close() error {
	errs := []error{w.watcher.Close()}
	for _, fo := range w.folders {
		errs = append(errs, fo.close())
	}
	return errors.Join(errs...)
}

// addWorkspace takes a workspace in.
func (w *watch) addWorkspace(root, agent string) error {
	below, err := openWorkspace(root)
	if err != nil {
		return fmt.Errorf("share insights with %s: %w", agent, err)
	}
	fo := &folder{base: root, agent: agent}
	if err := fo.open(below); err != nil {
		return fmt.Errorf("share insights with %s: %w", agent, err)
	}
	if err := w.add(fo); err != nil {
		return errors.Join(err, fo.close())
	}
	// What is there already came with the clone, unless it is a copy of ours.
	if data, err := fo.read(insightsName); err == nil {
		if found, err := Parse(data); err != nil || found.Run != w.known.run {
			fo.seen = data
		}
	}
	if err := w.rewrite(fo); err != nil {
		return errors.Join(err, w.watcher.Remove(fo.path), fo.close())
	}
	w.folders = append(w.folders, fo)
	return nil
}

func (w *watch) removeWorkspace(root string) error {
	i := slices.IndexFunc(w.folders, func(fo *folder) bool { return fo.base == root && fo != w.folders[0] })
	if i < 0 {
		return nil
	}
	fo := w.folders[i]
	if fo.present() {
		w.look(fo)
		w.settleAll(fo, true)
		if err := w.watcher.Remove(fo.path); err != nil && !errors.Is(err, fsnotify.ErrNonExistentWatch) {
			w.problem("watch " + fo.path + ": " + err.Error())
		}
	}
	w.folders = slices.Delete(w.folders, i, i+1)
	return fo.close()
}

// lookForState reports that somebody removed power-state.json.
func (w *watch) lookForState() {
	if !w.stateThere {
		return
	}
	if _, err := os.Lstat(filepath.Join(w.folders[0].path, stateName)); errors.Is(err, fs.ErrNotExist) {
		w.stateRemoved()
	}
}

func (w *watch) stateRemoved() {
	w.stateThere, w.stateGone, w.state = false, true, nil
	w.notify(Change{StateRemoved: true})
}

// writeState writes power-state.json: the first time whatever is there, later
// only in place of the one that is there.
func (w *watch) writeState() error {
	fo := w.folders[0]
	if w.state == nil || w.stateGone || fo.gone {
		return nil
	}
	name, err := fo.temp(statePrefix, w.state)
	if err != nil {
		return err
	}
	if !w.stateThere {
		if err := fo.root.Rename(name, stateName); err != nil {
			return errors.Join(err, fo.remove(name))
		}
		w.state, w.stateThere = nil, true
		return nil
	}
	err = exchange(fo.dir, name, stateName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		w.stateRemoved()
		return fo.remove(name)
	case err != nil:
		return errors.Join(err, fo.remove(name))
	}
	w.state = nil
	return fo.remove(name)
}

func (w *watch) clearState() error {
	w.state = nil
	if !w.stateThere {
		return nil
	}
	w.stateThere = false
	return w.folders[0].remove(stateName)
}
