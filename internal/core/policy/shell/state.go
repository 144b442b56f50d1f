package shell

import (
	"maps"
	"slices"
)

// value is what a variable holds: one of alts, or a list.
type value struct {
	alts []Word
	list []Word
	own  bool // set by the script itself
}

// state is what is known at a point of the script. nil: the script does not come
// there.
type state struct {
	vars    map[string]value
	aliases map[string]string
	pos     []Word
	zero    Word // $0
}

func (w *walker) start() *state {
	st := &state{vars: map[string]value{}, aliases: map[string]string{}, zero: "bash"}
	st.vars["PWD"] = value{alts: []Word{Clean(Word(w.o.Dir))}}
	for name, v := range map[string]string{"HOME": w.o.Home, "TMPDIR": w.o.Tmp, "TMP": w.o.Tmp, "TEMP": w.o.Tmp} {
		if v != "" {
			st.vars[name] = value{alts: []Word{Word(v)}}
		}
	}
	return st
}

func (s *state) clone() *state {
	if s == nil {
		return nil
	}
	return &state{vars: maps.Clone(s.vars), aliases: maps.Clone(s.aliases), pos: s.pos, zero: s.zero}
}

// become makes s what t is: the state after a statement that ran in place.
func (s *state) become(t *state) {
	if t != nil && t != s {
		s.vars, s.aliases, s.pos = t.vars, t.aliases, t.pos
	}
}

// merge is what is known where two ways meet.
func merge(a, b *state) *state {
	if a == nil || a == b {
		return b
	}
	if b == nil {
		return a
	}
	out := a.clone()
	for name, v := range b.vars {
		u, ok := out.vars[name]
		if !ok {
			u = value{alts: []Word{unknown}}
		}
		out.vars[name] = union(u, v)
	}
	for name := range a.vars {
		if _, ok := b.vars[name]; !ok {
			out.vars[name] = union(a.vars[name], value{alts: []Word{unknown}})
		}
	}
	maps.Copy(out.aliases, b.aliases)
	return out
}

func union(a, b value) value {
	out := value{alts: slices.Clone(a.alts), list: slices.Clone(a.list), own: a.own && b.own}
	for _, w := range b.alts {
		if !slices.Contains(out.alts, w) {
			out.alts = append(out.alts, w)
		}
	}
	for _, w := range b.list {
		if !slices.Contains(out.list, w) {
			out.list = append(out.list, w)
		}
	}
	if len(out.alts) > maxAlts {
		out.alts = []Word{unknown}
	}
	return out
}

func (s *state) same(t *state) bool {
	return maps.EqualFunc(s.vars, t.vars, func(a, b value) bool {
		return slices.Equal(a.alts, b.alts) && slices.Equal(a.list, b.list)
	})
}

func (s *state) set(name string, alts ...Word) {
	if len(alts) > maxAlts {
		alts = []Word{unknown}
	}
	s.vars[name] = value{alts: alts, own: true}
}

// dirs are the directories in which a command may run.
func (s *state) dirs() []Word { return s.vars["PWD"].alts }

// ifs is what separates fields.
func (s *state) ifs() string {
	if v, ok := s.vars["IFS"]; ok && len(v.alts) == 1 && v.alts[0].Known() {
		return string(v.alts[0])
	}
	return " \t\n"
}
