package smell

import (
	"strings"

	"popkit/internal/core/source"
)

// answersOne reports whether a line answers one input with a result that is
// written down, before all others are computed: if n == 10 { return 55 }. Small
// numbers and the empty string are how recursions end.
func (f *file) answersOne(i int) bool {
	l := f.new[i]
	code := strings.TrimSpace(l.Code)
	at := strings.Index(l.Code, code)
	if source.Prefixed(code, "case ", "when ", "match ") || f.lang == source.Rust && strings.Contains(code, "=>") {
		return f.arm(i, code)
	}
	if f.lang == source.Ruby && strings.HasPrefix(code, "return ") {
		return f.rubyAnswer(l, at)
	}
	for _, w := range []string{"} else ", "else ", "el"} {
		if rest, ok := strings.CutPrefix(code, w); ok && strings.HasPrefix(rest, "if") {
			code, at = rest, at+len(w)
		}
	}
	if !source.Prefixed(code, "if ", "if(") || strings.Contains(code, "&&") || source.Has(code, "and", "or") || strings.Contains(code, "||") {
		return false
	}
	is := strings.Index(l.Code[at:], "==")
	if is < 0 {
		return false
	}
	left := strings.Trim(l.Code[at+2:at+is], " (")
	end := at + is + 2
	for end < len(l.Code) && (l.Code[end] == '=' || l.Code[end] == ' ') {
		end++
	}
	input, rest := written(l.Raw, end)
	if input == "" || source.Name(left) != left || left == "" {
		return false
	}
	j := i
	for end = skipTo(l.Code, rest, " ):{"); end >= len(l.Code) && j < i+2 && j+1 < len(f.new); {
		j++
		l = f.new[j]
		end = skipTo(l.Code, 0, " \t")
	}
	if end >= len(l.Code) || !strings.HasPrefix(l.Code[end:], "return ") {
		return false
	}
	answer, after := written(l.Raw, skipTo(l.Code, end+len("return "), " "))
	if answer == "" || strings.Trim(l.Code[min(after, len(l.Code)):], " ;}") != "" {
		return false
	}
	return number(input) && number(answer) && len(answer) > 1 || f.computes(j+1, left)
}

// rubyAnswer judges return 55 if n == 10.
func (f *file) rubyAnswer(l source.Line, at int) bool {
	answer, rest := written(l.Raw, at+len("return "))
	if answer == "" || rest > len(l.Code) {
		return false
	}
	test, ok := strings.CutPrefix(strings.TrimSpace(l.Code[rest:]), "if ")
	is := strings.Index(l.Code, "==")
	if !ok || is < 0 || strings.Contains(test, "&&") {
		return false
	}
	input, _ := written(l.Raw, skipTo(l.Code, is+2, " "))
	return number(input) && number(answer) && len(answer) > 1
}

func skipTo(s string, at int, blanks string) int {
	for at < len(s) && strings.IndexByte(blanks, s[at]) >= 0 {
		at++
	}
	return at
}

// written returns the number or the string that stands at an offset and says more
// than nothing, and the offset behind it.
func written(raw string, at int) (value string, end int) {
	if at >= len(raw) {
		return "", at
	}
	if q := raw[at]; q == '"' || q == '\'' {
		n := strings.IndexByte(raw[at+1:], q)
		if n < 2 {
			return "", at
		}
		return raw[at : at+n+2], at + n + 2
	}
	n, _ := source.Digits(raw[at:])
	if n == "" || n == "0" || n == "1" {
		return "", at
	}
	return n, at + len(n)
}

func number(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// computes reports whether what follows hands the same name to a function whose
// result is returned: all other inputs are computed.
func (f *file) computes(i int, name string) bool {
	for ; i < len(f.new); i++ {
		code := strings.TrimSpace(f.new[i].Code)
		if strings.Trim(code, "}") == "" {
			continue
		}
		call, ok := strings.CutPrefix(code, "return ")
		_, args, called := strings.Cut(call, "(")
		return ok && called && source.Has(args, name)
	}
	return false
}

// arm judges one number that is answered with another where all others are
// computed: case 10: return 55, or 10 => 55 with _ => f(x).
func (f *file) arm(i int, code string) bool {
	if f.lang == source.Rust {
		before, after, _ := strings.Cut(code, "=>")
		words := strings.Fields(strings.ReplaceAll(before, "{", " "))
		if len(words) == 0 || !strings.Contains(f.rest(i, 10), "_ =>") {
			return false
		}
		_, other, _ := strings.Cut(f.rest(i, 10), "_ =>")
		input, _ := written(words[len(words)-1], 0)
		answer, _ := written(strings.TrimSpace(after), 0)
		return number(input) && number(answer) && len(answer) > 1 && strings.Contains(strings.SplitN(other, "\n", 2)[0], "(")
	}
	_, test, _ := strings.Cut(code, " ")
	input, end := written(test, 0)
	if !number(input) || end >= len(test) || strings.Trim(test[end:], " :") != "" && !strings.Contains(test[end:], "return ") {
		return false
	}
	_, value, ok := strings.Cut(strings.Join(strings.Fields(test[end:]+" "+f.rest(i+1, 1)), " "), "return ")
	answer, _ := written(value, 0)
	if !ok || !number(answer) || len(answer) < 2 {
		return false
	}
	for _, l := range strings.Split(f.rest(i+1, 20), "\n") {
		if call, ok := strings.CutPrefix(strings.TrimSpace(l), "return "); ok && strings.Contains(call, "(") {
			return true
		}
	}
	return false
}

// rest returns the code of so many lines from one on.
func (f *file) rest(i, n int) string {
	var b strings.Builder
	for j := i; j < len(f.new) && j < i+n; j++ {
		b.WriteString(f.new[j].Code)
		b.WriteByte('\n')
	}
	return b.String()
}
