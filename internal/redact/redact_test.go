package redact_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"popkit/internal/redact"
)

func TestString(t *testing.T) {
	for _, tt := range []struct {
		name    string
		secrets []string
		in, out string
	}{
		{"none", nil, "hello", "hello"},
		{"one", []string{"hunter22"}, "the password is hunter22.", "the password is [redacted]."},
		{"every occurrence", []string{"hunter22"}, "hunter22hunter22 hunter22", "[redacted][redacted] [redacted]"},
		{"too short", []string{"short"}, "short", "short"},
		{"just long enough", []string{"longer"}, "longer", "[redacted]"},
		{"blanks around a value", []string{" hunter22\n"}, "hunter22", "[redacted]"},
		{"the longest wins", []string{"secret", "secret-token"}, "secret-token secret", "[redacted] [redacted]"},
		{"overlap", []string{"abcdef", "defghi"}, "xabcdefghix", "x[redacted]x"},
		{"a shorter one inside and beyond", []string{"abcdefgh", "ghijkl"}, "abcdefghijkl", "[redacted]"},
		{"lines of a key", []string{"-----BEGIN\nAAAABBBB\nCCCC\n"}, "key: AAAABBBB", "key: [redacted]"},
		{"almost", []string{"hunter22"}, "hunter2 hunter23", "hunter2 hunter23"},
		{"restart within", []string{"ababac"}, "abababac", "ab[redacted]"},
		{"not text", []string{"\xff\xfe\x00abc"}, "a\xff\xfe\x00abcb", "a[redacted]b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := redact.New(tt.secrets).String(tt.in); got != tt.out {
				t.Errorf("String(%q) = %q, want %q", tt.in, got, tt.out)
			}
			if got := stream(t, redact.New(tt.secrets), strings.SplitAfter(tt.in, "")); got != tt.out {
				t.Errorf("written byte by byte, %q gives %q, want %q", tt.in, got, tt.out)
			}
		})
	}
}

func TestNilRedactor(t *testing.T) {
	var r *redact.Redactor
	if got := r.String("hello"); got != "hello" {
		t.Errorf("got %q", got)
	}
	if got := stream(t, r, []string{"hello"}); got != "hello" {
		t.Errorf("got %q", got)
	}
}

// However the text is cut, the stream gives what String gives; and no secret is
// in it.
func TestWriterAgreesWithString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 80, -1)
		secrets := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 5, 10, -1), 0, 4).Draw(t, "secrets")
		r := redact.New(secrets)
		var pieces []string
		var whole string
		for range rapid.IntRange(0, 6).Draw(t, "pieces") {
			piece := text.Draw(t, "piece")
			if len(secrets) > 0 && rapid.Bool().Draw(t, "with secret") {
				piece += rapid.SampledFrom(secrets).Draw(t, "secret")
			}
			at := rapid.IntRange(0, len(piece)).Draw(t, "cut")
			pieces = append(pieces, piece[:at], piece[at:])
			whole += piece
		}
		want := r.String(whole)
		if got := stream(t, r, pieces); got != want {
			t.Fatalf("pieces %q give %q, want %q", pieces, got, want)
		}
		for _, s := range secrets {
			if len(s) >= redact.MinLength && strings.Contains(want, s) {
				t.Fatalf("%q still holds %q", want, s)
			}
		}
	})
}

func TestWriterHandsOnWhatIsDecided(t *testing.T) {
	var out bytes.Buffer
	w := redact.New([]string{"hunter22"}).Writer(&out)
	write(t, w, "line one\nhun")
	if got := out.String(); got != "line one\n" {
		t.Errorf("after an undecided beginning: %q", got)
	}
	write(t, w, "gry")
	if got := out.String(); got != "line one\nhungry" {
		t.Errorf("after it was decided: %q", got)
	}
}

func TestWriterErrors(t *testing.T) {
	full := errors.New("disk full")
	w := redact.New([]string{"hunter22"}).Writer(failing{full})
	if _, err := w.Write([]byte("hunter")); err != nil {
		t.Errorf("held back, so nothing can have failed: %v", err)
	}
	if err := w.Close(); !errors.Is(err, full) {
		t.Errorf("Close() = %v, want %v", err, full)
	}
	if _, err := w.Write([]byte("x")); err == nil {
		t.Error("a write after Close succeeded")
	}
	if err := w.Close(); err != nil {
		t.Errorf("second Close() = %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

type fataler interface {
	Helper()
	Fatal(args ...any)
}

func write(t fataler, w interface{ Write([]byte) (int, error) }, s string) {
	t.Helper()
	if n, err := w.Write([]byte(s)); err != nil || n != len(s) {
		t.Fatal(n, err)
	}
}

func stream(t fataler, r *redact.Redactor, pieces []string) string {
	t.Helper()
	var out bytes.Buffer
	w := r.Writer(&out)
	for _, p := range pieces {
		write(t, w, p)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func BenchmarkWriter(b *testing.B) {
	w := redact.New([]string{"hunter22-hunter22", "an-api-key-of-some-length"}).Writer(&bytes.Buffer{})
	line := bytes.Repeat([]byte("an ordinary line of output, and another\n"), 100)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if _, err := w.Write(line); err != nil {
			b.Fatal(err)
		}
	}
}

// TestLearn: what is learned is secret from then on, for writers that are at work, too.
func TestLearn(t *testing.T) {
	r := redact.New([]string{"first-secret"})
	var b strings.Builder
	w := r.Writer(&b)
	for _, text := range []string{"first-secret second-secret ", "second-sec"} {
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		r.Learn("second-secret")
	}
	if _, err := io.WriteString(w, "ret"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil || b.String() != "[redacted] second-secret [redacted]" || r.String("first-secret, second-secret") != "[redacted], [redacted]" {
		t.Errorf("%v: %s", err, b.String())
	}
}
