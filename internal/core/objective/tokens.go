package objective

import (
	"slices"
	"unicode/utf8"
)

type tokenKind int

const (
	one   tokenKind = iota // one rune of set
	star                   // any number of runes of set
	deep                   // "**/" at a segment's start
	below                  // "/**" at the end
)

type token struct {
	kind tokenKind
	set  runes
}

// tokens reads a pattern without braces, as doublestar does: "**" that is not a
// whole segment is "*"; a class may match "/".
func tokens(p []rune) []token {
	var toks []token
	segment := true // at a segment's start
	for i := 0; i < len(p); i++ {
		here := segment
		segment = false
		switch p[i] {
		case '*':
			n := 1
			if i+1 < len(p) && p[i+1] == '*' {
				n = 2
			}
			i += n - 1
			switch {
			case n == 2 && here && i+1 == len(p):
				toks = endless(toks)
			case n == 2 && here && p[i+1] == '/':
				toks, i, segment = append(toks, token{kind: deep}), i+1, true
			default:
				toks = append(toks, token{star, notSlash})
			}
		case '?':
			toks = append(toks, token{one, notSlash})
		case '[':
			var set runes
			set, i = class(p, i)
			toks = append(toks, token{one, set})
		case '\\':
			if i+1 < len(p) {
				i++
			}
			toks = append(toks, token{one, runes{{p[i], p[i]}}})
		default:
			segment = p[i] == '/'
			toks = append(toks, token{one, runes{{p[i], p[i]}}})
		}
	}
	return toks
}

// endless adds "**" at the end of a pattern: "a/**" matches "a" too.
func endless(toks []token) []token {
	if n := len(toks); n > 0 && toks[n-1].kind == one {
		return append(toks[:n-1], token{kind: below})
	}
	return append(toks, token{star, anyRune})
}

// class reads the class that opens at p[i] and returns its set and the index of
// its "]".
func class(p []rune, i int) (runes, int) {
	i++
	negate := i < len(p) && (p[i] == '!' || p[i] == '^')
	if negate {
		i++
	}
	var ivs []interval
	last := rune(-1)
	for ; i < len(p) && p[i] != ']'; i++ {
		if last >= 0 && p[i] == '-' && i+1 < len(p) && p[i+1] != ']' {
			if i++; p[i] == '\\' && i+1 < len(p) {
				i++
			}
			if last <= p[i] {
				ivs = append(ivs, interval{last, p[i]})
			}
			last = -1
			continue
		}
		if p[i] == '\\' && i+1 < len(p) {
			i++
		}
		last = p[i]
		ivs = append(ivs, interval{last, last})
	}
	set := union(ivs)
	if negate {
		set = complement(set)
	}
	return set, i
}

// union sorts intervals and joins those that touch.
func union(ivs []interval) runes {
	slices.SortFunc(ivs, func(a, b interval) int { return int(a.lo) - int(b.lo) })
	var out runes
	for _, iv := range ivs {
		if n := len(out); n > 0 && iv.lo <= out[n-1].hi+1 {
			out[n-1].hi = max(out[n-1].hi, iv.hi)
			continue
		}
		out = append(out, iv)
	}
	return out
}

func complement(s runes) runes {
	var out runes
	from := rune(0)
	for _, iv := range s {
		if iv.lo > from {
			out = append(out, interval{from, iv.lo - 1})
		}
		from = iv.hi + 1
	}
	if from <= utf8.MaxRune {
		out = append(out, interval{from, utf8.MaxRune})
	}
	return out
}
