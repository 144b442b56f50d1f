package shell

import (
	"strings"

	"popkit/internal/core/policy/word"
)

// Flow is what a command writes to its standard output, or reads from its input.
type Flow struct {
	Text   Word   // what is written, as far as known; counts only if Known
	Known  bool   // Text is all of it
	List   []Word // lines that are paths which these match; nil: not a list
	Remote bool   // it came over the network
	Some   bool   // there is such an input at all
}

func text(s Word) Flow { return Flow{Text: s, Known: true, Some: true} }

func lines(list ...Word) Flow { return Flow{List: list, Some: true} }

// then is one output after another.
func (f Flow) then(g Flow) Flow {
	switch {
	case !f.Some:
		return g
	case !g.Some:
		return f
	}
	out := Flow{Some: true, Remote: f.Remote || g.Remote, Known: f.Known && g.Known}
	if out.Known {
		out.Text = f.Text + g.Text
	} else if (f.List != nil || f.Known) && (g.List != nil || g.Known) {
		out.List = append(append(out.List, f.items()...), g.items()...)
	}
	return out
}

// items are the lines as words: what xargs and a loop take of it.
func (f Flow) items() []Word {
	switch {
	case f.Known && len(f.Text) > 0:
		return f.Text.Fields(" \t\n\x00")
	case f.Known:
		return []Word{}
	case f.List != nil:
		return f.List
	}
	return []Word{f.nothing()}
}

// nothing is a text of which nothing is known, but perhaps where it came from.
func (f Flow) nothing() Word {
	if f.Remote {
		return unknown + Word(word.Remote)
	}
	return unknown
}

// value is what a substitution puts into a word.
func (f Flow) value() []Word {
	switch {
	case f.Known:
		return []Word{Word(strings.TrimRight(string(f.Text), "\n"))}
	case len(f.List) > 0 && len(f.List) <= maxAlts:
		return f.List
	case !f.Some:
		return []Word{""}
	}
	return []Word{f.nothing()}
}
