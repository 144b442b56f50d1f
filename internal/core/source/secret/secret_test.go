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
		if what, value := Known(line, false); what == "" || value == "" {
			t.Errorf("%s: not found: %s", sh.of, line)
		}
		if what, _ := Known("x = '"+sh.prefix+body[:sh.min-1]+"'", false); what != "" {
			t.Errorf("%s: found too short: %s", sh.of, what)
		}
	}
}

// What looks made up is taken for a secret where secrets are not usually made up.
func TestMadeUp(t *testing.T) {
	for line, want := range map[string][2]bool{ // elsewhere, and in a test
		"x = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'":                        {true, false},
		"x = 'ghp_Zk3vQ9xW1mB7rTZyN8uJ2hL6cD4fG0sQeViPk3vQ'":                    {true, true},
		"x = 'xoxb-1234567890-1234567890-abcdefghijklmnop'":                     {true, false},
		"x = 'AKIAIOSFODNN7EXAMPLE'":                                            {},
		"x = 'ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx0123456789'":                {},
		"u = 'postgres://admin:S3cr3tPassw0rd@db.example.com/p'":                {true, false},
		"u = 'postgres://admin:hunter42@db.corp.net/p'":                         {true, true},
		"u = 'postgres://admin:hunter42@db:5432/p'":                             {},
		"t = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N'": {true, false},
		"t = 'eyJhbGciOiJIUzI1NiJ9'":                                            {},
	} {
		for i, made := range []bool{false, true} {
			if what, _ := Known(line, made); (what != "") != want[i] {
				t.Errorf("%s, made up %v: %q", line, made, what)
			}
		}
	}
	for line, want := range map[string]bool{
		"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ": true, // how each of OpenSSH's begins
		"YOUR-KEY-HERE-YOUR-KEY-HERE":                false,
		"MIIE":                                       false,
	} {
		if PrivateKey(line) != want {
			t.Errorf("%s as a key's body: %v", line, !want)
		}
	}
}

func TestAssigned(t *testing.T) {
	for line, want := range map[string]string{
		"token = 'sk-live-4242'":                                    "token",
		"self.password = 'hunter42x'":                               "password",
		"api_key: str = 'q7zk3m9xw2b5'":                             "api_key",
		"{'client_secret': 'q7zk3m9xw2b5'}":                         "client_secret",
		"f(password='q7zk3m9xw2b5')":                                "password",
		"AWS_SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzq8Zt1mLp0a'": "AWS_SECRET",
		"token = 'src/auth/token/v2/AbcdEf01/GhijKl'":               "",
		"token = 'changeme42'":                                      "",
		"token = load('q7zk3m9xw2b5')":                              "",
		"token = 'a' + 'b'":                                         "",
		"token_type = 'q7zk3m9xw2b5'":                               "",
		"# token = 'q7zk3m9xw2b5'":                                  "",
		"token":                                                     "",
		"=":                                                         "",
	} {
		if got, _ := Assigned(source.Python, source.Scan(line, source.Python)[0], line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func FuzzKnown(f *testing.F) {
	f.Add("postgres://u:hunter42@h/db 'Bearer x'")
	f.Fuzz(func(t *testing.T, line string) {
		if what, value := Known(line, false); what != "" && !strings.Contains(line, value) {
			t.Errorf("%q is not in %q", value, line)
		}
		for _, l := range source.Scan(line, source.Python) {
			Assigned(source.Python, l, l.Raw)
		}
	})
}
