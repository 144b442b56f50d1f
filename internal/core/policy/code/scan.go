package code

import (
	"path"
	"slices"
	"strings"

	"popkit/internal/core/policy/word"
)

// codeText is what is found in a small program.
type codeText struct {
	calls   []called
	strings []string
	ticks   []string          // commands in backquotes
	modules map[string]string // by the names that the program gives them
}

// codeScanner goes once through a program.
type codeScanner struct {
	lang  string
	src   string
	at    int
	out   codeText
	open  []*called
	vars  map[string]Word
	word  string // the identifier, with its dots, that was read last
	value Word   // the argument that grows
	has   bool
	plus  bool
	last  *called
	name  string // variable that is being assigned
}

func scanCode(lang, src string) codeText {
	s := &codeScanner{lang: lang, src: src, vars: map[string]Word{}}
	s.out.modules = imports(src)
	for s.at < len(s.src) {
		s.next()
	}
	for len(s.open) > 0 {
		s.close()
	}
	return s.out
}

func identifier(c byte) bool {
	return c == '_' || c == '$' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

func (s *codeScanner) next() {
	c := s.src[s.at]
	switch {
	case c == '\'' || c == '"' || c == '`':
		s.str(c)
	case c == '#' && s.lang != "node" && s.lang != "php", c == '/' && strings.HasPrefix(s.src[s.at:], "//") && (s.lang == "node" || s.lang == "php"):
		if i := strings.IndexByte(s.src[s.at:], '\n'); i >= 0 {
			s.at += i
		} else {
			s.at = len(s.src)
		}
	case identifier(c):
		s.ident()
	case c == '(':
		s.call()
		s.at++
	case c == ')':
		s.close()
		s.at++
	case c == ',' || c == ';' || c == '\n':
		s.argument()
		if c == ';' || c == '\n' && len(s.open) == 0 {
			for c == ';' && len(s.open) > 0 && s.open[len(s.open)-1].name == "" {
				s.close()
			}
			s.word, s.last, s.name = "", nil, ""
		}
		s.at++
	case c == '=' && s.word != "" && len(s.open) == 0 && !strings.HasPrefix(s.src[s.at:], "=="):
		s.name, s.word, s.value, s.has = s.word, "", "", false
		s.at++
	case c == '+' && s.has:
		s.plus = true
		s.at++
	case c == '.' && s.lang == "perl" && s.has, c == '.' && s.lang == "php" && s.has:
		s.plus = true
		s.at++
	default:
		s.at++
	}
}

// ident reads a dotted name: os.path.join, File::write, fs.promises.rm.
func (s *codeScanner) ident() {
	from := s.at
	for s.at < len(s.src) {
		c := s.src[s.at]
		if identifier(c) || c == '.' && s.at+1 < len(s.src) && identifier(s.src[s.at+1]) {
			s.at++
		} else if strings.HasPrefix(s.src[s.at:], "::") || strings.HasPrefix(s.src[s.at:], "?.") || strings.HasPrefix(s.src[s.at:], "->") {
			s.at += 2
		} else {
			break
		}
	}
	s.word = s.src[from:s.at]
	if len(s.word) <= 2 && s.at < len(s.src) && (s.src[s.at] == '\'' || s.src[s.at] == '"') && strings.Trim(strings.ToLower(s.word), "rbfu") == "" {
		s.word = "" // a string's prefix
		return
	}
	if bare := slices.Contains([]string{"system", "exec", "unlink", "open", "require", "qx", "rename", "rmdir", "mkdir", "symlink", "link", "truncate"}, s.word); bare && (s.lang == "perl" || s.lang == "ruby") {
		if rest := strings.TrimLeft(s.src[s.at:], " "); rest != "" && rest[0] != '(' {
			s.call()
			s.open[len(s.open)-1].on = nil
		}
	}
	if from > 0 && s.src[from-1] == '.' && s.last != nil {
		return
	}
	s.put(s.variable())
}

func (s *codeScanner) variable() Word {
	if v, ok := s.vars[s.word]; ok {
		return v
	}
	if strings.Trim(s.word, "0123456789") == "" || slices.Contains([]string{"True", "False", "true", "false", "None", "null", "shell"}, s.word) {
		return ""
	}
	return unknown
}

// put takes a value for the argument that is being read.
func (s *codeScanner) put(v Word) {
	switch {
	case s.plus && s.has:
		s.value += v
	case s.has && (v == "" || s.value != unknown && v == unknown):
	default:
		s.value = v
	}
	s.has, s.plus = true, false
}

func (s *codeScanner) str(q byte) {
	long := strings.Repeat(string(q), 3)
	end := string(q)
	if s.lang == "python" && strings.HasPrefix(s.src[s.at:], long) {
		end = long
	}
	start := s.at + len(end)
	i := start
	for i < len(s.src) && !strings.HasPrefix(s.src[i:], end) {
		if s.src[i] == '\\' {
			i++
		}
		i++
	}
	i = min(i, len(s.src))
	raw := s.src[min(start, i):i]
	formatted := s.at > 0 && strings.ContainsAny(s.src[s.at-1:s.at], "fF") && s.lang == "python" || q == '`' && s.lang == "node" || q == '"' && (s.lang == "ruby" || s.lang == "perl" || s.lang == "php")
	v := word.Ansi(raw, 3)
	if formatted {
		v = s.interpolated(string(v))
	}
	s.at = min(i+len(end), len(s.src))
	if q == '`' && (s.lang == "perl" || s.lang == "ruby" || s.lang == "php") {
		s.out.ticks = append(s.out.ticks, string(v))
		return
	}
	s.out.strings = append(s.out.strings, string(v))
	s.put(v)
	s.word = ""
}

// interpolated lets what is put into a string be unknown.
func (s *codeScanner) interpolated(v string) Word {
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		switch {
		case v[i] == '{' && s.lang == "python", v[i] == '$' && i+1 < len(v) && (v[i+1] == '{' || s.lang != "node" && identifier(v[i+1])), v[i] == '#' && i+1 < len(v) && v[i+1] == '{':
			b.WriteRune(word.Unknown)
			if j := strings.IndexByte(v[i:], '}'); j >= 0 && strings.Contains(v[i:i+j], "{") {
				i += j
				continue
			}
			for i+1 < len(v) && identifier(v[i+1]) {
				i++
			}
		default:
			b.WriteByte(v[i])
		}
	}
	return Word(b.String())
}

