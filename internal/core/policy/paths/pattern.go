package paths

import (
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"popkit/internal/core/objective"
	"popkit/internal/core/policy/word"
)

// Pattern is a path pattern made ready: most are a name at any depth, which
// protects all below it.
type Pattern struct {
	Text string
	seg  string // a glob of one segment, at any depth
	dir  bool   // what is written is a directory's name: "**/x/**"
	deep string // any other pattern
}

// Compile makes patterns ready.
func Compile(list []string) []Pattern {
	var out []Pattern
	for _, t := range list {
		p := Pattern{Text: t}
		inner, dir := strings.CutSuffix(strings.TrimPrefix(t, "**/"), "/**")
		switch {
		case !strings.ContainsAny(t, "/{"):
			p.seg = t
		case dir && strings.HasPrefix(t, "**/") && !strings.ContainsAny(inner, "/{"):
			p.seg, p.dir = inner, true
		default:
			p.deep = t
		}
		out = append(out, p)
	}
	return out
}

// Covers reports whether the path, or a directory that it is in, matches.
func (p Pattern) Covers(rel string, fold bool) bool {
	if fold {
		rel = strings.ToLower(rel)
		p.seg, p.deep = strings.ToLower(p.seg), strings.ToLower(p.deep)
	}
	if p.deep != "" {
		for at := rel; at != "." && at != "/" && at != ""; at = path.Dir(at) {
			if objective.InScope(at, []string{p.deep}) && !(at == rel && exampleFile(path.Base(rel))) {
				return true
			}
		}
		return false
	}
	for rest := rel; rest != ""; {
		seg, after, more := strings.Cut(rest, "/")
		if doublestar.MatchUnvalidated(p.seg, seg) && (more || !exampleFile(seg)) {
			return true
		}
		rest = after
	}
	return false
}

// exampleFile tells the files that look like .env and hold no secret.
func exampleFile(name string) bool {
	switch strings.ToLower(name) {
	case ".env.example", ".env.sample", ".env.template":
		return true
	}
	return false
}

// MayCover reports whether a path of which some is not known could be covered, by
// what is known of it: wildcards alone say nothing, "*.pem" does.
func (p Pattern) MayCover(rel word.Word, fold bool) bool {
	segs := strings.Split(string(rel), "/")
	literal := ""
	for _, s := range segs {
		if !word.Word(s).Known() {
			break
		}
		literal = path.Join(literal, s)
	}
	if literal != "" && p.Covers(literal, fold) {
		return true
	}
	seg := p.seg
	if p.deep != "" {
		seg = path.Base(p.deep)
		if strings.Trim(seg, "*") == "" {
			return false
		}
	}
	deep := strings.ContainsRune(string(rel), word.Deep)
	for _, s := range segs {
		if strings.Trim(s, string(word.Name)+string(word.Deep)+string(word.Char)+string(word.Unknown)) == "" {
			continue
		}
		if exampleFile(s) {
			continue
		}
		if fold {
			s, seg = strings.ToLower(s), strings.ToLower(seg)
		}
		if meets([]rune(s), seg, !deep) {
			return true
		}
	}
	return false
}

// fills are what a wildcard in a pattern usually stands for. What a word with
// wildcards of its own could match in theory is no help: "*.go" matches ".env.go".
var fills = []string{"", "x", ".local", ".production", ".test"}

// meets reports whether a segment with unknown parts can be one of the usual names
// that a glob matches. hidden says that a wildcard at the beginning stands for no
// dot, as the shell's does not.
func meets(w []rune, glob string, hidden bool) bool {
	if len(w) > 100 || len(glob) > 100 || strings.ContainsAny(glob, "[\\") {
		return true
	}
	wildcard := len(w) > 0 && (w[0] == word.Name || w[0] == word.Char)
	for _, f := range fills {
		name := strings.ReplaceAll(strings.ReplaceAll(glob, "*", f), "?", "x")
		if hidden && wildcard && strings.HasPrefix(name, ".") {
			continue
		}
		if matches(w, []rune(name)) {
			return true
		}
		if !strings.Contains(glob, "*") {
			break
		}
	}
	return false
}

// matches reports whether a word with unknown parts can be a name.
func matches(w, name []rune) bool {
	at := make([]bool, len(name)+1) // at[j]: the word so far can be name[:j]
	at[0] = true
	for _, c := range w {
		next := make([]bool, len(name)+1)
		many := c == word.Name || c == word.Unknown || c == word.Deep
		for j := range at {
			switch {
			case !at[j]:
			case many:
				for k := j; k < len(next); k++ {
					next[k] = true
				}
			case j < len(name) && (name[j] == c || c == word.Char):
				next[j+1] = true
			}
		}
		at = next
	}
	return at[len(name)]
}

// Within reports whether a boundary allows a path; of what is not known of it any
// text will do, since a boundary is about the folder.
func (p Pattern) Within(rel word.Word, fold bool) bool {
	text, file := p.Text, string(rel)
	if !rel.Known() {
		file = strings.NewReplacer(string(word.Name), "x", string(word.Deep), "x", string(word.Char), "x", string(word.Unknown), "x").Replace(file)
	}
	if fold {
		text, file = strings.ToLower(text), strings.ToLower(file)
	}
	return objective.InScope(file, []string{text})
}

// Covering returns the pattern that covers a path, if one does.
func Covering(list []Pattern, rel word.Word, fold bool) (Pattern, bool) {
	for _, p := range list {
		if rel.Known() && p.Covers(string(rel), fold) || !rel.Known() && p.MayCover(rel, fold) {
			return p, true
		}
	}
	return Pattern{}, false
}
