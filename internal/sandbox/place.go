package sandbox

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Place is what a sandbox is made for. Paths are absolute; those that do not
// exist are left out.
type Place struct {
	Ability
	NoNetwork bool
	Home      string // the command's HOME
	Own       string // private folder of the command, for all that it writes elsewhere than in Write; not ""
	Tmp       string // what it finds as /tmp; "" leaves the system's, writable
	// Hide, Read and Write are what popkit needs; Protect are paths in Write that
	// are read-only.
	Hide, Read, Write, Protect []string
	// AlsoHide, AlsoRead and AlsoWrite are the user's, who goes before everything.
	AlsoHide, AlsoRead, AlsoWrite []string
	Environ                       []string // the command's environment: it says where credentials lie
	Sockets                       []string // of this machine, see Sockets
}

// Spec works out the entries, and the variables that the command needs besides
// its environment.
func (p Place) Spec() (Spec, []string, error) {
	s := &specMaker{Spec: Spec{Degree: p.Degree, NoNetwork: p.NoNetwork}, place: p}
	if p.Degree == None {
		return s.Spec, nil, nil
	}
	env, err := s.home()
	if err != nil {
		return Spec{}, nil, err
	}
	s.add(Devices, "/dev")
	s.add(Hidden, machine...)
	s.sockets()
	s.add(Hidden, credentials(p.Home, p.Environ)...)
	if err := s.clean(); err != nil {
		return Spec{}, nil, err
	}
	s.add(Hidden, otherHomes(p.Home)...)
	s.add(Hidden, p.Hide...)
	s.add(ReadOnly, machineRead...)
	s.add(ReadOnly, p.Read...)
	if err := s.tmp(); err != nil {
		return Spec{}, nil, err
	}
	s.add(Writable, p.Write...)
	s.protect()
	s.add(Hidden, p.AlsoHide...)
	s.add(ReadOnly, p.AlsoRead...)
	s.add(Writable, p.AlsoWrite...)
	return s.Spec, env, nil
}

type specMaker struct {
	Spec
	place Place
}

// add adds what exists of the paths, by their true names.
func (s *specMaker) add(a Access, paths ...string) {
	for _, p := range paths {
		s.from(a, p, "")
	}
}

