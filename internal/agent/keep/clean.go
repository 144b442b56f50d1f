package keep

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"popkit/internal/core/source/secret"
)

// MaxString is how much is kept of one string in a line, in bytes: of a file that
// was read, of a command's output, of a picture.
const MaxString = 64 << 10

// clean takes the secrets out of a text.
func (t *Transcript) clean(text string) string {
	return secret.Scrub(t.redactor.String(text))
}

// shorten cuts a text that is too long to be kept.
func shorten(text string) string {
	if len(text) <= MaxString {
		return text
	}
	return fmt.Sprintf("%s… [popkit: %d bytes in all]", strings.ToValidUTF8(text[:MaxString], ""), len(text))
}

// object returns the JSON object in a line with its strings cleaned, byte for byte
// as it was elsewhere. false: the line holds none.
func (t *Transcript) object(line []byte) (json.RawMessage, bool) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] != '{' || !json.Valid(line) {
		return nil, false
	}
	if t.harmless(line) {
		return line, true
	}
	out := make([]byte, 0, len(line))
	for i := 0; i < len(line); {
		if line[i] != '"' {
			out = append(out, line[i])
			i++
			continue
		}
		end := stringEnd(line, i)
		out = append(out, t.literal(line[i:end])...)
		i = end
	}
	return out, true
}

// harmless reports, at little cost, that nothing is to be taken out of a line, and
// nothing to be cut. Most are so, and each of their strings would have to be looked at.
func (t *Transcript) harmless(line []byte) bool {
	text := string(line)
	if len(text) > MaxString {
		return false
	}
	for _, escape := range []string{`\u`, `\/`, `\\\\`} { // a secret can be written so that it is not found here
		if strings.Contains(text, escape) {
			return false
		}
	}
	return !secret.May(text) && t.redactor.String(text) == text
}

// stringEnd returns the end of the string literal that begins at i, in valid JSON.
func stringEnd(line []byte, i int) int {
	for i++; line[i] != '"'; i++ {
		if line[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// literal returns a string literal without secrets: the same bytes where there are
// none.
func (t *Transcript) literal(raw []byte) []byte {
	text := string(raw[1 : len(raw)-1])
	if bytes.IndexByte(raw, '\\') >= 0 {
		if err := json.Unmarshal(raw, &text); err != nil {
			return []byte(`"[popkit: not readable]"`) // can't be: the line is valid
		}
	}
	clean := shorten(t.clean(text))
	if clean == text {
		return raw
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(clean); err != nil {
		return []byte(`"[popkit: not readable]"`) // can't be: strings can be encoded
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
