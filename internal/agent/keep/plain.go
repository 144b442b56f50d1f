package keep

import (
	"bytes"
	"io"

	"popkit/internal/core/source/secret"
)

// Bounds of what a Plain holds back of a line that has no end yet.
const (
	maxWord = 4 << 10  // of a word
	maxLine = 16 << 10 // of a line that may hold a key
)

// Plain hands on output to w, as it comes, without what looks like a secret: tokens of
// well-known services, private keys. It holds back the last word of a line that has no
// end yet, which may be half a token; Close hands it on. It does not close w.
type Plain struct {
	w        io.Writer
	scrubber secret.Scrubber
	held     []byte
}

// NewPlain returns one that has handed on nothing.
func NewPlain(w io.Writer) *Plain { return &Plain{w: w} }

// Write takes all of p or fails for good.
func (p *Plain) Write(b []byte) (int, error) {
	p.held = append(p.held, b...)
	if err := p.hand(p.ready()); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Close hands on what was held back.
func (p *Plain) Close() error { return p.hand(len(p.held)) }

// hand scrubs and hands on the first n bytes.
func (p *Plain) hand(n int) error {
	if n == 0 {
		return nil
	}
	clean := p.scrubber.Text(string(p.held[:n]))
	p.held = append(p.held[:0], p.held[n:]...)
	_, err := io.WriteString(p.w, clean)
	return err
}

// ready is how much can be handed on: whole lines, and of the last one what is no part
// of a secret whatever comes.
func (p *Plain) ready() int {
	lines := bytes.LastIndexByte(p.held, '\n') + 1
	rest := p.held[lines:]
	if p.scrubber.InKey() || bytes.Contains(rest, []byte("--")) {
		if len(rest) > maxLine {
			return len(p.held)
		}
		return lines
	}
	word := bytes.LastIndexAny(rest, " \t\r") + 1
	tail := rest[word:]
	if len(tail) > maxWord || len(tail) > 0 && len(bytes.Trim(tail, ".*#=+|/\\_")) == 0 {
		return len(p.held) // progress, drawn in dots
	}
	if head := bytes.TrimRight(rest[:word], " \t"); bytes.HasSuffix(head, []byte("Bearer")) {
		word = len(head) - len("Bearer")
	}
	return lines + word
}
