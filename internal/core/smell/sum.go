package smell

import (
	"path"
	"strings"

	"popkit/internal/core/source"
	"popkit/internal/core/source/setting"
)

// whole is what a rule asks of all files of a diff, found out once: a diff can have
// thousands of them.
type whole struct {
	names    map[string]bool    // names in new lines of code
	came     map[string]bool    // settings in new lines, of a language
	went     map[string]bool    // settings in lines that are gone
	dead     map[string]bool    // what files of code that are gone could be called in tests
	born     map[string][]*file // new files of tests, by how their names begin
	recorded []*file            // recorded results that changed
	checks   int                // how many more checks CI runs
}

func (d *diff) sum() whole {
	w := whole{names: map[string]bool{}, came: map[string]bool{}, went: map[string]bool{}, dead: map[string]bool{}, born: map[string][]*file{}}
	replaced := false // CI moved to another service
	for _, f := range d.files {
		w.settings(f)
		w.places(f)
		if f.lang.Program() {
			for _, i := range f.added {
				source.EachName(f.new[i].Code, func(n string) { w.names[n] = true })
			}
		}
		if f.records() {
			w.recorded = append(w.recorded, f)
		}
		if setting.Continuous(f.Path) {
			net, _ := f.checks()
			w.checks += net
			replaced = replaced || f.Kind == Created
		}
	}
	if replaced {
		w.checks = 0
	}
	return w
}

// settings notes what a file of settings gained and lost.
func (w *whole) settings(f *file) {
	if f.lang != source.INI && f.lang != source.JSON {
		return
	}
	for _, i := range f.added {
		w.came[string(f.lang)+f.setting(f.new[i])] = true
	}
	for _, i := range f.removed {
		w.went[string(f.lang)+f.setting(f.old[i])] = true
	}
}

// stemStart is how much of a name two test files must have in common to be one
// made of the other.
const stemStart = 4

// places notes a file of code that is gone by its name, and by its name with the
// folders that it was in; and a new file of tests by how its name begins.
func (w *whole) places(f *file) {
	switch {
	case f.Kind == Deleted && !f.test:
		w.dead[string(f.lang)+source.Stem(f.Path)] = true
		name := strings.TrimSuffix(f.Path, path.Ext(f.Path))
		parts := strings.Split(name, "/")
		for i := max(0, len(parts)-4); i < len(parts); i++ {
			w.dead[string(f.lang)+strings.Join(parts[i:], "_")] = true
		}
	case f.Kind == Created && f.test:
		if s := source.Stem(f.Path); len(s) >= stemStart {
			w.born[s[:stemStart]] = append(w.born[s[:stemStart]], f)
		}
	}
}
