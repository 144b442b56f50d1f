package secret

import (
	"strings"

	"popkit/internal/core/source"
)

// shape is how the tokens of a well-known service look.
type shape struct {
	prefix string
	of     string // whose
	min    int    // bytes after the prefix
	max    int    // 0: as many as there are
	chars  string // what they are made of
}

const (
	alnum = "letters and digits"
	upper = "upper case and digits"
	token = "letters, digits, _ and -"
	hex   = "hexadecimal"
)

// shapes are prefixes that no ordinary text has, with what must follow them.
var shapes = []shape{
	{"AKIA", "an AWS access key", 16, 16, upper}, {"ASIA", "an AWS access key", 16, 16, upper},
	{"ghp_", "a GitHub token", 36, 0, alnum}, {"gho_", "a GitHub token", 36, 0, alnum}, {"ghu_", "a GitHub token", 36, 0, alnum},
	{"ghs_", "a GitHub token", 36, 0, alnum}, {"ghr_", "a GitHub token", 36, 0, alnum}, {"github_pat_", "a GitHub token", 50, 0, token},
	{"glpat-", "a GitLab token", 20, 0, token}, {"gldt-", "a GitLab token", 20, 0, token},
	{"xoxb-", "a Slack token", 20, 0, token}, {"xoxp-", "a Slack token", 20, 0, token}, {"xoxa-", "a Slack token", 20, 0, token},
	{"xoxr-", "a Slack token", 20, 0, token}, {"xapp-", "a Slack token", 20, 0, token},
	{"sk_live_", "a Stripe key", 16, 0, alnum}, {"rk_live_", "a Stripe key", 16, 0, alnum}, {"whsec_", "a Stripe secret", 24, 0, alnum},
	{"sk-ant-", "an Anthropic key", 24, 0, token}, {"sk-proj-", "an OpenAI key", 24, 0, token}, {"sk-", "an API key", 32, 0, alnum},
	{"AIza", "a Google API key", 35, 35, token}, {"ya29.", "a Google token", 30, 0, token}, {"GOCSPX-", "a Google secret", 28, 28, token},
	{"npm_", "an npm token", 36, 36, alnum}, {"pypi-AgEI", "a PyPI token", 50, 0, token}, {"rubygems_", "a RubyGems key", 48, 48, hex}, {"cio", "a crates.io token", 32, 32, alnum},
	{"dckr_pat_", "a Docker token", 27, 0, token}, {"hf_", "a Hugging Face token", 34, 0, alnum}, {"SG.", "a SendGrid key", 60, 0, token + "."},
	{"shpat_", "a Shopify token", 32, 32, hex}, {"dop_v1_", "a DigitalOcean token", 64, 64, hex}, {"lin_api_", "a Linear key", 40, 40, alnum},
	{"glsa_", "a Grafana token", 32, 0, token}, {"hvs.", "a Vault token", 24, 0, token}, {"AGE-SECRET-KEY-1", "an age key", 58, 58, upper},
	{"sq0csp-", "a Square secret", 43, 43, token}, {"key-", "a Mailgun key", 32, 32, hex}, {"PMAK-", "a Postman key", 59, 0, token},
	{"tfp_", "a Typeform token", 40, 0, token}, {"doo_v1_", "a DigitalOcean token", 64, 64, hex}, {"pul-", "a Pulumi token", 40, 40, hex},
}

func in(chars string, c byte) bool {
	digit, low, up := c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z'
	switch chars {
	case alnum:
		return digit || low || up
	case upper:
		return digit || up
	case hex:
		return digit || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
	case token:
		return digit || low || up || c == '_' || c == '-'
	}
	return digit || low || up || c == '_' || c == '-' || c == '.'
}

