package smell

import (
	"strings"

	"popkit/internal/core/source"
	"popkit/internal/core/source/secret"
)

// maxLine bounds how much of a line is looked at for secrets.
const maxLine = 16 << 10

// secrets finds secrets in the lines that are new.
func (f *file) secrets() []Finding {
	var out []Finding
	for _, i := range f.added {
		l := f.new[i]
		raw := l.Raw[:min(len(l.Raw), maxLine)]
		made := f.test || f.sample || f.foreign || source.InTestDir(f.Path)
		if what, value := secret.Known(raw, made); what != "" {
			out = append(out, f.secret(i, "hard-coded secret: "+what, value))
			continue
		}
		if f.privateKey(i) {
			out = append(out, f.secret(i, "hard-coded secret: a private key", ""))
			continue
		}
		if made {
			continue
		}
		if n, value := secret.Assigned(f.lang, l, raw); n != "" {
			set := " is set to a literal"
			if strings.Contains(l.Code, "==") {
				set = " is compared with a literal"
			}
			out = append(out, f.secret(i, "hard-coded secret: "+n+set, value))
		}
	}
	return out
}

func (f *file) secret(i int, text, value string) Finding {
	fi := f.finding("secret", i, text)
	fi.Rule = HardcodedSecret
	fi.Excerpt = cut(f.veiled(strings.TrimSpace(f.new[i].Raw), value))
	return fi
}

// maxVeiled bounds how many secrets are taken out of one line; what is left of a
// line with more of them is not shown.
const maxVeiled = 20

// veiled returns a line without the secrets on it: one stands seldom alone.
func (f *file) veiled(line, value string) string {
	if before, _, ok := strings.Cut(line, "-----BEGIN "); ok {
		return before + "-----BEGIN …"
	}
	for range maxVeiled {
		if value == "" {
			return line
		}
		line = strings.ReplaceAll(line, value, value[:min(3, len(value)/3)]+"…")
		if _, value = secret.Known(line, false); value == "" {
			_, value = secret.Assigned(f.lang, source.Scan(line, f.lang)[0], line)
		}
	}
	return "…"
}

// privateKey reports whether a key follows the line that announces one. Keys for
// tests of TLS lie where tests do, and give nothing away.
func (f *file) privateKey(i int) bool {
	raw := f.new[i].Raw
	at := strings.Index(raw, "-----BEGIN ")
	if at < 0 || !strings.Contains(raw[at:], "PRIVATE KEY") || f.test || source.InTestDir(f.Path) {
		return false
	}
	_, body, _ := strings.Cut(raw[at:], "PRIVATE KEY")
	for j := i + 1; j < len(f.new) && j <= i+6; j++ {
		body += "\n" + f.new[j].Raw
	}
	for _, l := range strings.Split(strings.ReplaceAll(body, `\n`, "\n"), "\n") {
		if l = strings.Trim(l, " \t\"'`+,;\\-"); len(l) >= 16 && secret.Base64(l) {
			return secret.PrivateKey(l)
		}
	}
	return false
}
