package audit

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"popkit/internal/core/objective"
	"popkit/internal/core/policy/paths"
)

// opened are files that decide what runs, or who may do what, besides those that
// the guard knows.
var opened = []struct {
	globs []string
	is    string
}{
	{[]string{"./.gitlab/ci/**", "./.azure-pipelines/**", "./azure-pipelines*.yml", "./.teamcity/**"}, "is a CI workflow"},
	{[]string{"./.github/settings.yml", "./renovate.json"}, "says who must agree to changes, or what is looked for in them"},
	{[]string{"./.hooks/**", ".lintstagedrc*"}, "is a git hook"},
	{[]string{"./.claude/**", "./.cursor/**", "./.codex/**", "./.gemini/**"}, "says what agents may do"},
	{[]string{"./.vscode/**", "./.devcontainer/**", "./.idea/**", ".envrc"}, "says what runs when the folder is opened"},
	{[]string{".npmrc", ".pypirc", ".netrc", "pip.conf"}, "decides who has access to what"},
}

// security says why a file is security configuration, or "".
func security(p string) string {
	if why := paths.Security(p); why != "" {
		return why
	}
	for _, o := range opened {
		if objective.InScope(p, o.globs) {
			return o.is
		}
	}
	return ""
}

// The lines of a container's description that say what its processes may do: of a
// Dockerfile, and of a compose file.
var (
	dockerLine  = regexp.MustCompile(`(?i)^\s*(user\s+(\S+)|run\s.*--security\s*=\s*insecure)`)
	composeLine = regexp.MustCompile(`^\s*-?\s*(user:\s*(\S+)|privileged:\s*true|cap_add:|security_opt:|(network_mode|pid|ipc|userns_mode):\s*"?host|.*/var/run/docker\.sock)`)
)

// configuration judges changes of what keeps a repository safe.
func (j *judge) configuration() {
	for i := range j.diff.Changes {
		c := &j.diff.Changes[i]
		if c.Commit != "" {
			continue
		}
		if why := security(c.Path); why != "" {
			j.add(found{rule: Security, change: c, line: j.firstChange(c), same: c.New.Object + "-", text: verb(c) + ", and " + why})
		}
		if paths.Payment(c.Path) {
			j.add(found{rule: Payment, change: c, line: j.firstChange(c), same: c.New.Object + "-", text: verb(c) + ", and moves money"})
		}
		if lines := container(c.Path); lines != nil && c.New.Read && !binary(c.New.Content) {
			j.users(c, lines)
		}
	}
}

func verb(c *Change) string {
	switch {
	case !c.New.There():
		return "is deleted"
	case !c.Old.There():
		return "is new"
	}
	return "is changed"
}

// firstChange is the first line that a change adds; 0 where it adds none, or
// there is no text.
func (j *judge) firstChange(c *Change) int {
	if !c.New.Read || binary(c.New.Content) {
		return 0
	}
	for _, e := range j.compare(c) {
		if e.op == '+' {
			return e.new
		}
	}
	return 0
}

// container returns what to look for in a container's description; nil where the
// file is none.
func container(p string) *regexp.Regexp {
	base := strings.ToLower(path.Base(p))
	ext := path.Ext(base)
	switch {
	case ext == ".dockerfile" || strings.HasPrefix(base, "dockerfile") || strings.HasPrefix(base, "containerfile"):
		return dockerLine
	case strings.Contains(base, "compose") && (ext == ".yml" || ext == ".yaml"):
		return composeLine
	}
	return nil
}

// users finds changes of whom a container's processes run as. In a new file only
// what gives them more than they would have counts.
func (j *judge) users(c *Change, lines *regexp.Regexp) {
	for _, e := range j.compare(c) {
		m := lines.FindStringSubmatch(e.text)
		if e.op == ' ' || m == nil {
			continue
		}
		user := strings.Trim(strings.ToLower(m[2]), `"'`)
		if user != "" && user != "root" && !strings.HasPrefix(user, "root:") && !strings.HasPrefix(user, "0") && e.op == '+' && !c.Old.There() {
			continue
		}
		f := found{rule: Security, change: c, line: e.new, same: string(e.op) + e.text, text: "changes what a container's processes may do"}
		if e.op == '-' {
			f.line, f.old, f.text = e.old, true, "no longer says what a container's processes may do"
		}
		j.add(f)
	}
}

// tricks are the attributes that hide a file from who reviews it, or run a program.
var tricks = regexp.MustCompile(`(^|\s)[-!]?(filter|merge|diff|binary|export-subst|ident|working-tree-encoding|linguist-generated|linguist-vendored|gitlab-generated)(\s|=|$)`)

// attributes judges lines that are added to .gitattributes, and .gitmodules.
func (j *judge) attributes() {
	for i := range j.diff.Changes {
		c := &j.diff.Changes[i]
		base := path.Base(c.Path)
		if c.Commit != "" || !c.New.Read || base != ".gitattributes" && base != ".gitmodules" {
			continue
		}
		for _, e := range j.added(c) {
			words := strings.Fields(e.text)
			switch {
			case len(words) == 0 || strings.HasPrefix(words[0], "#"):
			case base == ".gitmodules":
				j.add(found{rule: Submodule, change: c, line: e.new, same: e.text, text: fmt.Sprintf(":%d: where a submodule comes from, or how it is fetched", e.new)})
			case len(words) > 1 && tricks.MatchString(strings.Join(words[1:], " ")) && !usual(words):
				j.add(found{rule: Attributes, change: c, line: e.new, same: e.text,
					text: fmt.Sprintf(":%d: attributes that can hide files from review or change them", e.new)})
			}
		}
	}
}

// usual reports whether a line only says that files are binary which are.
func usual(words []string) bool {
	return len(words) == 2 && words[1] == "binary" && strings.HasPrefix(words[0], "*.") && slices.Contains(binaries, words[0][2:])
}

var binaries = []string{"png", "jpg", "jpeg", "gif", "ico", "webp", "bmp", "pdf", "zip", "gz", "tgz", "jar", "woff", "woff2", "ttf", "otf", "eot",
	"mp3", "mp4", "ogg", "wav", "exe", "dll", "so", "a", "lib", "wasm"}
