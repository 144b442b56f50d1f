package source

import "strings"

// Line is one line of a text, three times: as it is, its code, and its comment.
// In code all that is comment is blank, and so is what stands between quotes; in
// comment all else is. The three are of one length.
type Line struct {
	Raw, Code, Comment string
	Key                string // without blanks: two lines with one key are the same line
	Inside             bool   // begins inside a string or a comment
}

// Indent is how far in a line begins; a tab counts as four.
func (l Line) Indent() int {
	n := 0
	for _, c := range []byte(l.Raw) {
		switch c {
		case ' ':
			n++
		case '\t':
			n += 4
		default:
			return n
		}
	}
	return n
}

// quote is a way to write strings.
type quote struct {
	open, close string
	lines       bool // may go over several lines
	raw         bool // a backslash is a backslash
}

// syntax is what the scanner needs to know of a language.
type syntax struct {
	lineComment []string
	blockOpen   string
	blockClose  string
	quotes      []quote // longer ones first
}

var (
	cQuotes  = []quote{{open: `"`, close: `"`}, {open: `'`, close: `'`}}
	syntaxes = map[Lang]syntax{
		Go:         {[]string{"//"}, "/*", "*/", []quote{{open: "`", close: "`", lines: true, raw: true}, cQuotes[0], cQuotes[1]}},
		Python:     {[]string{"#"}, "", "", []quote{{open: `"""`, close: `"""`, lines: true}, {open: `'''`, close: `'''`, lines: true}, cQuotes[0], cQuotes[1]}},
		JavaScript: {[]string{"//"}, "/*", "*/", []quote{{open: "`", close: "`", lines: true}, cQuotes[0], cQuotes[1]}},
		TypeScript: {[]string{"//"}, "/*", "*/", []quote{{open: "`", close: "`", lines: true}, cQuotes[0], cQuotes[1]}},
		Java:       {[]string{"//"}, "/*", "*/", []quote{{open: `"""`, close: `"""`, lines: true}, cQuotes[0], cQuotes[1]}},
		Rust: {[]string{"//"}, "/*", "*/", []quote{{open: `r##"`, close: `"##`, lines: true, raw: true}, {open: `r#"`, close: `"#`, lines: true, raw: true},
			{open: `"`, close: `"`, lines: true}}},
		Ruby:  {[]string{"#"}, "\n=begin", "\n=end", []quote{cQuotes[0], cQuotes[1], {open: "`", close: "`"}}},
		YAML:  {[]string{"#"}, "", "", nil},
		INI:   {[]string{"#", ";"}, "", "", nil},
		JSON:  {[]string{"//"}, "/*", "*/", []quote{}},
		Shell: {[]string{"#"}, "", "", nil},
	}
)

// scanner walks a text once and writes down what is code and what is comment.
type scanner struct {
	syntax
	lang          Lang
	src           string
	at            int
	code, comment []byte
	inside        map[int]bool // offsets of lines that begin inside something
	heredocs      []string     // ruby: the ends of those that begin on this line
	last          byte         // the last byte of code that is no blank
}

// Scan cuts a text into lines.
func Scan(src string, l Lang) []Line {
	if src == "" {
		return nil
	}
	s := &scanner{syntax: syntaxes[l], lang: l, src: src, inside: map[int]bool{}}
	if len(s.lineComment) == 0 && len(s.quotes) == 0 {
		return split(src, src, "", nil)
	}
	s.code, s.comment = []byte(src), blanks(src)
	s.run()
	return split(src, string(s.code), string(s.comment), s.inside)
}

func blanks(src string) []byte {
	b := make([]byte, len(src))
	for i := range b {
		b[i] = ' '
	}
	return b
}

func split(src, code, comment string, inside map[int]bool) []Line {
	out := make([]Line, 0, strings.Count(src, "\n")+1)
	for at := 0; at < len(src); {
		end := strings.IndexByte(src[at:], '\n')
		if end < 0 {
			end = len(src)
		} else {
			end += at
		}
		l := Line{Raw: strings.TrimRight(src[at:end], "\r"), Code: code[at:end], Inside: inside[at]}
		if comment != "" {
			l.Comment = strings.TrimSpace(comment[at:end])
		}
		l.Key = Squeeze(l.Raw)
		out = append(out, l)
		at = end + 1
	}
	return out
}

// Squeeze returns s without its blanks.
func Squeeze(s string) string {
	s = strings.TrimSpace(s)
	if strings.IndexByte(s, ' ') < 0 && strings.IndexByte(s, '\t') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] != ' ' && s[i] != '\t' {
			b = append(b, s[i])
		}
	}
	return string(b)
}

func (s *scanner) run() {
	for s.at < len(s.src) {
		rest := s.src[s.at:]
		switch {
		case rest[0] == '\n':
			s.newline()
		case s.comments(rest), s.stringAt(rest):
		default:
			if rest[0] != ' ' && rest[0] != '\t' {
				s.last = rest[0]
			}
			s.at++
		}
	}
}

// newline passes the end of a line, and the bodies of the heredocs that began on it.
func (s *scanner) newline() {
	for _, end := range s.heredocs {
		s.heredoc(end)
	}
	s.heredocs = nil
	if s.blockOpen != "" && s.blockOpen[0] == '\n' && strings.HasPrefix(s.src[s.at:], s.blockOpen) {
		s.to(s.after(s.at+1, s.blockClose), true)
		return
	}
	s.at++
}

