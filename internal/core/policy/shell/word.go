package shell

import "popkit/internal/core/policy/word"

// Word is a word of a command, as far as it is known.
type Word = word.Word

// What is not known of a word.
const (
	Unknown = word.Unknown
	Name    = word.Name
	Char    = word.Char
	Deep    = word.Deep
	marks   = word.Marks
)

const (
	unknown = Word(Unknown)
	name    = Word(Name)
)

// Join makes a path of a directory and a word.
func Join(dir, w Word) Word { return word.Join(dir, w) }

// Clean is path.Clean for words.
func Clean(w Word) Word { return word.Clean(w) }
