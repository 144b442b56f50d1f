package word

import "strings"

// Word is a word of a command as far as it is known: text in which the runes
// below stand for what is not. They are private-use characters; a script that
// holds one is taken to hold what it stands for, which is never less strict.
type Word string

// What is not known of a word.
const (
	Unknown = '\uE000' // any text, empty or with "/", too
	Name    = '\uE001' // any text without "/": the shell's *
	Char    = '\uE002' // one character that is not "/": the shell's ? and [a-z]
	Deep    = '\uE003' // as a segment of a path: any path below
	Remote  = '\uE004' // nothing in itself: the Unknown before it came over the network
)

// Marks are all runes that stand for what is not known.
const Marks = string(Unknown) + string(Name) + string(Char) + string(Deep) + string(Remote)

// Known reports whether the word is plain text.
func (w Word) Known() bool { return !strings.ContainsAny(string(w), Marks) }

// Open reports whether the word holds text of which nothing is known.
func (w Word) Open() bool { return strings.ContainsRune(string(w), Unknown) }

// String shows a word to people: what is not known as …, * and ?.
func (w Word) String() string {
	if w.Known() {
		return string(w)
	}
	return strings.NewReplacer(string(Unknown), "…", string(Name), "*", string(Char), "?", string(Deep), "**", string(Remote), "").Replace(string(w))
}

// Glob turns the word into a pattern of doublestar's. What is unknown becomes "**"
// where it stands alone between slashes, which is only as much as a pattern can say.
func (w Word) Glob() string {
	var b strings.Builder
	for _, r := range string(w) {
		switch r {
		case Unknown, Name:
			b.WriteByte('*')
		case Remote:
		case Char:
			b.WriteByte('?')
		case Deep:
			b.WriteString("**")
		case '*', '?', '[', ']', '{', '}', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Globbed marks the shell's own wildcards in an unquoted text.
func Globbed(s string) Word {
	if !strings.ContainsAny(s, "*?[") {
		return Word(s)
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '*':
			b.WriteRune(Name)
		case '?':
			b.WriteRune(Char)
		case '[':
			if j := strings.IndexByte(s[i+1:], ']'); j > 0 {
				b.WriteRune(Char)
				i += j + 1
				continue
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return Word(strings.ReplaceAll(b.String(), "/"+string(Name)+string(Name)+"/", "/"+string(Deep)+"/"))
}

// Join makes a path of a directory and a word.
func Join(dir, w Word) Word {
	if strings.HasPrefix(string(w), "/") || strings.HasPrefix(string(w), string(Unknown)) {
		return Clean(w)
	}
	return Clean(dir + "/" + w)
}

// Clean is path.Clean for words: ".." takes a segment away, but none of which is
// not known how many it stands for.
func Clean(w Word) Word {
	s := string(w)
	if s == "" {
		return "."
	}
	abs := strings.HasPrefix(s, "/")
	var out []string
	for seg := range strings.SplitSeq(s, "/") {
		switch {
		case seg == "" || seg == ".":
		case seg == ".." && len(out) == 0:
			if !abs {
				out = append(out, seg)
			}
		case seg == ".." && out[len(out)-1] != ".." && !strings.ContainsAny(out[len(out)-1], string(Unknown)+string(Deep)):
			out = out[:len(out)-1]
		case seg == ".." && strings.ContainsRune(out[len(out)-1], Deep):
			out = append(out[:len(out)-1], string(Deep))
		case seg == ".." && strings.ContainsRune(out[len(out)-1], Unknown):
		default:
			out = append(out, seg)
		}
	}
	p := strings.Join(out, "/")
	if abs {
		return Word("/" + p)
	}
	if p == "" {
		return "."
	}
	return Word(p)
}

// Base is the last segment of a path.
func (w Word) Base() Word {
	s := strings.TrimRight(string(w), "/")
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		return Word(s[i+1:])
	}
	return Word(s)
}

// Dirname is what is before the last segment.
func (w Word) Dirname() Word {
	s := strings.TrimRight(string(w), "/")
	switch i := strings.LastIndexByte(s, '/'); {
	case strings.ContainsAny(s, string(Unknown)):
		return Word(Unknown)
	case i < 0:
		return "."
	case i == 0:
		return "/"
	default:
		return Word(s[:i])
	}
}

// Fields splits text at blanks, as an unquoted expansion is.
func (w Word) Fields(ifs string) []Word {
	var out []Word
	for _, f := range strings.FieldsFunc(string(w), func(r rune) bool { return strings.ContainsRune(ifs, r) }) {
		out = append(out, Word(f))
	}
	return out
}
