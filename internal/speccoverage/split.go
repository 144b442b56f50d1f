package speccoverage

import (
	"fmt"
	"regexp"
	"strings"
)

// A Unit is the smallest piece of the specification that can hold or not.
type Unit struct {
	ID      string // section and number in it: "guardrails.3"
	Section string // the heading of the second level that it stands under
	Text    string // the specification's words, on one line, without markup of lines and boxes
}

var (
	blanks    = regexp.MustCompile(`\s+`)
	boxes     = regexp.MustCompile(`[\x{2500}-\x{257F}\x{25BC}]+`) // lines and arrowheads of drawings
	notSlug   = regexp.MustCompile(`[^a-z0-9]+`)
	sentence  = regexp.MustCompile(`([.!?])\s+([A-Z])`)
	item      = regexp.MustCompile(`^\s*(?:[-*]|\d+\.)\s+`)
	separator = regexp.MustCompile(`^\|[\s|:-]+\|$`)
)

// splitter walks the specification line by line.
type splitter struct {
	units   []Unit
	section string
	slug    string
	n       int      // units of the section so far
	para    []string // lines of the paragraph, or of the block of code, that is being read
	lead    string   // a paragraph ending in a colon: it is read with each item under it
	code    bool     // inside a fence
	matter  bool     // inside the front matter
}

// Split cuts the specification into its units, in order.
//
//   - of the front matter: each sentence of each value
//   - a paragraph: its sentences; one that ends in a colon belongs to each of the
//     items below it instead ("When to use: Complex tasks …")
//   - a list item, a table row (its head too): one unit
//   - code: what stands between blank lines is one unit; in a drawing, a box and
//     a branch of a tree
//
// Headings are no units; those of the second level name the sections.
func Split(text string) []Unit {
	s := &splitter{section: "Front matter", slug: "front-matter"}
	for i, line := range strings.Split(text, "\n") {
		s.line(i, strings.TrimRight(line, " \t\r"))
	}
	s.flush()
	return s.units
}

func (s *splitter) line(i int, line string) {
	trimmed := strings.TrimSpace(line)
	switch {
	case trimmed == "---" && (i == 0 || s.matter):
		s.matter = i == 0
	case s.matter:
		_, value, _ := strings.Cut(trimmed, ": ")
		s.sentences(strings.Trim(value, `"`))
	case strings.HasPrefix(trimmed, "```"):
		s.flush()
		s.code = !s.code
	case trimmed == "":
		s.flush()
	case s.code:
		s.drawn(line)
	case strings.HasPrefix(trimmed, "#"):
		s.flush()
		s.lead = ""
		if head, ok := strings.CutPrefix(trimmed, "## "); ok {
			s.section, s.n = head, 0
			s.slug = slugOf(head)
		}
	case strings.HasPrefix(trimmed, "|"):
		s.flush()
		if !separator.MatchString(trimmed) {
			s.add(s.lead + strings.Join(cells(trimmed), " · "))
		}
	case item.MatchString(line):
		s.flush()
		s.add(s.lead + item.ReplaceAllString(line, ""))
	default:
		if len(s.para) == 0 {
			s.lead = ""
		}
		s.para = append(s.para, trimmed)
	}
}

// drawn takes a line of code. In a drawing, a line without words ends a box, and
// a branch of a tree's trunk begins a unit.
func (s *splitter) drawn(line string) {
	if blanks.ReplaceAllString(boxes.ReplaceAllString(line, ""), "") == "" {
		s.flush()
		return
	}
	if strings.HasPrefix(line, "├") || strings.HasPrefix(line, "└") {
		s.flush()
	}
	s.para = append(s.para, strings.TrimSpace(line))
}

// flush ends a paragraph or a piece of code.
func (s *splitter) flush() {
	text := strings.Join(s.para, " ")
	lines := len(s.para)
	s.para = nil
	switch {
	case lines == 0:
	case s.code:
		s.add(s.lead + text)
	case strings.HasSuffix(strings.Trim(text, "*"), ":"):
		s.lead = text + " "
	default:
		s.sentences(text)
	}
}

func (s *splitter) sentences(text string) {
	for part := range strings.SplitSeq(sentence.ReplaceAllString(text, "$1\n$2"), "\n") {
		s.add(part)
	}
}

func (s *splitter) add(text string) {
	text = strings.TrimSpace(blanks.ReplaceAllString(boxes.ReplaceAllString(text, " "), " "))
	if text == "" {
		return
	}
	s.n++
	s.units = append(s.units, Unit{ID: fmt.Sprintf("%s.%d", s.slug, s.n), Section: s.section, Text: text})
}

func slugOf(heading string) string {
	heading, _, _ = strings.Cut(heading, ":")
	return strings.Trim(notSlug.ReplaceAllString(strings.ToLower(heading), "-"), "-")
}

// cells are the trimmed cells of a table's row. A bar that is escaped is text.
func cells(row string) []string {
	row = strings.ReplaceAll(strings.Trim(strings.TrimSpace(row), "|"), `\|`, "\x00")
	var list []string
	for cell := range strings.SplitSeq(row, "|") {
		list = append(list, strings.ReplaceAll(strings.TrimSpace(cell), "\x00", "|"))
	}
	return list
}
