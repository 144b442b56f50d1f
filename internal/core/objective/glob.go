package objective

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// Bounds of a pattern. Both keep the comparison of two patterns cheap; no path
// pattern that a person writes comes near them.
const (
	maxGlob = 512 // bytes
	maxAlts = 64  // patterns that its braces expand to
)

// CheckGlob says what is wrong with a path pattern, or nil. Patterns are
// relative to the repository's top, with "/" between segments: "*" is anything
// within a segment, "**" any number of segments, "?" one character, "[a-z]" a
// class, "{a,b}" alternatives, "\" makes the next character plain.
func CheckGlob(pattern string) error {
	switch {
	case strings.TrimSpace(pattern) == "":
		return errors.New("an empty pattern")
	case len(pattern) > maxGlob:
		return fmt.Errorf("a pattern of %d bytes, more than %d", len(pattern), maxGlob)
	case !utf8.ValidString(pattern) || strings.ContainsRune(pattern, 0):
		return errors.New("a pattern that is not UTF-8 text")
	case strings.HasPrefix(pattern, "!"):
		return errors.New(`a pattern that begins with "!": patterns only add paths`)
	case strings.HasPrefix(pattern, "/"):
		return errors.New(`an absolute path: patterns begin at the repository's top, without "/"`)
	case !doublestar.ValidatePattern(pattern):
		return errors.New("a pattern that is not well formed: a bracket or brace stays open, or is empty")
	}
	alts, ok := expand(pattern)
	if !ok {
		return fmt.Errorf("a pattern whose braces stand for more than %d patterns", maxAlts)
	}
	for _, a := range alts {
		for seg := range strings.SplitSeq(strings.TrimPrefix(a, "./"), "/") {
			if seg == ".." || seg == "." {
				return fmt.Errorf("a pattern with the segment %q: patterns stay inside the repository", seg)
			}
		}
		if strings.Contains(a, "//") {
			return errors.New(`a pattern with an empty segment ("//")`)
		}
	}
	return nil
}

// normal turns a pattern as written into plain doublestar patterns without
// braces. What it adds to doublestar: a pattern without "/" matches at any
// depth ("./x" is x at the top), and a pattern whose last segment is a plain
// name, ends in "/" or has no "/" covers everything below what it matches, unless
// it reads like a file's name (see fileLike). ok is false for more than maxAlts
// alternatives.
func normal(pattern string) (alts []string, ok bool) {
	expanded, ok := expand(pattern)
	for _, p := range expanded {
		p = anchored(p)
		alts = append(alts, p)
		i := strings.LastIndexByte(p, '/')
		whole := strings.HasPrefix(p, "**/") && i == 2 || !strings.ContainsAny(p[i+1:], "*?[")
		if whole && !fileLike(p[i+1:]) {
			alts = append(alts, p+"/**")
		}
	}
	return alts, ok
}

// Literal is the pattern that matches this one path (and, where it is a directory,
// what is below it).
func Literal(path string) string {
	var b strings.Builder
	if !strings.Contains(path, "/") || strings.HasPrefix(path, "!") {
		b.WriteString("./") // at the top, not at any depth
	}
	for _, r := range path {
		if strings.ContainsRune(`\*?[]{}`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// fileLike reports whether a last segment reads like a file's name: it has a dot
// that is not its first character. Without that a.go and b.go would overlap, for
// the sake of a directory called a.go with a b.go in it.
func fileLike(segment string) bool { return strings.IndexByte(segment, '.') > 0 }

// named is normal without what lies below a plain name.
func named(pattern string) (alts []string, ok bool) {
	expanded, ok := expand(pattern)
	for _, p := range expanded {
		alts = append(alts, anchored(p))
	}
	return alts, ok
}

func anchored(p string) string {
	rest, top := strings.CutPrefix(p, "./")
	switch {
	case strings.HasSuffix(rest, "/"):
		return rest + "**"
	case top || rest == "**" || strings.Contains(rest, "/"):
		return rest
	}
	return "**/" + rest
}

// expand replaces braces by their alternatives, as doublestar does: the text of
// each alternative takes the braces' place. ok is false for more than maxAlts.
func expand(pattern string) (alts []string, ok bool) {
	work := []string{pattern}
	for len(work) > 0 {
		p := work[len(work)-1]
		work = work[:len(work)-1]
		before, options, after, found := firstBraces(p)
		if !found {
			alts = append(alts, p)
		}
		for i := len(options) - 1; i >= 0; i-- {
			work = append(work, before+options[i]+after)
		}
		if len(alts)+len(work) > maxAlts {
			return nil, false
		}
	}
	return alts, true
}

// firstBraces splits p at its first top-level braces.
func firstBraces(p string) (before string, options []string, after string, found bool) {
	open, depth, from := -1, 0, 0
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '\\':
			i++
		case '[':
			i = classEnd(p, i)
		case '{':
			if depth++; depth == 1 {
				open, from = i, i+1
			}
		case ',':
			if depth == 1 {
				options, from = append(options, p[from:i]), i+1
			}
		case '}':
			if depth == 0 {
				continue
			}
			if depth--; depth == 0 {
				return p[:open], append(options, p[from:i]), p[i+1:], true
			}
		}
	}
	return p, nil, "", false
}

// classEnd returns the index of the "]" that closes the class opened at i, or
// the last index of p.
func classEnd(p string, i int) int {
	for i++; i < len(p); i++ {
		switch p[i] {
		case '\\':
			i++
		case ']':
			return i
		}
	}
	return len(p) - 1
}
