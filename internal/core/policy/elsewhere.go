package policy

import (
	"slices"
	"strings"

	"popkit/internal/core/policy/shell"
)

// gitChanges are git's commands that change the repository in which they work, with
// the first words that make of them a look at it.
var gitChanges = map[string][]string{
	"commit": nil, "merge": nil, "rebase": nil, "cherry-pick": nil, "revert": nil, "reset": nil, "am": nil, "pull": nil, "switch": nil, "checkout": nil, "restore": nil,
	"add": nil, "rm": nil, "mv": nil, "clean": nil, "gc": nil, "prune": nil, "repack": nil, "pack-refs": nil, "update-ref": nil, "update-index": nil, "fast-import": nil, "filter-branch": nil,
	"filter-repo": nil, "apply": nil, "replace": nil, "init": nil, "stash": {"list", "show"}, "tag": {""}, "branch": {""}, "remote": {"", "show", "get-url"}, "reflog": {"", "show", "exists"},
	"notes": {"", "list", "show"}, "worktree": {"list"}, "submodule": {"", "status", "summary"}, "bisect": {"log", "view"},
}

// lookOptions make a look of a command that would change something.
var lookOptions = []string{"-l", "--list", "-a", "--all", "-r", "--remotes", "-v", "-vv", "--verbose", "--show-current", "--contains", "--merged", "--no-merged", "--points-at", "--sort",
	"--format", "-n", "--dry-run", "--check", "--stat", "--help", "-h"}

// gitElsewhere judges a command of git's that would change another repository than
// the workspace's: where that is, is where it writes. Of config, gitConfig knows
// whether it does.
func (j *judge) gitElsewhere(k, sub cmd) {
	looks, changes := gitChanges[sub.name]
	if words := sub.operands(); !changes || slices.Contains(looks, words0(words)) || len(looks) > 0 && len(words) < 2 && sub.has(lookOptions...) || sub.has("--dry-run", "--help") {
		return
	}
	j.repository(k, sub.Dir, ".")
	if v, ok := k.value("--git-dir"); ok {
		j.repository(k, sub.Dir, v)
	}
	for _, e := range k.Env {
		if v, ok := strings.CutPrefix(string(e), "GIT_DIR="); ok {
			j.repository(k, sub.Dir, shell.Word(v))
		}
	}
}

// repository judges a change of the repository that is at a path.
func (j *judge) repository(k cmd, dir, w shell.Word) {
	for _, p := range j.places(dir, w) {
		switch {
		case p.inside, p.tmp:
		case p.abs.Open():
			j.found(ruleUnknown, k.line(), "which repository is changed is not known: %s", k.line())
		default:
			j.found(ruleOutside, p.String(), "the repository at %s is not the workspace's", p)
		}
	}
}

// remotePath judges a push whose remote is a path of this machine.
func (j *judge) remotePath(k cmd, dir, remote shell.Word) {
	s := strings.TrimPrefix(string(remote), "file://")
	if strings.HasPrefix(s, "/") || strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../") || strings.HasPrefix(s, "~") || s == ".." {
		j.repository(k, dir, shell.Word(s))
	}
}