// Known returns whose token stands on a line, and the token. made says that the
// line is of a file in which tokens are usually made up (a test, a sample): one that
// only looks drawn by chance in part (abcdef, 123456) is then taken for made up, too.
func Known(s string, made bool) (what, value string) {
	if what, value = carried(s, made); what != "" {
		return what, value
	}
	if what, value = webToken(s, made); what != "" {
		return what, value
	}
	for _, sh := range shapes {
		for from := 0; ; {
			i := strings.Index(s[from:], sh.prefix)
			if i < 0 {
				break
			}
			i += from
			end := i + len(sh.prefix)
			for end < len(s) && in(sh.chars, s[end]) {
				end++
			}
			n := end - i - len(sh.prefix)
			if (i == 0 || !source.InName(s[i-1]) && s[i-1] != '-') && n >= sh.min && (sh.max == 0 || n <= sh.max) && random(s[i+len(sh.prefix):end], made) {
				return sh.of, s[i:end]
			}
			from = i + 1
		}
	}
	return "", ""
}

// carried returns a secret that stands in the address of a service, or in a header.
func carried(s string, made bool) (what, value string) {
	if i := strings.Index(s, "Bearer "); i >= 0 {
		end := i + len("Bearer ")
		for end < len(s) && in(token+".", s[end]) {
			end++
		}
		if v := s[i+len("Bearer ") : end]; len(v) >= 20 && random(v, made) {
			return "a token in a header", v
		}
	}
	i := strings.Index(s, "://")
	if i < 0 {
		return "", ""
	}
	rest := s[i+3:]
	end := strings.IndexAny(rest, "/ \"'`?#")
	if end < 0 {
		end = len(rest)
	}
	user, host, ok := strings.Cut(rest[:end], "@")
	_, pass, ok2 := strings.Cut(user, ":")
	name, _, _ := strings.Cut(host, ":")
	// A name without a dot is of a service next door, as those of containers are.
	if !ok || !ok2 || source.Prefixed(name, "localhost", "127.") || !strings.Contains(name, ".") || made && strings.Contains(name, "example") || !secretValue(pass) {
		return "", ""
	}
	return "a password in an address", pass
}

// webToken returns a JSON web token: three parts, of which two are JSON in base64.
func webToken(s string, made bool) (what, value string) {
	i := strings.Index(s, "eyJ")
	if made || i < 0 || i > 0 && source.InName(s[i-1]) {
		return "", ""
	}
	end := i
	for end < len(s) && in(token+".", s[end]) {
		end++
	}
	parts := strings.Split(s[i:end], ".")
	if len(parts) != 3 || len(parts[0]) < 12 || !strings.HasPrefix(parts[1], "eyJ") || len(parts[2]) < 16 {
		return "", ""
	}
	return "a JSON web token", s[i:end]
}

// random reports whether a value looks drawn by chance: it has digits and
// letters, not one of them over and over, and no word that says that it is none;
// among made ones no run of the alphabet either.
func random(s string, made bool) bool {
	if saysSo(s) || made && Placeholder(s) {
		return false
	}
	var seen [256]bool
	different, digits, letters := 0, 0, 0
	for _, c := range []byte(s) {
		if !seen[c] {
			seen[c] = true
			different++
		}
		if c >= '0' && c <= '9' {
			digits++
		} else if c != '_' && c != '-' {
			letters++
		}
	}
	return different >= 8 && digits > 0 && letters > 0
}

// says are the parts of values that are meant to be replaced.
var says = []string{
	"example", "sample", "placeholder", "changeme", "change_me", "change-me", "replace", "your_", "your-", "yourtoken", "yoursecret", "xxxx", "dummy", "fake", "redacted", "insert", "...", "***",
}

// saysSo reports whether a value says in words that it is no secret.
func saysSo(s string) bool {
	low := strings.ToLower(s)
	for _, p := range says {
		if strings.Contains(low, p) {
			return true
		}
	}
	return strings.ContainsAny(s, "<>{}$%* ")
}

// PrivateKey reports whether a line of a key's body looks like one.
func PrivateKey(s string) bool { return len(s) >= 16 && Base64(s) && !saysSo(s) }

// pretend are the parts of values that are no secrets.
var pretend = []string{
	"todo", "abcdef", "123456", "0000", "1111", "aaaa", "test", "mock", "foobar", "secret", "password", "passwd", "deadbeef", "lorem", "undefined", "default",
}

