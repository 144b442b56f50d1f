package keep

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"popkit/internal/core/source/secret"
)

// plain hands pieces on and returns what came out before the end, and in all.
func plain(t interface{ Fatal(...any) }, pieces ...string) (before, all string) {
	var out bytes.Buffer
	p := NewPlain(&out)
	for _, piece := range pieces {
		if _, err := p.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	before = out.String()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return before, out.String()
}

const keyBody = "MIIEpAIBAAKCAQEAx0Vq1Zk3vQ9xW1mB7rTZyN8u"

// Secrets are found in whatever pieces they come.
func TestPlainSecrets(t *testing.T) {
	const text = "one ghp_Zk3vQ9xW1mB7rTZyN8uJ2hL6cD4fG0sQeViP two\n" +
		"Authorization: Bearer q7zk3m9xw2b5q7zk3m9xw2b5\r\n" +
		"-----BEGIN EC PRIVATE KEY-----\n" + keyBody + "\n" + keyBody + "\n-----END EC PRIVATE KEY-----\nAKIAZ3VQ9XW1MB7RTZYN"
	want := secret.Scrub(text)
	if strings.Contains(want, "ghp_") || strings.Contains(want, "q7zk") || strings.Contains(want, "MIIE") || strings.Contains(want, "AKIA") {
		t.Fatalf("secrets are left in %s", want)
	}
	rapid.Check(t, func(rt *rapid.T) {
		var pieces []string
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, min(len(rest), 30)).Draw(rt, "n")
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		if _, all := plain(rt, pieces...); all != want {
			rt.Fatalf("%q gave %q", pieces, all)
		}
	})
}

// What is said in parts of lines is handed on as it comes.
func TestPlainGoesOn(t *testing.T) {
	for _, c := range []struct{ in, before string }{
		{"Continue? ", "Continue? "},
		{"....", "...."},
		{"reading src/a.go", "reading "},
		{"a\nb", "a\n"},
		{"--", ""},
		{strings.Repeat("x", maxWord+1), strings.Repeat("x", maxWord+1)},
	} {
		if before, all := plain(t, c.in); before != c.before || all != c.in {
			t.Errorf("%.40q: %.40q at once, %.40q in all", c.in, before, all)
		}
	}
}
