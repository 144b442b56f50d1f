package sandbox

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Degree says which layers hold a command.
type Degree string

// The degrees, best first.
const (
	Full     Degree = "mounts+landlock"
	Mounts   Degree = "mounts"
	Landlock Degree = "landlock"
	None     Degree = "none"
)

// Off is shown instead of a degree where the configuration wants no sandbox.
const Off = "off"

// Access says what can be done with a path and what is below it.
type Access string

// The accesses.
const (
	Hidden   Access = "hide"  // an empty folder, or a file without content
	ReadOnly Access = "read"  //
	Writable Access = "write" //
	Copied   Access = "copy"  // copy-on-write: writes go to Source
	Devices  Access = "dev"   // a /dev with the harmless devices only
)

// Entry is one path's access. Paths are absolute, clean and without symbolic
// links.
type Entry struct {
	Access Access
	Path   string
	// Source is what is found at the path; "" is what is there. For Copied it is a
	// folder that the writes go to.
	Source string
}

// Spec is what a sandbox consists of. Of two entries the one with the longer
// path holds for what is below it; of two for the same path, the later one.
type Spec struct {
	Degree    Degree
	NoNetwork bool // a network of its own, with the loopback device only
	Entries   []Entry
}

// Orders is the spec as proc.Command.Confine takes it; nil for None.
func (s Spec) Orders() []string {
	if s.Degree == None {
		return nil
	}
	network := "shared"
	if s.NoNetwork {
		network = "none"
	}
	out := []string{string(s.Degree), network}
	for _, e := range s.Entries {
		out = append(out, string(e.Access), e.Path, e.Source)
	}
	return out
}

// parse reads what Orders wrote.
func parse(orders []string) (Spec, error) {
	const head, each = 2, 3
	if len(orders) < head || (len(orders)-head)%each != 0 {
		return Spec{}, errors.New("sandbox: orders of a wrong length")
	}
	s := Spec{Degree: Degree(orders[0]), NoNetwork: orders[1] == "none"}
	if s.Degree != Full && s.Degree != Mounts && s.Degree != Landlock {
		return Spec{}, fmt.Errorf("sandbox: unknown degree %q", orders[0])
	}
	if orders[1] != "none" && orders[1] != "shared" {
		return Spec{}, fmt.Errorf("sandbox: unknown network %q", orders[1])
	}
	for o := orders[head:]; len(o) > 0; o = o[each:] {
		e := Entry{Access(o[0]), o[1], o[2]}
		switch e.Access {
		case Hidden, ReadOnly, Writable, Copied, Devices:
		default:
			return Spec{}, fmt.Errorf("sandbox: unknown access %q", o[0])
		}
		if !filepath.IsAbs(e.Path) || filepath.Clean(e.Path) != e.Path || e.Path == "/" {
			return Spec{}, fmt.Errorf("sandbox: %q is no absolute, clean path below /", e.Path)
		}
		s.Entries = append(s.Entries, e)
	}
	return s, nil
}

// ordered returns the entries, shallow ones first, one for each path.
func (s Spec) ordered() []Entry {
	last := map[string]int{}
	for i, e := range s.Entries {
		last[e.Path] = i
	}
	var out []Entry
	for i, e := range s.Entries {
		if last[e.Path] == i {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b Entry) int { return strings.Compare(a.Path+"/", b.Path+"/") })
	return out
}

// below reports whether a path is strictly below a folder, by name.
func below(dir, path string) bool {
	return dir == "/" && path != "/" || strings.HasPrefix(path, dir+"/")
}

// nearest returns the entry that holds for what is at a path, its own excluded.
// Without one it is all of the file system, read-only.
func nearest(list []Entry, path string) Entry {
	found := Entry{Access: ReadOnly, Path: "/"}
	for _, e := range list {
		if below(e.Path, path) && len(e.Path) > len(found.Path) {
			found = e
		}
	}
	return found
}