func (s *codeScanner) call() {
	c := &called{}
	if s.word != "" {
		n := strings.NewReplacer("::", ".", "?.", ".", "->", ".").Replace(s.word)
		if i := strings.LastIndexByte(n, '.'); i >= 0 {
			c.owner, c.name = n[:i], n[i+1:]
		} else {
			c.name = n
		}
	}
	c.on = s.last
	if s.last != nil && c.owner == "" {
		c.owner = s.last.name
	}
	s.open = append(s.open, c)
	s.word, s.value, s.has, s.plus, s.last = "", "", false, false, nil
}

// argument ends the argument that is being read.
func (s *codeScanner) argument() {
	if s.has && len(s.open) > 0 {
		c := s.open[len(s.open)-1]
		c.args = append(c.args, s.value)
	} else if s.has && s.name != "" {
		s.vars[s.name] = s.value
	}
	s.value, s.has, s.plus = "", false, false
}

func (s *codeScanner) close() {
	s.argument()
	if len(s.open) == 0 {
		return
	}
	c := s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	s.last = c
	if c.name == "" { // only parentheses
		if len(c.args) == 1 {
			s.put(c.args[0])
		}
		s.last = nil
		return
	}
	s.out.calls = append(s.out.calls, *c)
	if (c.name == "require" || c.name == "__import__" || c.name == "import_module") && len(c.args) > 0 && s.name != "" {
		s.out.modules[s.name] = strings.TrimPrefix(string(c.args[0]), "node:")
	}
	v := unknown
	if c.name == "join" && len(c.args) > 0 || c.name == "Path" && len(c.args) > 0 {
		v = Word(path.Join(word.Texts(c.args)...))
	}
	s.word = ""
	s.put(v)
}

// imports finds the modules that are imported under another name.
func imports(src string) map[string]string {
	out := map[string]string{}
	for line := range strings.FieldsFuncSeq(src, func(r rune) bool { return r == '\n' || r == ';' }) {
		if f := strings.Fields(line); len(f) == 4 && f[0] == "import" && f[2] == "as" {
			out[f[3]] = f[1]
		}
	}
	return out
}
