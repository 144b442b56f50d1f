package secret

import (
	"strings"
	"testing"
)

func TestScrub(t *testing.T) {
	const token = "ghp_Zk3vQ9xW1mB7rTZyN8uJ2hL6cD4fG0sQeViP"
	const body = "MIIEpAIBAAKCAQEAx0Vq1Zk3vQ9xW1mB7rTZyN8u"
	for name, c := range map[string]struct{ text, want string }{
		"nothing":          {"func main() {\n\tkey := \"abc\"\n}\n", "func main() {\n\tkey := \"abc\"\n}\n"},
		"a token":          {"a\nx " + token + " y\r\nb", "a\nx [redacted] y\r\nb"},
		"twice in a line":  {token + " " + token + " AKIAZ3VQ9XW1MB7RTZYN", "[redacted] [redacted] [redacted]"},
		"in the last line": {"a\n" + token, "a\n[redacted]"},
		"a key": {"-----BEGIN PRIVATE KEY-----\n" + body + "\n" + body + "==\n-----END PRIVATE KEY-----\nnext",
			"-----BEGIN PRIVATE KEY-----\n[redacted]\n[redacted]\n-----END PRIVATE KEY-----\nnext"},
		"a key in numbered lines": {"1\t-----BEGIN EC PRIVATE KEY-----\n2\t" + body + "\n3\t-----END EC PRIVATE KEY-----",
			"1\t-----BEGIN EC PRIVATE KEY-----\n2\t[redacted]\n3\t-----END EC PRIVATE KEY-----"},
		"a key in a string": {`k = "-----BEGIN PRIVATE KEY-----\n` + body + `\n-----END PRIVATE KEY-----\n"`,
			`k = "-----BEGIN PRIVATE KEY-----[redacted]-----END PRIVATE KEY-----\n"`},
		"no key follows": {"-----BEGIN PRIVATE KEY-----\nis how a key begins\n" + strings.ToUpper(body), "-----BEGIN PRIVATE KEY-----\nis how a key begins\n" + strings.ToUpper(body)},
		"about keys":     {`strings.Contains(t, "-----BEGIN ") && "PRIVATE KEY"`, `strings.Contains(t, "-----BEGIN ") && "PRIVATE KEY"`},
		"a certificate":  {"-----BEGIN CERTIFICATE-----\n" + body + "\n", "-----BEGIN CERTIFICATE-----\n" + body + "\n"},
	} {
		if got := Scrub(c.text); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
	}
}

func FuzzScrub(f *testing.F) {
	f.Add("a\n-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEAx0\n\nBearer abcdefgh0123456789ABCDEF")
	f.Fuzz(func(t *testing.T, text string) {
		out := Scrub(text)
		if out != text && !May(text) {
			t.Errorf("%q may not, and becomes %q", text, out)
		}
		if strings.Count(out, "\n") != strings.Count(text, "\n") {
			t.Errorf("%q became %q", text, out)
		}
		for line := range strings.Lines(out) {
			if _, v := Known(line, false); v != "" && v != Removed {
				t.Errorf("%q is left in %q", v, out)
			}
		}
	})
}

func BenchmarkScrub(b *testing.B) {
	text := strings.Repeat("\tif err := json.Unmarshal(raw, &s.config); err != nil { return fmt.Errorf(\"read %s: %w\", path, err) }\n", 100)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Scrub(text)
	}
}
