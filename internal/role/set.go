package role

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"popkit/internal/core/event"
	"popkit/internal/core/nearest"
	"popkit/internal/core/objective"
	"popkit/internal/strictyaml"
)

//go:embed roles/*.md
var files embed.FS

// Dir is where a repository keeps its roles.
const Dir = ".claude/agents"

// Own is the origin of popkit's own roles.
const Own = "popkit"

// maxFiles bounds how many files of a repository are read.
const maxFiles = 500

// Set is the roles that runs in a repository can have.
type Set struct {
	roles  map[string]event.Role
	notes  map[string][]string // role → what its file has that popkit makes no use of
	broken map[string]error    // role by the file's name → what is wrong with it
	Notes  []string            // about the folder as a whole
}

// Builtin returns popkit's own roles, by name.
func Builtin() map[string]event.Role {
	out := map[string]event.Role{}
	entries, err := files.ReadDir("roles")
	if err != nil {
		panic(err) // they are part of the program
	}
	for _, e := range entries {
		data, err := files.ReadFile(path.Join("roles", e.Name()))
		if err != nil {
			panic(err)
		}
		f, err := Parse(e.Name(), data)
		if err != nil {
			panic(err)
		}
		f.Role.Origin = Own
		out[f.Name] = f.Role
	}
	return out
}

// Source returns the file of one of popkit's own roles, to begin another with.
func Source(name string) ([]byte, bool) {
	data, err := files.ReadFile("roles/" + name + ".md")
	return data, err == nil
}

// Load returns popkit's own roles with those of a repository over them; "" is none.
// An error is what keeps the folder from being read, not what a file has wrong.
func Load(repo string) (Set, error) {
	s := Set{roles: Builtin(), notes: map[string][]string{}, broken: map[string]error{}}
	if repo == "" {
		return s, nil
	}
	dir := filepath.Join(repo, filepath.FromSlash(Dir))
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("roles: %w", err)
	}
	own := maps.Clone(s.roles)
	read := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".md") || e.IsDir() {
			continue
		}
		if read++; read > maxFiles {
			s.Notes = append(s.Notes, fmt.Sprintf("%s: only the first %d files are read", Dir, maxFiles))
			break
		}
		s.add(own, e.Name(), filepath.Join(dir, e.Name()))
	}
	return s, nil
}

// add puts one file over popkit's own roles.
func (s *Set) add(own map[string]event.Role, file, at string) {
	origin := path.Join(Dir, file)
	f, err := readFile(origin, at)
	if err != nil {
		s.broken[cmp.Or(f.Name, strings.TrimSuffix(file, ".md"))] = err
		return
	}
	if other, twice := s.roles[f.Name]; twice && other.Origin != Own {
		s.broken[f.Name] = fmt.Errorf("%s and %s both describe the role %s (keep one)", other.Origin, origin, f.Name)
		return
	}
	s.roles[f.Name] = over(own, f, origin)
	s.notes[f.Name] = f.Notes
}

// over is a file's role, with what it leaves out below "popkit:" as popkit's own role
// of that name has it.
func over(own map[string]event.Role, f File, origin string) event.Role {
	r := f.Role
	r.Origin = origin
	was, same := own[f.Name]
	if !same {
		was = event.Settings{Roles: own}.RoleOf(f.Name)
		was.Names = nil // of code-reviewer, reviewer's own other names are none
	}
	for key, keep := range map[string]func(){
		"names":         func() { r.Names = was.Names },
		"runtime":       func() { r.Runtime = was.Runtime },
		"plan_required": func() { r.PlanRequired = was.PlanRequired },
		"reviews":       func() { r.Reviews = was.Reviews },
	} {
		if !f.given["popkit."+key] {
			keep()
		}
	}
	return r
}

func readFile(name, at string) (File, error) {
	f, err := os.OpenFile(at, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return File{}, one(name, strictyaml.Place{Line: 1, Col: 1}, "this is no file", "")
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return File{}, err
	}
	return Parse(name, data)
}

// Roles returns all roles that can be had, by name.
func (s Set) Roles() map[string]event.Role { return maps.Clone(s.roles) }

// Names returns the names of all roles, sorted, without their other names.
func (s Set) Names() []string { return slices.Sorted(maps.Keys(s.roles)) }

// With returns the names of all roles, and of those that a configuration adds.
func (s Set) With(more map[string]event.Role) []string {
	out := append(s.Names(), slices.Collect(maps.Keys(more))...)
	slices.Sort(out)
	return slices.Compact(out)
}

// Needed are the roles that a run of a plan needs: its tasks', and those that mend.
func Needed(p objective.Plan) []string {
	out := []string{"fixer", "resolver"}
	for _, ph := range p.Phases {
		for _, t := range ph.Tasks {
			out = append(out, t.Role)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// maxCopied bounds the prompts of a repository's roles that a run has without need.
const maxCopied = 256 << 10

// For returns the roles that a run of a plan can have: popkit's own, those that it
// needs, and of the repository's others as many as there is room for, so that a task
// can be given to another role while the run goes on.
func (s Set) For(p objective.Plan) (roles map[string]event.Role, notes []string) {
	needed := map[string]bool{}
	for _, name := range Needed(p) {
		known, _, _ := s.Find(name)
		needed[known] = true
	}
	own, size, left := Builtin(), 0, 0
	roles = map[string]event.Role{}
	for _, name := range s.Names() {
		r := s.roles[name]
		if _, ours := own[name]; !ours && !needed[name] {
			if size += len(r.Prompt); size > maxCopied {
				left++
				continue
			}
		}
		roles[name] = r
	}
	if left > 0 {
		notes = append(notes, fmt.Sprintf("%s: %d roles that the plan does not name are left out, for want of room", Dir, left))
	}
	return roles, notes
}

// Broken returns what is wrong with files, sorted by the roles they would describe.
func (s Set) Broken() []error {
	var out []error
	for _, name := range slices.Sorted(maps.Keys(s.broken)) {
		out = append(out, s.broken[name])
	}
	return out
}

// NotesOn returns what the file of a role has that popkit makes no use of.
func (s Set) NotesOn(name string) []string { return s.notes[name] }

// Find returns a role under any of its names, and the name that it is kept under.
func (s Set) Find(name string) (string, event.Role, bool) {
	if r, ok := s.roles[name]; ok {
		return name, r, true
	}
	for _, known := range s.Names() {
		if r := s.roles[known]; slices.Contains(r.Names, name) {
			return known, r, true
		}
	}
	return "", event.Role{}, false
}

// Known returns all names that a role can be given by, sorted.
func (s Set) Known() []string {
	out := s.Names()
	for _, r := range s.roles {
		out = append(out, r.Names...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Check says what keeps the roles that a run needs from being used: the files of
// these with their mistakes. notes say which of them popkit knows nothing of.
func (s Set) Check(names []string) (notes []string, err error) {
	var wrong []error
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	for _, name := range names {
		known, _, ok := s.Find(name)
		for _, n := range slices.Compact([]string{name, known}) {
			if bad := s.broken[n]; bad != nil {
				wrong = append(wrong, bad)
				ok = true
			}
		}
		if !ok {
			hint := nearest.Hint(name, s.Known(), "popkit roles lists those that have one")
			notes = append(notes, fmt.Sprintf("role %s has no file, so its agents get a general prompt (%s)", name, hint))
		}
	}
	return notes, errors.Join(wrong...)
}