func (s *specMaker) from(a Access, path, source string) {
	if !filepath.IsAbs(path) {
		return
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil || real == "/" {
		return // nothing is there, or nobody can reach it
	}
	s.Entries = append(s.Entries, Entry{Access: a, Path: real, Source: source})
}

// home makes HOME copy-on-write. Where that can't be had it is read-only, and what
// has a variable of its own gets a fresh folder.
func (s *specMaker) home() (env []string, err error) {
	home := s.place.Home
	if s.place.Copies {
		changes := filepath.Join(s.place.Own, "home")
		if err := os.MkdirAll(changes, 0o700); err != nil {
			return nil, err
		}
		s.from(Copied, home, changes)
		for _, inner := range mountsBelow(home) { // a copy shows one file system only
			s.add(ReadOnly, inner)
		}
		return nil, s.movedCaches()
	}
	s.add(ReadOnly, home)
	for variable, name := range caches {
		dir := filepath.Join(s.place.Own, "cache", name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		s.add(Writable, dir)
		env = append(env, variable+"="+dir)
	}
	slices.Sort(env)
	return env, nil
}

// movedCaches makes caches that variables put elsewhere than in HOME copy-on-write
// like HOME.
func (s *specMaker) movedCaches() error {
	for _, e := range s.place.Environ {
		name, dir, _ := strings.Cut(e, "=")
		if _, ok := caches[name]; !ok && name != "GOMODCACHE" && name != "RUSTUP_HOME" || !filepath.IsAbs(dir) {
			continue
		}
		dir = filepath.Clean(dir)
		if info, err := os.Stat(dir); err != nil || !info.IsDir() || below(s.place.Home, dir) || slices.Contains(s.place.Write, dir) {
			continue
		}
		changes := filepath.Join(s.place.Own, "moved", strings.ToLower(name))
		if err := os.MkdirAll(changes, 0o700); err != nil {
			return err
		}
		s.from(Copied, dir, changes)
	}
	return nil
}

// sockets hides the machine's, but for those that the command is given.
func (s *specMaker) sockets() {
	p := s.place
	for _, socket := range p.Sockets {
		given := slices.ContainsFunc(slices.Concat(p.Read, p.Write, p.AlsoRead, []string{p.Tmp}), func(dir string) bool {
			return dir != "" && below(dir, socket)
		})
		if !given {
			s.add(Hidden, socket)
		}
	}
}

// clean lays copies without their secrets over files that tools need.
func (s *specMaker) clean() error {
	for i, name := range cleaned {
		path := filepath.Join(s.place.Home, name)
		data, err := os.ReadFile(path)
		if err != nil {
			continue // nothing there, or nobody can read it
		}
		if s.Degree == Landlock {
			s.add(Hidden, path)
			continue
		}
		var kept []byte
		for line := range bytes.Lines(data) {
			if !secretLine.Match(line) {
				kept = append(kept, line...)
			}
		}
		copied := filepath.Join(s.place.Own, "clean", strconv.Itoa(i))
		if err := os.MkdirAll(filepath.Dir(copied), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(copied, kept, 0o600); err != nil {
			return err
		}
		s.from(ReadOnly, path, copied)
	}
	return nil
}

// tmp gives the command a /tmp of its own.
func (s *specMaker) tmp() error {
	shared := []string{"/tmp", "/var/tmp"}
	if s.place.Tmp == "" {
		s.add(Writable, shared...)
		return nil
	}
	if err := os.MkdirAll(s.place.Tmp, 0o700); err != nil {
		return err
	}
	for _, dir := range shared {
		if s.Degree == Landlock {
			s.add(Hidden, dir)
		} else {
			s.from(Writable, dir, s.place.Tmp)
		}
	}
	s.add(Writable, s.place.Tmp)
	return nil
}

// protect makes paths read-only inside of writable folders. The folders on the way
// are mounts too, so that none can be moved away and made anew.
func (s *specMaker) protect() {
	if s.Degree == Landlock {
		return // rules can't take away
	}
	for _, path := range s.place.Protect {
		for _, root := range s.place.Write {
			if !below(root, path) {
				continue
			}
			for dir := filepath.Dir(path); below(root, dir); dir = filepath.Dir(dir) {
				s.add(Writable, dir)
			}
			s.add(ReadOnly, path)
		}
	}
}

// Expand returns what exists below dir and matches, but for a .git at its top: an
// agent's own repository is no protected path, see docs/guardrails.md. What is
// below something that matches is not looked at. Links are not followed, and not
// returned: what is protected is a file, not a name for one elsewhere.
func Expand(dir string, match func(rel string) bool) ([]string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
			return nil // out of everybody's reach, or just gone
		}
		if err != nil || path == dir {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if rel == ".git" {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.Type()&fs.ModeSymlink != 0 || !match(filepath.ToSlash(rel)) {
			return nil
		}
		found = append(found, path)
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	return found, err
}

// mountsBelow returns the file systems that are mounted below a folder.
func mountsBelow(dir string) []string {
	var out []string
	for fields := range lines("/proc/self/mountinfo") {
		if len(fields) > 4 {
			if at := unescape(fields[4]); below(dir, at) {
				out = append(out, at)
			}
		}
	}
	return out
}

// Sockets returns the paths of the sockets that processes of this machine listen
// on, as far as they can be reached by a path.
func Sockets() []string {
	var out []string
	for fields := range lines("/proc/net/unix") {
		if len(fields) > 7 && strings.HasPrefix(fields[7], "/") {
			out = append(out, strings.Join(fields[7:], " "))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// lines yields the fields of each line of one of the kernel's tables. Where there
// is no such table there are none.
func lines(path string) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		f, err := os.Open(path)
		if err != nil {
			return
		}
		defer func() { _ = f.Close() }() // only read
		for s := bufio.NewScanner(f); s.Scan(); {
			if !yield(strings.Fields(s.Text())) {
				return
			}
		}
	}
}

// unescape reads mountinfo's way to write a space, a tab, a newline and a
// backslash.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}
