package policy

import (
	"slices"
	"strings"

	"popkit/internal/core/policy/host"
	"popkit/internal/core/policy/hosttool"
	"popkit/internal/core/policy/shell"
)

// fetch judges a tool that fetches from the network.
func (j *judge) fetch(in hosttool.Input) {
	raw := in.URL
	if raw == "" {
		for f := range strings.FieldsSeq(in.Prompt) {
			if strings.Contains(f, "://") {
				raw = f
			}
		}
	}
	j.host(raw, raw)
	if len(raw) > 5 && strings.EqualFold(raw[:5], "file:") {
		j.read("/", shell.Word("/"+strings.TrimLeft(strings.TrimPrefix(raw[5:], "//localhost"), "/")))
	}
}

func (j *judge) host(raw, subject string) {
	switch h := host.Of(raw); {
	case h == "":
	case host.Payment(h):
		j.found(rulePayment, subject, "%s moves money", h)
	case host.Paid(h):
		j.found(rulePaidAPI, subject, "a call of %s costs money", h)
	case host.Metadata(h):
		j.found(ruleCredentials, subject, "%s hands out the machine's credentials", h)
	}
}

// network judges curl, wget and their like: what they write, send and call.
func (j *judge) network(k cmd) {
	for i, a := range k.args {
		s := string(a)
		next := shell.Word("")
		if i+1 < len(k.args) {
			next = k.args[i+1]
		}
		switch {
		case slices.Contains([]string{"-o", "--output", "-O", "--output-document", "--output-file", "--append-output", "-a", "--cookie-jar", "-c", "--dump-header", "-D", "--trace", "--stderr"}, s):
			if (k.name == "wget") == (s == "-O" || s == "--output-document" || s == "--output-file" || s == "--append-output" || s == "-a" || s == "-o") || k.name != "wget" && s != "-O" {
				if next != "-" {
					j.write(k.Dir, next)
				}
			}
		case strings.HasPrefix(s, "--output=") || strings.HasPrefix(s, "--output-document="):
			_, v, _ := strings.Cut(s, "=")
			j.write(k.Dir, shell.Word(v))
		case k.name == "curl" && len(s) > 2 && s[0] == '-' && s[1] != '-' && strings.HasSuffix(s, "o"), k.name == "wget" && len(s) > 2 && s[0] == '-' && s[1] != '-' && strings.HasSuffix(s, "O"):
			if next != "-" {
				j.write(k.Dir, next)
			}
		case k.name == "curl" && strings.HasPrefix(s, "-o") && len(s) > 2, k.name == "wget" && strings.HasPrefix(s, "-O") && len(s) > 2:
			if s[2:] != "-" {
				j.write(k.Dir, shell.Word(s[2:]))
			}
		case slices.Contains([]string{"--output-dir", "-P", "--directory-prefix"}, s):
			j.mkdir(k.Dir, next)
		case slices.Contains([]string{"-T", "--upload-file", "-K", "--config", "--post-file", "--body-file", "-b", "--key", "--cert", "-E", "--netrc-file"}, s):
			j.looksProtected(k.Dir, next)
		case slices.Contains([]string{"-n", "--netrc"}, s) && k.name == "curl":
			j.found(ruleCredentials, k.line(), "%s sends what ~/.netrc holds", k.name)
		case strings.HasPrefix(s, "--") && strings.Contains(s, "="):
			_, v, _ := strings.Cut(s, "=")
			j.looksProtected(k.Dir, shell.Word(strings.TrimPrefix(v, "@")))
		case strings.Contains(s, "@"):
			_, v, _ := strings.Cut(s, "@")
			v, _, _ = strings.Cut(v, ";")
			j.looksProtected(k.Dir, shell.Word(v))
		case strings.HasPrefix(strings.ToLower(s), "file://"):
			j.read("/", shell.Word(s[len("file://"):]))
		}
		if !strings.HasPrefix(s, "-") {
			j.host(s, k.line())
		}
	}
	if method, ok := k.value("-X", "--request", "--method"); ok && strings.EqualFold(string(method), "DELETE") {
		if !local(k) {
			j.found(ruleData, k.line(), "a DELETE at somebody's service: %s", k.line())
		}
	}
	j.gitHubAPI(k)
}

// local reports whether all addresses of a command are this machine's.
func local(k cmd) bool {
	for _, a := range k.operands("-X", "--request", "-H", "--header", "-d", "--data", "-o", "--output", "-u", "--user", "-w", "--write-out", "-m", "--max-time") {
		if !host.Local(host.Of(string(a))) {
			return false
		}
	}
	return true
}

