package insight

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Insight is something an agent found that others should know.
type Insight struct {
	ID         string   // i-1, i-2, …
	Agent      string   // who shared it first
	Task       string   // "" when it came from no task
	Phase      string   // name
	Kind       string   // discovery, pattern, blocker, question, answer or a word of the agent's own
	Content    string   // valid UTF-8, 1 to MaxContent bytes
	Tags       []string // as CleanTags gives them
	Confidence float64  // 0 to 1; 0 is "not given"
	Source     string   // "" reported, "file" found in insights.json, "need" made of a check-in
	Seq        int64    // of the event that added it
	Time       time.Time
	Confirmed  []string // agents that found the same, without Agent
	Similar    []string // IDs of earlier near-duplicates

	pos int32 // in its Index
}

// Limits of what Validate accepts.
const (
	MaxContent = 4000 // bytes
	MaxTags    = 16
	MaxTag     = 64 // bytes
	MaxKind    = 32 // bytes
)

// Errors that Validate wraps.
var (
	ErrContent    = errors.New("bad insight text")
	ErrKind       = errors.New("bad insight type")
	ErrTags       = errors.New("bad insight tags")
	ErrConfidence = errors.New("bad confidence")
)

// Validate says what is wrong with an insight that someone wants to share, as
// one line that tells what to change.
func Validate(kind, content string, tags []string, confidence float64) error {
	if err := validContent(content); err != nil {
		return err
	}
	if !validKind(kind) {
		return fmt.Errorf("%w %q: 1 to %d of a-z and _, such as discovery, pattern, blocker, question", ErrKind, kind, MaxKind)
	}
	if len(tags) > MaxTags {
		return fmt.Errorf("%w: %d of them, at most %d are allowed", ErrTags, len(tags), MaxTags)
	}
	for _, tag := range tags {
		if err := validTag(tag); err != nil {
			return err
		}
	}
	// Written so that NaN is refused too.
	if !(confidence >= 0 && confidence <= 1) {
		return fmt.Errorf("%w %v: a number from 0 to 1", ErrConfidence, confidence)
	}
	return nil
}

func validContent(content string) error {
	switch {
	case !utf8.ValidString(content):
		return fmt.Errorf("%w: not valid UTF-8", ErrContent)
	case strings.TrimSpace(content) == "":
		return fmt.Errorf("%w: it is empty", ErrContent)
	case len(content) > MaxContent:
		return fmt.Errorf("%w: %d bytes, at most %d are allowed; name the file that holds the rest", ErrContent, len(content), MaxContent)
	}
	return nil
}

func validKind(kind string) bool {
	if kind == "" || len(kind) > MaxKind {
		return false
	}
	return !strings.ContainsFunc(kind, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
}

func validTag(tag string) error {
	switch {
	case strings.TrimSpace(tag) == "":
		return fmt.Errorf("%w: one is empty", ErrTags)
	case len(tag) > MaxTag:
		return fmt.Errorf("%w: %q has %d bytes, at most %d are allowed", ErrTags, tag[:16]+"…", len(tag), MaxTag)
	case !utf8.ValidString(tag):
		return fmt.Errorf("%w: %q is not valid UTF-8", ErrTags, tag)
	case strings.ContainsFunc(tag, unicode.IsControl):
		return fmt.Errorf("%w: %q holds a control character", ErrTags, tag)
	}
	return nil
}

// CleanTags returns the tags in lower case, without outer blanks, without empty
// ones and without repetitions, in their order. Tags are compared in this form.
func CleanTags(tags []string) []string {
	var out []string
	for _, tag := range tags {
		tag = strings.ToLower(strings.TrimSpace(tag))
		if tag != "" && !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	return out
}

// Normalize returns the key under which two insights are the same: the type,
// and the text without outer blanks and with case folded as strings.EqualFold
// does. Inner blanks count: code is quoted in insights, and there they matter.
func Normalize(kind, content string) string {
	return kind + "\x00" + strings.Map(foldRune, strings.TrimSpace(content))
}

// foldRune maps all runes that differ only by case to one of them.
func foldRune(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return least
}
