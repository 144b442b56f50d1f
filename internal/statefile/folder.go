package statefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// maxFile bounds how large an insights.json is read.
const maxFile = 64 << 20

// The beginnings of the names of files on their way in or out of their place.
const (
	oldPrefix   = "." + insightsName + "."
	statePrefix = "." + stateName + "."
)

// folder is one directory with an insights.json. Only Watch's goroutine uses it.
type folder struct {
	base  string   // the repository or workspace
	path  string   // its directory for popkit's files, as inotify names it
	agent string   // whose workspace it is, "" for the repository
	root  *os.Root // path, held open
	dir   *os.File // the same, for exchange

	seen   []byte      // what was in insights.json when it was written or taken in last
	at     os.FileInfo // the file that held it
	others []Entry     // what others added and WriteInsights has not brought back
	dirty  bool        // insights.json is not as it should be
	broken time.Time   // since when it can't be read, zero when it can
	gone   bool        // the directory was removed: nothing is written any more

	old    map[string]*displaced // by name
	serial int                   // of the last temporary name
}

// displaced is a former insights.json that somebody may still write to.
type displaced struct {
	held  []byte // what was in it as far as it was taken in
	spent bool   // there was a rewriting since
}

// maxTries bounds how often a file that comes and goes is written.
const maxTries = 100

// maxReads bounds how often a file that is being written is read.
const maxReads = 10

// errBusy: the file was another one each time it was read; whoever writes it
// causes another event.
var errBusy = errors.New("it is being written")

// errNotRegular: somebody put a link, a directory or a pipe in the file's place.
var errNotRegular = errors.New("not a regular file")

// errTooLarge: the file is larger than maxFile.
var errTooLarge = fmt.Errorf("larger than %d MiB", maxFile>>20)

// open takes the directory; made says how.
func (fo *folder) open(root *os.Root) error {
	dir, err := root.Open(".")
	if err != nil {
		return errors.Join(err, root.Close())
	}
	fo.root, fo.dir, fo.seen, fo.at, fo.dirty = root, dir, nil, nil, true
	fo.path = filepath.Join(fo.base, Below)
	fo.old = make(map[string]*displaced)
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return errors.Join(err, fo.close())
	}
	// What a popkit that was killed left behind is read like any other.
	for _, name := range names {
		if strings.HasPrefix(name, statePrefix) {
			err = errors.Join(err, fo.remove(name))
		}
		if n, ok := oldSerial(name); ok {
			fo.old[name] = &displaced{}
			fo.serial = max(fo.serial, n)
		}
	}
	if err != nil {
		return errors.Join(err, fo.close())
	}
	return nil
}

func oldSerial(name string) (n int, ok bool) {
	rest, ok := strings.CutPrefix(name, oldPrefix)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(rest)
	return n, err == nil
}

func (fo *folder) close() error {
	if fo.root == nil {
		return nil
	}
	err := errors.Join(fo.dir.Close(), fo.root.Close())
	fo.root, fo.dir = nil, nil
	return err
}

// present says whether path is still the directory that is held open.
func (fo *folder) present() bool {
	held, err := fo.dir.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(fo.path)
	return err == nil && os.SameFile(held, now)
}

// openFile opens a regular file for reading; it never waits, whatever is there.
func (fo *folder) openFile(name string) (*os.File, error) {
	if at, err := fo.root.Lstat(name); err != nil {
		return nil, err
	} else if !at.Mode().IsRegular() {
		return nil, errNotRegular
	}
	file, err := fo.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	// Once more: it may have been replaced in between.
	if at, err := file.Stat(); err != nil || !at.Mode().IsRegular() {
		return nil, errors.Join(errNotRegular, err, file.Close())
	}
	return file, nil
}

// unchanged says whether insights.json is still the file that held seen, without
// reading it. Where times are coarse, a change at the same moment that leaves the
// size is only found when the file is replaced.
func (fo *folder) unchanged(now os.FileInfo) bool {
	return fo.at != nil && os.SameFile(fo.at, now) && fo.at.Size() == now.Size() && fo.at.ModTime().Equal(now.ModTime())
}

// readStable reads the file until it is the same twice in a row. A file that is
// written in between may otherwise be read as the beginning of the old and the
// end of the new content, which can be JSON and yet was never written.
func readStable(file *os.File) ([]byte, error) {
	var before []byte
	for try := range maxReads {
		data, err := io.ReadAll(io.NewSectionReader(file, 0, maxFile+1))
		switch {
		case err != nil:
			return nil, err
		case len(data) > maxFile:
			return nil, errTooLarge
		case try > 0 && bytes.Equal(data, before):
			return data, nil
		}
		before = data
	}
	return nil, errBusy
}

func (fo *folder) read(name string) ([]byte, error) {
	file, err := fo.openFile(name)
	if err != nil {
		return nil, err
	}
	data, err := readStable(file)
	return data, errors.Join(err, file.Close())
}

// temp writes data to a new temporary file and returns its name.
func (fo *folder) temp(prefix string, data []byte) (name string, err error) {
	var file *os.File
	for range maxTries {
		fo.serial++
		name = prefix + strconv.Itoa(fo.serial)
		file, err = fo.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	if err != nil {
		return "", err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, fo.remove(name))
	}
	return name, nil
}

// remove removes a file that is ours; that it is gone already is no error.
func (fo *folder) remove(name string) error {
	if err := fo.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// replace makes data the content of insights.json. What was there stays under a
// name of its own, for settle.
func (fo *folder) replace(data []byte) error {
	name, err := fo.temp(oldPrefix, data)
	if err != nil {
		return err
	}
	at, err := fo.root.Lstat(name)
	if err != nil {
		return errors.Join(err, fo.remove(name))
	}
	// Each of the two fails when the other has become right: somebody removed or
	// made the file in between. Each further try needs somebody who does it again.
	for range maxTries {
		if err = exchange(fo.dir, name, insightsName); err == nil {
			for _, d := range fo.old {
				d.spent = true
			}
			fo.old[name] = &displaced{held: fo.seen}
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err = create(fo.dir, name, insightsName); err == nil || !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	if err != nil {
		return errors.Join(err, fo.remove(name))
	}
	fo.seen, fo.at, fo.dirty = data, at, false
	return nil
}

// keepAside gives a file that can't be read a name under which it stays.
func (fo *folder) keepAside(name string) (kept string, err error) {
	for n := 1; ; n++ {
		kept = insightsName + ".broken-" + strconv.Itoa(n)
		if err = create(fo.dir, name, kept); !errors.Is(err, fs.ErrExist) {
			return kept, err
		}
	}
}

// copyAside keeps a copy of content under such a name.
func (fo *folder) copyAside(data []byte) (kept string, err error) {
	name, err := fo.temp(oldPrefix, data)
	if err != nil {
		return "", err
	}
	return fo.keepAside(name)
}

// same says whether data is what is expected, without regard to outer blanks.
func same(data, expected []byte) bool {
	return bytes.Equal(bytes.TrimSpace(data), bytes.TrimSpace(expected))
}