// after returns the offset behind the next end, or the text's.
func (s *scanner) after(from int, end string) int {
	i := strings.Index(s.src[from:], end)
	if i < 0 {
		return len(s.src)
	}
	return from + i + len(end)
}

// to blanks the code up to an offset; as a comment, it is kept there.
func (s *scanner) to(end int, comment bool) {
	for ; s.at < end; s.at++ {
		if s.src[s.at] == '\n' {
			s.inside[s.at+1] = s.at+1 < end || !comment // the quote may close at its beginning
			continue
		}
		s.code[s.at] = ' '
		if comment {
			s.comment[s.at] = s.src[s.at]
		}
	}
}

func (s *scanner) comments(rest string) bool {
	for _, c := range s.lineComment {
		if strings.HasPrefix(rest, c) && s.commentBegins(c) {
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			s.to(s.at+end, true)
			return true
		}
	}
	if s.blockOpen != "" && strings.HasPrefix(rest, s.blockOpen) {
		s.to(s.after(s.at+len(s.blockOpen), s.blockClose), true)
		return true
	}
	return false
}

// commentBegins says no to a # in the middle of a word, and to // of a URL.
func (s *scanner) commentBegins(mark string) bool {
	if s.at == 0 {
		return true
	}
	before := s.src[s.at-1]
	switch mark {
	case "#", ";":
		return before == ' ' || before == '\t' || before == '\n' || s.lang == Python
	}
	return before != ':' || s.lang != JSON
}

// stringAt passes a string that begins here, or something that looks like one.
func (s *scanner) stringAt(rest string) bool {
	switch {
	case s.lang.JS() && rest[0] == '/' && s.regexpMayBegin():
		return s.regexpAt(rest)
	case s.lang == Rust && rest[0] == '\'':
		return s.runeAt(rest)
	case s.lang == Ruby && strings.HasPrefix(rest, "<<"):
		s.heredocAt(rest)
		return false
	}
	for _, q := range s.quotes {
		if strings.HasPrefix(rest, q.open) {
			s.string(q)
			return true
		}
	}
	return false
}

// string passes a string and blanks what is between its quotes. One that may not
// go over several lines ends with its line, whatever it was.
func (s *scanner) string(q quote) {
	end := s.at + len(q.open)
	for end < len(s.src) && !strings.HasPrefix(s.src[end:], q.close) {
		if s.src[end] == '\n' && !q.lines {
			break
		}
		if s.src[end] == '\\' && !q.raw && end+1 < len(s.src) && s.src[end+1] != '\n' {
			end++
		}
		end++
	}
	s.at += len(q.open)
	s.to(min(end, len(s.src)), false)
	if strings.HasPrefix(s.src[s.at:], q.close) {
		s.at += len(q.close)
	}
	s.last = '"'
}

// regexpMayBegin says whether a slash can not be a division here.
func (s *scanner) regexpMayBegin() bool {
	return s.last == 0 || strings.IndexByte("(,=:[!&|?{};+*~<>", s.last) >= 0
}

func (s *scanner) regexpAt(rest string) bool {
	class := false
	for i := 1; i < len(rest) && rest[i] != '\n'; i++ {
		switch c := rest[i]; {
		case c == '\\':
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			s.at++
			s.to(s.at+i-1, false)
			s.at++
			s.last = '"'
			return true
		}
	}
	return false
}

// runeAt tells 'a' from the lifetime 'a.
func (s *scanner) runeAt(rest string) bool {
	end := -1
	if len(rest) > 2 && rest[1] == '\\' {
		end = strings.IndexByte(rest[2:min(len(rest), 14)], '\'') + 2
	} else if i := strings.IndexByte(rest[1:min(len(rest), 7)], '\''); i >= 1 && len([]rune(rest[1:1+i])) == 1 {
		end = i + 1
	}
	if end < 2 {
		return false
	}
	s.at++
	s.to(s.at+end-1, false)
	s.at++
	s.last = '"'
	return true
}

// heredocAt notes a heredoc that begins here: <<~WORD, <<-'WORD', <<WORD.
func (s *scanner) heredocAt(rest string) {
	word := strings.TrimLeft(rest[2:min(len(rest), 80)], "~-")
	word = strings.TrimLeft(word, `'"`)
	n := 0
	for n < len(word) && (word[n] >= 'A' && word[n] <= 'Z' || word[n] == '_' || n > 0 && word[n] >= '0' && word[n] <= '9') {
		n++
	}
	if n > 0 {
		s.heredocs = append(s.heredocs, word[:n])
	}
}

// heredoc passes a heredoc's body, from the end of the line before it to the end
// of the line before the one that closes it.
func (s *scanner) heredoc(end string) {
	for s.at < len(s.src) {
		from := s.at + 1
		if from >= len(s.src) {
			return
		}
		n := strings.IndexByte(s.src[from:], '\n')
		if n < 0 {
			n = len(s.src) - from
		}
		s.inside[from] = true
		if strings.TrimSpace(s.src[from:from+n]) == end {
			s.at = from
			s.to(from+n, false)
			return
		}
		s.at = from
		s.to(from+n, false)
	}
}
