package secret

import (
	"strings"
	"testing"

	"popkit/internal/core/source"
)

// Each shape finds what is made as it says, and not what is too short.
func TestShapes(t *testing.T) {
	const drawn = "Zk3vQ9xW1mB7rTZyN8uJ2hL6cD4fG0sQeViPk3vQ9xW1mB7rTZyN8uJ2hL6cD4fG0sQeViP"
	for _, sh := range shapes {
		n := max(sh.min, sh.max)
		body := drawn[:n]
		switch sh.chars {
		case upper:
			body = strings.ToUpper(body)
		case hex:
			body = strings.Repeat("9f3c7be2d4086a15", 5)[:n]
		}
		line := "x = '" + sh.prefix + body + "'"
		if what, value := Known(line); what == "" || value == "" {
			t.Errorf("%s: not found: %s", sh.of, line)
		}
		if what, _ := Known("x = '" + sh.prefix + body[:sh.min-1] + "'"); what != "" {
			t.Errorf("%s: found too short: %s", sh.of, what)
		}
	}
}

func TestAssigned(t *testing.T) {
	for line, want := range map[string]string{
		"token = 'sk-live-4242'":            "token",
		"self.password = 'hunter42x'":       "password",
		"api_key: str = 'q7zk3m9xw2b5'":     "api_key",
		"{'client_secret': 'q7zk3m9xw2b5'}": "client_secret",
		"f(password='q7zk3m9xw2b5')":        "password",
		"token = 'changeme42'":              "",
		"token = load('q7zk3m9xw2b5')":      "",
		"token = 'a' + 'b'":                 "",
		"token_type = 'q7zk3m9xw2b5'":       "",
		"# token = 'q7zk3m9xw2b5'":          "",
		"token":                             "",
		"=":                                 "",
	} {
		if got, _ := Assigned(source.Python, source.Scan(line, source.Python)[0], line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func FuzzKnown(f *testing.F) {
	f.Add("postgres://u:hunter42@h/db 'Bearer x'")
	f.Fuzz(func(t *testing.T, line string) {
		if what, value := Known(line); what != "" && !strings.Contains(line, value) {
			t.Errorf("%q is not in %q", value, line)
		}
		for _, l := range source.Scan(line, source.Python) {
			Assigned(source.Python, l, l.Raw)
		}
	})
}