// gitHubAPI judges writes to a repository by way of its server.
func (j *judge) gitHubAPI(k cmd) {
	said := strings.ToLower(k.line())
	method, given := k.value("-X", "--request", "--method")
	writes := given && !strings.EqualFold(string(method), "GET") || k.has("-f", "-F", "--field", "--raw-field", "--input", "-d", "--data", "--data-raw", "--json")
	if !writes || !strings.Contains(said, "api.github.com") && k.name != "gh" && !strings.Contains(said, "/api/v4/") {
		return
	}
	switch {
	case strings.Contains(said, "/merge") || strings.Contains(said, "/git/refs") || strings.Contains(said, "/contents/") || strings.Contains(said, "merge_requests") || strings.Contains(said, "mergepullrequest") || strings.Contains(said, "graphql") || strings.Contains(said, "/branches"):
		j.found(rulePush, k.line(), "the server's branches would be changed: %s", k.line())
	case strings.Contains(said, "/dispatches") || strings.Contains(said, "/releases") || strings.Contains(said, "/deployments") || strings.Contains(said, "/pages"):
		j.found(ruleDeploy, k.line(), "%s", k.line())
	case strings.EqualFold(string(method), "DELETE"):
		j.found(ruleData, k.line(), "%s", k.line())
	case strings.Contains(said, "/secrets") || strings.Contains(said, "/keys") || strings.Contains(said, "/hooks") || strings.Contains(said, "/collaborators") || strings.Contains(said, "/actions"):
		j.found(ruleSecurity, k.line(), "%s", k.line())
	}
}

// archive judges where archives are unpacked, and what goes into them.
func (j *judge) archive(k cmd) {
	if v, ok := k.value("-d"); ok && k.name == "unzip" {
		j.mkdir(k.Dir, v)
	}
	words := k.operands("-C", "--directory", "-d", "--exclude", "-X", "-T", "-x")
	mode := firstText(k)
	create := k.name == "zip" || !strings.HasPrefix(mode, "--") && strings.Contains(mode, "c") && (k.name == "tar" || k.name == "bsdtar") || k.has("--create", "-c")
	dir := k.Dir
	if v, ok := k.value("-C", "--directory"); ok && (k.name == "tar" || k.name == "bsdtar") {
		if dir = shell.Join(k.Dir, v); !create {
			j.mkdir(k.Dir, v)
		}
	}
	for i, w := range words {
		switch {
		case i == 0 && (k.name == "tar" || k.name == "bsdtar") && !strings.HasPrefix(mode, "-"):
		case create && (strings.Contains(string(w), ".tar") || strings.Contains(string(w), ".zip") || strings.Contains(string(w), ".tgz")):
			j.write(k.Dir, w)
		case w.Known():
			j.looksProtected(dir, w)
		}
	}
	if (k.name == "tar" || k.name == "bsdtar") && k.has("-P", "--absolute-names") && !create {
		j.found(ruleUnknown, k.line(), "an archive would be unpacked to wherever it says")
	}
	for _, a := range k.args {
		if cut(string(a), "--to-command=", "--checkpoint-action=exec=", "--use-compress-program=", "-I") != "" && k.name == "tar" {
			j.script(cut(string(a), "--to-command=", "--checkpoint-action=exec=", "--use-compress-program=", "-I"), k.Dir)
		}
	}
}

// patch judges the files that a patch changes.
func (j *judge) patch(k cmd) {
	if k.has("--dry-run", "--help", "--version") {
		return
	}
	words := k.operands("-p", "-i", "--input", "-d", "--directory", "-o", "--output", "-r")
	dir := k.Dir
	if v, ok := k.value("-d", "--directory"); ok {
		dir = shell.Join(dir, v)
	}
	if len(words) > 0 {
		j.write(dir, words[0])
	}
	if v, ok := k.value("-o", "--output"); ok {
		j.write(dir, v)
	}
	f, ok := k.value("-i", "--input")
	if !ok && len(words) > 1 {
		f, ok = words[1], true
	}
	switch {
	case ok:
		j.patchFile(k, dir, f)
	case len(words) > 0:
	case k.In.Known:
		j.patchText(string(k.In.Text), dir)
	default:
		j.found(ruleUnknown, k.line(), "which files a patch changes is not known: %s", k.line())
	}
}

func (j *judge) patchFile(k cmd, dir, f shell.Word) {
	if s, ok := j.absContent(string(shell.Join(k.Dir, f))); ok && f.Known() {
		j.patchText(s, dir)
		return
	}
	j.found(ruleUnknown, k.line(), "which files a patch changes is not known: %s", k.line())
}
