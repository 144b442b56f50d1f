package smell

import (
	"path"
	"slices"
	"strings"

	"popkit/internal/core/source"
)

// Command returns what smells in one simple command: hooks that are passed by or
// switched off, checks that are silenced wholesale, recorded results that are
// rewritten unseen. What comes before the command's name as NAME=value is its
// environment. What it deletes or writes is a Change, and judged as one.
func Command(argv []string) []Finding {
	var out []Finding
	flag := func(smell, text string) {
		out = append(out, Finding{Rule: Unconventional, Smell: smell, Text: text, Excerpt: cut(spaced(strings.Join(argv, " ")))})
	}
	env, args := argv, []string(nil)
	for i, a := range argv {
		if n, _, ok := strings.Cut(a, "="); !ok || n == "" || source.Name(n) != n {
			env, args = argv[:i], argv[i:]
			break
		}
	}
	if len(args) > 0 && (args[0] == "export" || args[0] == "declare" || args[0] == "env" || args[0] == "setenv") {
		env = args[1:]
	}
	for _, e := range env {
		environment(e, args, flag)
	}
	if len(args) == 0 {
		return out
	}
	switch name, rest := path.Base(args[0]), args[1:]; name {
	case "git":
		gitCommand(rest, flag)
	case "npx", "bunx", "pnpx":
		return append(out, Command(afterFlags(rest))...)
	case "pnpm", "yarn", "bun", "npm":
		if len(rest) > 1 && (rest[0] == "exec" || rest[0] == "dlx" || rest[0] == "x") {
			return append(out, Command(afterFlags(rest[1:]))...)
		}
		tool(name, rest, flag)
	default:
		tool(name, rest, flag)
	}
	return out
}

func afterFlags(args []string) []string {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		args = args[1:]
	}
	return args
}

// passing are the variables that switch hooks off, and the value that does; "*" is any.
var passing = map[string]string{
	"HUSKY": "0", "HUSKY_SKIP_HOOKS": "*", "HUSKY_SKIP_INSTALL": "*", "LEFTHOOK": "0", "LEFTHOOK_EXCLUDE": "*",
	"OVERCOMMIT_DISABLE": "*", "PRE_COMMIT_ALLOW_NO_CONFIG": "*", "GIT_CONFIG_PARAMETERS": "*",
}

func environment(e string, args []string, flag func(smell, text string)) {
	n, value, ok := strings.Cut(e, "=")
	value = strings.Trim(value, `"'`)
	want, known := passing[n]
	switch {
	case !ok:
	case n == "GIT_CONFIG_PARAMETERS" && !hooksPath(value):
	case known && (want == "*" && value != "" && value != "0" || want == value || n == "LEFTHOOK" && value == "false"):
		flag("hooks_bypassed", "git hooks are switched off by "+n)
	case n == "SKIP" && value != "" && skipsHooks(args):
		flag("hooks_bypassed", "pre-commit hooks are skipped by SKIP="+value)
	case strings.HasPrefix(n, "GIT_CONFIG_KEY_") && hooksPath(value):
		flag("hooks_bypassed", "git hooks are switched off by "+n)
	case n == "NODE_TLS_REJECT_UNAUTHORIZED" && value == "0", n == "GIT_SSL_NO_VERIFY" && value != "" && value != "0", n == "PYTHONHTTPSVERIFY" && value == "0":
		flag("validation_bypassed", "certificates are not verified any more: "+n)
	}
}

// skipsHooks reports whether SKIP means hooks to a command: it is pre-commit's
// variable, and a common word.
func skipsHooks(args []string) bool {
	if len(args) == 0 {
		return true
	}
	switch path.Base(args[0]) {
	case "git", "pre-commit", "prek", "export", "env", "declare", "gh":
		return true
	}
	return false
}

func hooksPath(s string) bool { return strings.Contains(strings.ToLower(s), "core.hookspath") }

// gitValued are git's own options that take the next word as their value.
var gitValued = []string{"-C", "--git-dir", "--work-tree", "--namespace", "--super-prefix", "--exec-path", "--attr-source"}

