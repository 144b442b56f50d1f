package shell

import (
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Options are what is known before the script runs.
type Options struct {
	Dir    string // absolute; the directory it starts in
	Home   string // "": unknown
	Tmp    string // "": unknown
	Top    string // the repository's top; "": unknown
	Branch string // checked out; "": unknown
	// Content is the text of a file by its absolute path. nil: no file's is known.
	Content func(abs string) (string, bool)
}

// Command is one simple command.
type Command struct {
	Args  []Word // the first is the program, as written; none: only redirections
	Env   []Word // NAME=value before it
	Dir   Word   // absolute as far as known
	Via   []string
	In    Flow   // what it reads from its standard input
	Files []File // what its redirections, or a small program in it, touch
	// Vars are variables of the environment whose values its words hold.
	Vars []string
	// To is the program that its output is piped into, with its words; nil: none.
	To []Word
	// OnDisk says that the command is in a script that was there before.
	OnDisk bool
}

// Op is what happens to a file.
type Op int

// The operations.
const (
	Read Op = iota
	Write
	Append
	Delete
)

// File is a file that a command touches.
type File struct {
	Op    Op
	Path  Word // absolute as far as known
	Text  string
	Whole bool // Text is all that is written
}

// Kind of a Note.
type Kind string

// What else is found in a script.
const (
	RemoteCode     Kind = "remote_code"     // what came over the network is run
	UnknownCommand Kind = "unknown_command" // what is run is not known
	ForkBomb       Kind = "fork_bomb"       // a function that only starts itself
	Unparsable     Kind = "unparsable"      // a script inside it cannot be parsed
	TooMuch        Kind = "too_much"        // nested deeper or longer than is looked at
)

// Note is something that a script does and that is no command.
type Note struct {
	Kind Kind
	Text string
}

// Script is what a script does.
type Script struct {
	Commands []Command
	Notes    []Note
}

// Bounds of the work: far beyond what people and agents write.
const (
	maxBytes    = 256 << 10
	maxDepth    = 12
	maxCommands = 600
	maxSteps    = 6000
	maxAlts     = 12 // values of one variable, ways of one command
	maxBraces   = 64
)

// Find finds the commands of a bash script. An error says why it can't be parsed.
func Find(src string, o Options) (Script, error) {
	if len(src) > maxBytes {
		return Script{Notes: []Note{{TooMuch, fmt.Sprintf("%d bytes, more than %d", len(src), maxBytes)}}}, nil
	}
	f, err := parse(src)
	if err != nil {
		return Script{}, err
	}
	w := &walker{o: o, files: map[Word]Flow{}}
	st := w.start()
	w.stmts(st, f.Stmts, Flow{})
	w.uncalled()
	return w.out, nil
}

func parse(src string) (*syntax.File, error) {
	src = strings.ReplaceAll(src, "\r\n", "\n")
	return syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(src), "")
}

// walker goes through one script and all that are in it.
type walker struct {
	o       Options
	out     Script
	files   map[Word]Flow // what the script wrote itself, by path
	funcs   []*function
	steps   int
	depth   int
	piped   int // inside a pipeline or in the background
	procs   int
	via     []string
	to      []Word
	stopped bool
	others  int  // commands of scripts that were there before
	quiet   bool // in a script that was there before
}

type function struct {
	name   string
	body   *syntax.Stmt
	active int
	called bool
}

func (w *walker) note(k Kind, format string, args ...any) {
	if w.quiet && k != RemoteCode && k != ForkBomb {
		return
	}
	n := Note{k, fmt.Sprintf(format, args...)}
	if !slices.Contains(w.out.Notes, n) && len(w.out.Notes) < 50 {
		w.out.Notes = append(w.out.Notes, n)
	}
}

// step counts work, and says when it is too much.
func (w *walker) step() bool {
	if w.steps++; w.steps > maxSteps || len(w.out.Commands)-w.others > maxCommands {
		w.stop("more commands than are looked at")
	}
	return !w.stopped && w.steps <= 2*maxSteps
}

func (w *walker) stop(why string) {
	if w.quiet {
		return
	}
	if !w.stopped {
		w.stopped = true
		w.out.Notes = append(w.out.Notes, Note{TooMuch, why})
	}
}

// nested walks a script that is inside this one.
func (w *walker) nested(st *state, src string, in Flow, via ...string) Flow {
	if w.depth >= maxDepth {
		w.stop("scripts nested deeper than is looked at")
		return Flow{}
	}
	if len(src) > maxBytes {
		w.stop("a script longer than is looked at")
		return Flow{}
	}
	f, err := parse(src)
	if err != nil {
		w.note(Unparsable, "%v", err)
		return Flow{}
	}
	w.depth++
	n := len(w.via)
	w.via = append(w.via, via...)
	out := w.stmts(st, f.Stmts, in)
	w.via = w.via[:n]
	w.depth--
	return out
}

// uncalled walks the functions that nothing called: who defines one means to.
func (w *walker) uncalled() {
	for i := 0; i < len(w.funcs); i++ {
		if f := w.funcs[i]; !f.called {
			f.called = true
			st := w.start()
			st.pos = []Word{unknown}
			w.stmt(st, f.body, Flow{})
		}
	}
}

func (w *walker) function(name string) *function {
	for i := len(w.funcs) - 1; i >= 0; i-- {
		if w.funcs[i].name == name {
			return w.funcs[i]
		}
	}
	return nil
}
