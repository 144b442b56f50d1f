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
	if value != "" {
		fi.Excerpt = cut(strings.ReplaceAll(strings.TrimSpace(f.new[i].Raw), value, value[:min(3, len(value)/3)]+"…"))
	}
	return fi
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