func gitCommand(args []string, flag func(smell, text string)) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch a := args[0]; {
		case (a == "-c" || a == "--config-env") && len(args) > 1:
			gitSetting(args[1], flag)
			args = args[1:]
		case strings.HasPrefix(a, "-c") || strings.HasPrefix(a, "--config-env="):
			gitSetting(a, flag)
		case slices.Contains(gitValued, a) && len(args) > 1:
			args = args[1:]
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return
	}
	switch verb := args[0]; verb {
	case "commit":
		if noVerify(args[1:]) {
			flag("hooks_bypassed", "git commit passes the hooks by (--no-verify)")
		}
	case "push", "merge", "rebase", "am", "pull", "cherry-pick", "revert":
		for _, a := range args[1:] {
			if longNoVerify(a) {
				flag("hooks_bypassed", "git "+verb+" passes the hooks by (--no-verify)")
				return
			}
		}
	case "config":
		gitConfig(args[1:], flag)
	}
}

func gitSetting(s string, flag func(smell, text string)) {
	lower := strings.ToLower(s)
	switch {
	case hooksPath(s):
		flag("hooks_bypassed", "git hooks are switched off by core.hooksPath")
	case strings.Contains(lower, "http.sslverify=false"):
		flag("validation_bypassed", "certificates are not verified any more: http.sslVerify")
	case strings.HasPrefix(lower, "alias.") && strings.Contains(lower, "--no-verify"):
		flag("hooks_bypassed", "an alias passes the hooks by (--no-verify)")
	}
}

// gitConfig judges git config in its two forms, old and new. Reading is no offence,
// and taking a setting back is none.
func gitConfig(args []string, flag func(smell, text string)) {
	var words []string
	for _, a := range args {
		switch {
		case source.Prefixed(a, "--get", "--unset", "--list", "--remove-section", "--show", "--edit") || a == "-l" || a == "-e":
			return
		case !strings.HasPrefix(a, "-"):
			words = append(words, a)
		}
	}
	if len(words) > 0 && (words[0] == "get" || words[0] == "list" || words[0] == "unset" || words[0] == "edit") {
		return
	}
	for i, w := range words {
		if i+1 < len(words) {
			gitSetting(w+"="+words[i+1], flag)
		}
	}
}

// commitValued are the letters of git commit's short options that take a value:
// what comes after one in a bundle is that value.
const commitValued = "mFCctSu"

// noVerify reports whether git commit's arguments switch the hooks off.
func noVerify(args []string) bool {
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "--":
			return false
		case longNoVerify(a):
			return true
		case slices.Contains(commitLong, a):
			i++
		case len(a) > 1 && a[0] == '-' && a[1] != '-':
			at := strings.IndexAny(a[1:], commitValued)
			flags := a[1:]
			if at >= 0 {
				flags = a[1 : 1+at]
				if at == len(a)-2 && strings.IndexByte("mFCct", a[1+at]) >= 0 {
					i++ // the value is the next word
				}
			}
			if strings.Contains(flags, "n") {
				return true
			}
		}
	}
	return false
}

// commitLong are git commit's long options whose value is the next word.
var commitLong = []string{"--message", "--file", "--author", "--date", "--template", "--fixup", "--squash", "--reuse-message", "--reedit-message", "--trailer", "--cleanup", "--pathspec-from-file"}

// longNoVerify knows the abbreviations that git takes, too.
func longNoVerify(a string) bool {
	return len(a) >= len("--no-ve") && strings.HasPrefix("--no-verify", a)
}

// tool judges commands that silence checks or accept results wholesale.
func tool(name string, args []string, flag func(smell, text string)) {
	for _, a := range args {
		switch {
		case (name == "pre-commit" || name == "prek" || name == "husky" || name == "lefthook") && a == "uninstall":
			flag("hooks_bypassed", "git hooks are removed by "+name+" uninstall")
		case name == "rubocop" && source.Prefixed(a, "--auto-gen-config", "--regenerate-todo", "--disable-uncorrectable"),
			name == "eslint" && source.Prefixed(a, "--suppress-all", "--suppress-rule"),
			name == "ruff" && a == "--add-noqa", name == "pyre" && a == "suppress":
			flag("check_silenced", name+" "+a+" silences what it finds, wherever it is")
		case (name == "jest" || name == "vitest") && (a == "-u" || a == "--update" || a == "--updateSnapshot"),
			name == "pytest" && source.Prefixed(a, "--snapshot-update", "--force-regen", "--inline-snapshot=fix"):
			flag("snapshot_rewritten", name+" "+a+" accepts whatever the code does now as right")
		}
	}
	if name == "cargo" && len(args) > 1 && args[0] == "insta" && args[1] == "accept" {
		flag("snapshot_rewritten", "cargo insta accept takes whatever the code does now as right")
	}
}
