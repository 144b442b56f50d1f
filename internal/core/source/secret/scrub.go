package secret

import "strings"

// Removed stands where a secret was.
const Removed = "[redacted]"

// maxScrubs bounds the secrets that are taken out of one line; past it the whole
// line goes.
const maxScrubs = 100

// Scrub takes the secrets out of a text that can be told by their look: tokens of
// well-known services, passwords in addresses and headers, private keys.
func Scrub(text string) string {
	var s Scrubber
	return s.Text(text)
}

// Scrubber scrubs a text that comes in pieces of whole lines. The zero value is
// ready.
type Scrubber struct {
	key bool // within a private key
}

// InKey reports whether a private key has begun and not ended yet.
func (s *Scrubber) InKey() bool { return s.key }

// Text scrubs the next lines.
func (s *Scrubber) Text(text string) string {
	var b strings.Builder // made only where something changes
	done := 0
	at := 0
	for line := range strings.Lines(text) {
		end := at + len(line)
		body := strings.TrimRight(line, "\r\n")
		if clean := s.line(body); clean != body {
			b.WriteString(text[done:at])
			b.WriteString(clean)
			done = at + len(body)
		}
		at = end
	}
	if done == 0 && b.Len() == 0 {
		return text
	}
	b.WriteString(text[done:])
	return b.String()
}

const (
	keyBegins = "-----BEGIN "
	keyEnds   = "-----END "
	keyKind   = "PRIVATE KEY"
)

// May reports, at little cost, whether Scrub could take something out of a text: where
// it says no, it can't.
func May(text string) bool {
	for _, mark := range []string{"://", "Bearer ", "eyJ", keyBegins} {
		if strings.Contains(text, mark) {
			return true
		}
	}
	for i := range shapes {
		if strings.Contains(text, shapes[i].prefix) {
			return true
		}
	}
	return false
}

// line scrubs one line without its end.
func (s *Scrubber) line(line string) string {
	if s.key {
		return s.inKey(line)
	}
	if i := strings.Index(line, keyBegins); i >= 0 {
		kind, rest, ok := strings.Cut(line[i+len(keyBegins):], "-----")
		if ok && strings.HasSuffix(kind, keyKind) {
			return s.beginKey(line[:len(line)-len(rest)], rest)
		}
	}
	for range maxScrubs {
		what, value := Known(line, false)
		if what == "" || value == "" {
			return line
		}
		line = strings.ReplaceAll(line, value, Removed)
	}
	return Removed
}

// beginKey takes a key out of the line in which it begins, after its head. One whose
// lines are written as \n in a string is all in this line.
func (s *Scrubber) beginKey(head, rest string) string {
	if end := strings.Index(rest, keyEnds); end >= 0 {
		return head + Removed + rest[end:]
	}
	if s.key = true; strings.Trim(rest, " \t\"'`;,)\\nr") == "" {
		return head + rest
	}
	return head + Removed
}

// inKey takes out a line of a key; what is none ends it.
func (s *Scrubber) inKey(line string) string {
	body := strings.TrimLeft(line, " \t>|#0123456789:→\"'")
	body = strings.TrimRight(body, " \t\\\"',;n")
	switch {
	case strings.Contains(line, keyEnds):
		s.key = false
		return line
	case PrivateKey(body):
		return line[:strings.Index(line, body)] + Removed
	case strings.TrimSpace(line) == "", strings.Contains(line, ": "): // as in Proc-Type: 4,ENCRYPTED
		return line
	}
	s.key = false
	return s.line(line)
}
