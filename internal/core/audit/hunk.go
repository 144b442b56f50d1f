package audit

import (
	"fmt"
	"slices"
	"strings"

	"popkit/internal/core/objective"
)

// Bounds of a hunk.
const (
	hunkContext = 3
	hunkLines   = 20
	hunkWidth   = 200 // bytes of a line
)

// hunk writes the part of the diff that shows the finding's line, or where the change
// begins, as diff does. Of a protected file nothing is shown: it is there to hold
// what nobody is to see.
func (j *judge) hunk(f found) string {
	c := f.change
	if c == nil || !textual(c) || objective.Protected(c.Path, j.rules.Protected) || objective.Protected(c.Path, j.rules.Sensitive) {
		return ""
	}
	edits := j.compare(c)
	at := slices.IndexFunc(edits, func(e edit) bool {
		switch {
		case f.line == 0:
			return e.op != ' '
		case f.old:
			return e.op != '+' && e.old == f.line
		}
		return e.op != '-' && e.new == f.line
	})
	if at < 0 {
		return ""
	}
	return write(c.Path, edits, at, j.rules.Redact)
}

// textual reports whether the change is one of text, all of which was read.
func textual(c *Change) bool {
	for _, s := range []Side{c.Old, c.New} {
		if s.There() && (!s.Regular() || !s.Read || binary(s.Content)) {
			return false
		}
	}
	return true
}

func write(path string, edits []edit, at int, redact func(string) string) string {
	from, to := span(edits, at)
	var b strings.Builder
	var first, last edit
	for _, e := range edits[from:to] {
		if first.old == 0 && e.old > 0 {
			first.old = e.old
		}
		if first.new == 0 && e.new > 0 {
			first.new = e.new
		}
		if e.old > 0 {
			last.old++
		}
		if e.new > 0 {
			last.new++
		}
	}
	key := false // within a private key
	fmt.Fprintf(&b, "@@ -%d,%d +%d,%d @@\n", first.old, last.old, first.new, last.new)
	for _, e := range edits[from:to] {
		key = key || strings.Contains(e.text, "-----BEGIN ") && strings.Contains(e.text, "PRIVATE KEY")
		text := redact(veil(path, strings.TrimSuffix(e.text, "\r")))
		if key {
			text = "[secret]"
		}
		key = key && !strings.Contains(e.text, "-----END ")
		if len(text) > hunkWidth {
			text = strings.ToValidUTF8(text[:hunkWidth], "") + "…"
		}
		b.WriteString(string(e.op) + Visible(text) + "\n")
	}
	return b.String()
}

// span is the part of a comparison around one of its lines: the changed lines
// that it is among, and a few before and after.
func span(edits []edit, at int) (from, to int) {
	from, to = at, at+1
	for from > 0 && at-from < hunkLines/2 && edits[from-1].op != ' ' {
		from--
	}
	for to < len(edits) && to-from < hunkLines-hunkContext && edits[to].op != ' ' {
		to++
	}
	return max(0, from-hunkContext), min(len(edits), to+hunkContext)
}
