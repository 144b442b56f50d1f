package policy

import (
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"popkit/internal/core/policy/paths"
	"popkit/internal/core/policy/shell"
)

var gitValued = []string{"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--super-prefix", "--config-env", "--exec-path", "--attr-source"}

// git judges a git command.
func (j *judge) git(k cmd) {
	args := k.args
	for len(args) > 0 && strings.HasPrefix(string(args[0]), "-") {
		if slices.Contains(gitValued, string(args[0])) && len(args) > 1 {
			args = args[1:]
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return
	}
	if args[0].Open() {
		j.found(ruleUnknown, k.line(), "what git does is not known: %s", k.line())
		return
	}
	sub := cmd{Command: k.Command, name: string(args[0]), args: args[1:]}
	j.gitElsewhere(k, sub)
	j.gitVerb(k, sub)
}

func (j *judge) gitVerb(k, sub cmd) {
	switch sub.name {
	case "push", "send-pack", "http-push":
		j.push(k, sub)
	case "subtree", "lfs", "p4", "svn", "town", "cl":
		if slices.ContainsFunc(sub.args, func(a shell.Word) bool { return a == "push" || a == "submit" || a == "dcommit" }) {
			j.found(rulePush, k.line(), "a push whose branch is not known: %s", k.line())
		}
	case "rm":
		if !sub.has("-n", "--dry-run") {
			for _, w := range sub.operands("--pathspec-from-file") {
				j.remove(sub.Dir, pathspec(w), sub.has("-r"))
			}
		}
	case "mv":
		from, to := sources(sub)
		for _, w := range from {
			j.renamed(sub.Dir, w)
			j.testMoved(sub.Dir, w, to)
		}
		j.into(sub, from, to)
	case "clean":
		j.gitClean(k, sub)
	case "checkout", "restore":
		j.gitRestore(sub)
	case "apply", "am":
		j.gitApply(k, sub)
	case "config":
		j.gitConfig(k, sub)
	case "add", "stage", "update-index":
		for _, w := range sub.operands() {
			j.looksProtected(sub.Dir, w)
		}
	case "show", "cat-file", "archive", "diff", "log", "blame":
		j.gitShow(sub)
	case "credential", "credential-store", "credential-cache":
		j.found(ruleCredentials, k.line(), "%s hands out passwords", k.line())
	case "clone", "init", "worktree", "submodule":
		j.gitFolder(sub)
	case "format-patch", "bundle":
		if v, ok := sub.value("-o", "--output-directory", "--output"); ok {
			j.mkdir(sub.Dir, v)
		}
	}
}

// pathspec takes git's magic off a path.
func pathspec(w shell.Word) shell.Word {
	s := string(w)
	if strings.HasPrefix(s, ":(") {
		if _, rest, ok := strings.Cut(s, ")"); ok {
			s = rest
		}
	}
	s = strings.TrimPrefix(s, ":/")
	if strings.Contains(s, "*") {
		s = strings.ReplaceAll(s, "**", string(shell.Deep))
		s = strings.ReplaceAll(s, "*", string(shell.Name))
	}
	if s == "" {
		s = "."
	}
	return shell.Word(s)
}

func (j *judge) gitClean(k, sub cmd) {
	if sub.bundled("fdxXqi", "n") || sub.has("--dry-run") || !sub.has("-f", "--force") {
		return
	}
	valued := []string{"-e", "--exclude"}
	for _, x := range sub.args { // -fdxe PATTERN
		if s := string(x); strings.HasPrefix(s, "-") && !strings.HasPrefix(s, "--") && strings.HasSuffix(s, "e") {
			valued = append(valued, s)
		}
	}
	words := sub.operands(valued...)
	if len(words) == 0 || slices.Contains(words, ".") {
		j.found(ruleBulk, k.line(), "all files that git does not track would be deleted: %s", k.line())
		return
	}
	for _, w := range words {
		j.remove(sub.Dir, pathspec(w), true)
	}
}

// gitRestore judges the paths that are written anew from git; without paths it
// changes branches, which is the agent's own affair.
func (j *judge) gitRestore(sub cmd) {
	i := slices.Index(sub.args, "--")
	var words []shell.Word
	switch {
	case i >= 0:
		words = sub.args[i+1:]
	case sub.name == "restore":
		words = sub.operands("-s", "--source")
	default:
		for _, w := range sub.operands("-b", "-B", "--orphan", "-t") {
			if j.inTree(w) {
				words = append(words, w)
			}
		}
	}
	for _, w := range words {
		if w != "." && w != ":/" {
			j.write(sub.Dir, pathspec(w))
		}
	}
}

// inTree reports whether a word of git checkout is meant to be a path.
func (j *judge) inTree(w shell.Word) bool {
	p := j.place(shell.Join(shell.Word(j.f.Workspace), w))
	if !p.inside || p.rel == "" {
		return false
	}
	_, protected := paths.Covering(j.r.protected, p.rel, j.f.FoldCase)
	return protected || j.tracked(p) > 0
}

func (j *judge) gitApply(k, sub cmd) {
	if !sub.has("--apply") && sub.has("--stat", "--check", "--numstat", "--summary", "--abort", "--continue", "--skip", "--quit", "--show-current-patch") {
		return
	}
	words := sub.operands("-p", "-C", "--directory", "--exclude", "--include", "--whitespace")
	dir := sub.Dir
	if v, ok := sub.value("--directory"); ok {
		dir = shell.Join(dir, v)
	}
	words = slices.DeleteFunc(words, func(w shell.Word) bool { return w == "-" })
	for _, w := range words {
		j.patchFile(k, dir, w)
	}
	switch {
	case len(words) > 0:
	case k.In.Known:
		j.patchText(string(k.In.Text), dir)
	case k.In.Some || sub.name == "apply":
		j.found(ruleUnknown, k.line(), "which files a patch changes is not known: %s", k.line())
	}
}

// gitShow judges what git prints of files.
func (j *judge) gitShow(sub cmd) {
	if v, ok := sub.value("--output"); ok {
		j.write(sub.Dir, v)
	}
	if v, ok := sub.value("-o"); ok && sub.name == "archive" {
		j.write(sub.Dir, v)
	}
	for _, w := range sub.operands() {
		s := string(w)
		if _, after, ok := strings.Cut(s, ":"); ok && !strings.Contains(s, "://") {
			w = shell.Word(after)
		}
		if w.Known() && w != "" && (sub.name != "log" && sub.name != "diff" || j.inTree(w)) {
			j.looksProtected(sub.Dir, w)
		}
	}
}

func (j *judge) gitFolder(sub cmd) {
	for _, w := range sub.operands() {
		j.looksProtected(sub.Dir, w)
	}
	words := sub.operands("-b", "--branch", "--depth", "-o", "--origin", "-c", "--config", "-j", "--jobs", "--reference", "-B", "--template", "--separate-git-dir", "--filter")
	if v, ok := sub.value("--separate-git-dir"); ok {
		j.mkdir(sub.Dir, v)
	}
	switch {
	case sub.name == "clone" && len(words) > 1:
		j.mkdir(sub.Dir, words[1])
	case sub.name == "init" && len(words) > 0:
		j.mkdir(sub.Dir, words[0])
	case sub.name == "worktree" && len(words) > 1 && words[0] == "add":
		j.mkdir(sub.Dir, words[1])
	}
}

// runsCommands are settings whose value git runs, or that lead it elsewhere.
var runsCommands = []string{"core.sshcommand", "core.fsmonitor", "core.gitproxy", "core.askpass", "credential.helper", "include.path", "core.worktree", "gpg.program", "diff.external",
	"remote.origin.pushurl", "core.attributesfile", "init.templatedir"}

func (j *judge) gitConfig(k, sub cmd) {
	words := sub.operands("-f", "--file", "--blob", "--type", "--default", "--comment")
	if len(words) > 0 && slices.Contains([]string{"set", "get", "list", "unset", "edit"}, string(words[0])) {
		if words[0] == "get" || words[0] == "list" {
			return
		}
		words = words[1:]
	}
	reads := sub.has("--get", "--get-all", "--get-regexp", "--list", "-l", "--get-urlmatch") || len(words) < 2 && !sub.has("--unset", "--unset-all", "--remove-section", "-e", "--edit", "--replace-all", "--add")
	if v, ok := sub.value("-f", "--file"); ok {
		if reads {
			j.looksProtected(sub.Dir, v)
		} else {
			j.write(sub.Dir, v)
		}
		return
	}
	if reads {
		return
	}
	j.repository(k, sub.Dir, ".")
	if sub.has("--global", "--system") {
		j.found(ruleOutside, k.line(), "git's configuration for all repositories would be changed (without --global it is the workspace's)")
		return
	}
	key := strings.ToLower(words0(words))
	if slices.Contains(runsCommands, key) || strings.HasSuffix(key, ".insteadof") || strings.HasSuffix(key, ".pushinsteadof") || strings.HasPrefix(key, "includeif.") ||
		strings.HasPrefix(key, "filter.") || strings.HasSuffix(key, ".textconv") || strings.HasSuffix(key, ".pushurl") {
		j.found(ruleSecurity, k.line(), "%s says what git runs, or where it goes", key)
	}
}

func words0(words []shell.Word) string {
	if len(words) == 0 {
		return ""
	}
	return string(words[0])
}

// push judges where a push goes.
func (j *judge) push(k, sub cmd) {
	if sub.bundled("fuqvd46", "n") || sub.has("--dry-run", "--help") {
		return
	}
	subject := k.line()
	if sub.has("--all", "--mirror", "--branches", "--prune") {
		j.found(rulePush, subject, "all branches would be pushed: %s", subject)
		return
	}
	words := sub.operands("-o", "--push-option", "--repo", "--receive-pack", "--exec", "--recurse-submodules", "--signed", "--force-with-lease")
	if _, ok := sub.value("--repo"); !ok && len(words) > 0 {
		if remote := strings.ToLower(string(words[0])); paths.HasWord(remote, "heroku", "dokku", "production", "prod", "deploy", "live") && !strings.Contains(remote, "/") {
			j.found(ruleDeploy, subject, "a push to %s deploys", remote)
		}
		j.remotePath(k, sub.Dir, words[0])
		words = words[1:]
	}
	if len(words) == 0 {
		j.pushCurrent(subject, sub)
		return
	}
	for i, w := range words {
		if w == "tag" && i+1 < len(words) || i > 0 && words[i-1] == "tag" {
			continue
		}
		j.refspec(subject, w)
	}
}

// pushCurrent judges a push that names no branch.
func (j *judge) pushCurrent(subject string, sub cmd) {
	switch {
	case sub.has("--tags"):
		j.found(ruleDeploy, subject, "all tags would be pushed, which releases: %s", subject)
	case j.f.Branch == "":
		j.found(rulePush, subject, "which branch would be pushed is not known: %s", subject)
	case j.protectedBranch(j.f.Branch):
		j.found(rulePush, subject, "%s is a protected branch: %s", j.f.Branch, subject)
	}
}

// refspec judges one refspec by its destination.
func (j *judge) refspec(subject string, w shell.Word) {
	spec := strings.TrimPrefix(string(w), "+")
	src, dst, both := strings.Cut(spec, ":")
	if !both {
		dst = src
	}
	dst = strings.TrimPrefix(strings.TrimPrefix(dst, "refs/heads/"), "heads/")
	switch {
	case both && src == "" && dst == "", both && dst == "" && src != "":
		j.found(rulePush, subject, "all branches of one name would be pushed: %s", subject)
	case !shell.Word(dst).Known() || strings.ContainsAny(dst, "*"):
		j.found(rulePush, subject, "which branch would be pushed is not known: %s", subject)
	case strings.EqualFold(dst, "HEAD") || dst == "@":
		if j.f.Branch == "" || j.protectedBranch(j.f.Branch) {
			j.found(rulePush, subject, "the branch that is checked out would be pushed, which may be protected: %s", subject)
		}
	case j.protectedBranch(dst):
		j.found(rulePush, subject, "%s is a protected branch: %s", dst, subject)
	}
}

func (j *judge) protectedBranch(name string) bool {
	if j.f.DefaultBranch != "" && strings.EqualFold(name, j.f.DefaultBranch) {
		return true
	}
	return slices.ContainsFunc(j.r.spec.ProtectedBranches, func(b string) bool {
		ok, err := doublestar.Match(strings.ToLower(b), strings.ToLower(name))
		return ok || err != nil
	})
}