// Placeholder reports whether a value says of itself that it is none.
func Placeholder(s string) bool {
	if saysSo(s) {
		return true
	}
	low := strings.ToLower(s)
	for _, p := range pretend {
		if strings.Contains(low, p) {
			return true
		}
	}
	return false
}

// Base64 reports whether a text is one stretch of base64 with letters of both cases.
func Base64(s string) bool {
	for _, c := range []byte(s) {
		if !in(alnum, c) && c != '+' && c != '/' && c != '=' {
			return false
		}
	}
	return strings.ToLower(s) != s && strings.ToUpper(s) != s
}

// secretNames are the ends of names that hold secrets, without _ and in lower case.
var secretNames = []string{"password", "passwd", "pwd", "secret", "token", "apikey", "secretkey", "accesskey", "privatekey", "authkey", "signingkey", "encryptionkey", "credential", "credentials", "passphrase", "clientsecret"}

// Assigned returns the name and the literal where a line sets a name that holds
// secrets to a literal that looks like one.
func Assigned(l source.Lang, ln source.Line, raw string) (n, value string) {
	at := strings.IndexAny(ln.Code, "=:")
	if at <= 0 || len(ln.Code) < len(raw) {
		return "", ""
	}
	for at >= 0 && at < len(raw) {
		n = nameBefore(raw[:at])
		if holdsSecret(n) {
			if v := literal(l, raw, at+1); secretValue(v) {
				return n, v
			}
		}
		next := strings.IndexAny(ln.Code[at+1:], "=:")
		if next < 0 {
			return "", ""
		}
		at += 1 + next
	}
	return "", ""
}

// nameBefore returns the name at the end of what stands before an = or a colon; one
// of a type, and it is the name before that: token string =, token: str =.
func nameBefore(s string) string {
	n, rest := lastName(strings.TrimRight(s, " \t:\"'])?"))
	switch n {
	case "str", "string", "String":
		n, _ = lastName(strings.TrimRight(strings.ReplaceAll(rest, "'static", ""), " \t:&?"))
	}
	return n
}

func lastName(s string) (last, before string) {
	i := len(s)
	for i > 0 && (source.InName(s[i-1]) || s[i-1] == '-') {
		i--
	}
	return s[i:], s[:i]
}

func holdsSecret(n string) bool {
	n = strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(n, "_", ""), "-", "")) // a Replacer costs a third of a diff's time
	for _, s := range secretNames {
		if strings.HasSuffix(n, s) {
			return true
		}
	}
	return false
}

// literal returns the string that begins at an offset; in files without quotes,
// what stands there.
func literal(l source.Lang, raw string, at int) string {
	rest := strings.TrimLeft(raw[at:], " \t=")
	rest = strings.TrimLeft(rest, "b")
	if rest == "" {
		return ""
	}
	switch q := rest[0]; q {
	case '"', '\'', '`':
		end := strings.IndexByte(rest[1:], q)
		if end < 0 {
			return ""
		}
		after := strings.TrimSpace(rest[end+2:])
		if after != "" && strings.IndexByte(".+%([", after[0]) >= 0 {
			return "" // only a part of the value, or something is made of it
		}
		return rest[1 : 1+end]
	}
	if l == source.YAML || l == source.INI || l == source.Shell {
		v, _, _ := strings.Cut(raw[at:], " #")
		return strings.TrimSpace(v)
	}
	return ""
}

// secretValue reports whether a literal looks like a secret rather than like a
// name, a word, a path or a placeholder.
func secretValue(v string) bool {
	slash := strings.Contains(v, "/") // a path, unless it is as long and as mixed as a key in base64
	if len(v) < 8 || len(v) > 512 || Placeholder(v) || strings.ContainsAny(v, " \t\\()[]|,;") || slash && (len(v) < 32 || !Base64(v)) {
		return false
	}
	digits, letters, uppers, lowers := 0, 0, 0, 0
	for _, c := range []byte(v) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z':
			lowers++
			letters++
		case c >= 'A' && c <= 'Z':
			uppers++
			letters++
		case c >= 0x80:
			return false
		}
	}
	if slash && (digits < 3 || uppers < 4 || lowers < 4) {
		return false
	}
	return digits > 1 && letters > 0
}
