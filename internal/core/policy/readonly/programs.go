package readonly

import (
	"regexp"
	"slices"
	"strings"

	"popkit/internal/core/policy/shell"
)

// readers read whatever their words are, and write to nothing but their output.
var readers = []string{
	"ls", "cat", "head", "tail", "wc", "nl", "tac", "rev", "cut", "tr", "paste", "join", "comm", "fold", "fmt", "pr", "expand", "unexpand", "column",
	"grep", "egrep", "fgrep", "zgrep", "zcat", "diff", "cmp", "stat", "du", "df", "basename", "dirname", "realpath", "readlink", "pwd", "cd", "pushd", "popd",
	"echo", "printf", "true", "false", ":", "test", "[", "which", "type", "sleep", "seq", "expr", "id", "whoami", "uname", "nproc", "date", "strings",
	"od", "hexdump", "base64", "sha1sum", "sha256sum", "sha512sum", "md5sum", "cksum", "jq", "let", "exit", "return", "break", "continue", "set", "shift",
	"local", "read", "wait", "xargs", "ps", "cloc", "tokei",
}

// checked read only as long as their words say nothing else. Each is asked with words
// that are all known.
var checked = map[string]func([]shell.Word) bool{
	"git": git, "find": without("-delete", "-ok", "-okdir", "-fprint", "-fprint0", "-fprintf", "-fls"), "fd": always, "fdfind": always,
	"rg": func(a []shell.Word) bool { return !begins(a, "--pre", "--hostname-bin", "--search-zip") },
	"ag": func(a []shell.Word) bool { return !begins(a, "--pager") },
	"sort": func(a []shell.Word) bool {
		return !begins(a, "-o", "--output", "--compress-program", "-T", "--temporary") && !bundles(a, 'o')
	},
	"uniq": func(a []shell.Word) bool { return len(operands(a)) < 2 },
	"tree": func(a []shell.Word) bool { return !begins(a, "-o") },
	"file": func(a []shell.Word) bool { return !begins(a, "-C", "--compile") },
	"xxd":  func(a []shell.Word) bool { return len(operands(a)) < 2 && !begins(a, "-r") },
	"yq":   func(a []shell.Word) bool { return !begins(a, "-i", "--inplace", "-s", "--split") },
	"sed":  sed, "gsed": sed, "awk": awk, "gawk": awk, "mawk": awk, "sh": inner, "bash": inner, "dash": inner, "zsh": inner,
	"exec": func(a []shell.Word) bool { return len(a) == 0 },
	"go": func(a []shell.Word) bool {
		return first(a, "version", "doc", "list", "env") && !slices.Contains(a, "-w") && !slices.Contains(a, "-u") && !begins(a, "-toolexec", "-exec", "-mod=mod", "-overlay")
	},
	"npm":   func(a []shell.Word) bool { return first(a, "ls", "list", "explain", "why") },
	"cargo": func(a []shell.Word) bool { return first(a, "tree", "metadata") },
}

func always([]shell.Word) bool { return true }

// without is for programs that do more by some of their words.
func without(words ...shell.Word) func([]shell.Word) bool {
	return func(args []shell.Word) bool {
		return !slices.ContainsFunc(args, func(a shell.Word) bool { return slices.Contains(words, a) })
	}
}

// begins reports whether an option is one of those named, or is abbreviated to one,
// or has its value glued to it.
func begins(args []shell.Word, options ...string) bool {
	return slices.ContainsFunc(args, func(a shell.Word) bool {
		name, _, _ := strings.Cut(string(a), "=")
		return slices.ContainsFunc(options, func(o string) bool {
			return strings.HasPrefix(string(a), o) || len(name) > 3 && strings.HasPrefix(o, name)
		})
	})
}

// bundles reports whether a letter is among the options that are glued together.
func bundles(args []shell.Word, letter rune) bool {
	return slices.ContainsFunc(args, func(a shell.Word) bool {
		return len(a) > 1 && a[0] == '-' && a[1] != '-' && strings.ContainsRune(string(a[1:]), letter)
	})
}

func operands(args []shell.Word) []shell.Word {
	return slices.DeleteFunc(slices.Clone(args), func(a shell.Word) bool { return len(a) > 1 && a[0] == '-' })
}

// first reports whether the first word is one of those named.
func first(args []shell.Word, words ...string) bool {
	return len(args) > 0 && slices.Contains(words, string(args[0]))
}

// popkit's commands for agents; what they say to popkit changes no file.
func popkit(args []shell.Word) bool {
	if first(args, "plan") {
		return len(args) > 1 && first(args[1:], "present", "validate", "show")
	}
	return first(args, "insight", "check-in", "ask", "report", "usage", "guard", "roles", "config", "version")
}

var commandFlag = regexp.MustCompile(`^-[elux]*c$`)

// inner lets a shell run a script on its command line, each command of which is looked
// at by itself.
func inner(args []shell.Word) bool {
	return len(args) > 1 && commandFlag.MatchString(string(args[0]))
}

// address and action of sed's that only choose lines and replace in them.
var sedPiece = regexp.MustCompile(`^((\d+|\$|/[^/]*/)(,(\d+|\$|/[^/]*/|\+\d+))?)?!?(p|d|q|=|s([/|#,])[^;]*[/|#,][gIip0-9]*)?$`)

func sed(args []shell.Word) bool {
	script := ""
	for i := 0; i < len(args); i++ {
		switch a := string(args[i]); {
		case a == "-e" || a == "--expression":
			if i++; i < len(args) {
				script += ";" + string(args[i])
			}
		case slices.Contains([]string{"-n", "-E", "-r", "-nE", "-En", "-nr", "-rn", "-s", "-z", "--quiet", "--silent", "--regexp-extended"}, a):
		case strings.HasPrefix(a, "-"):
			return false
		case script == "":
			script = ";" + a
		}
	}
	for piece := range strings.SplitSeq(strings.ReplaceAll(script, "\n", ";"), ";") {
		piece = strings.TrimSpace(piece)
		if !sedPiece.MatchString(piece) || strings.ContainsAny(lastFlags(piece), "ew") {
			return false
		}
	}
	return script != ""
}

// lastFlags is what stands after the last delimiter of a replacement.
func lastFlags(piece string) string {
	return piece[strings.LastIndexAny(piece, "/|#,")+1:]
}

func awk(args []shell.Word) bool {
	for i, a := range args {
		s := string(a)
		switch {
		case s == "-F" || s == "-v":
		case i > 0 && (args[i-1] == "-F" || args[i-1] == "-v"):
		case strings.HasPrefix(s, "-F") || strings.HasPrefix(s, "-v"):
		case strings.HasPrefix(s, "-"):
			return false
		default: // the program: what it could write or run by is not in it
			return !strings.ContainsAny(s, ">|@") && !strings.Contains(s, "system") && !strings.Contains(s, "getline")
		}
	}
	return false
}

// gitLooks are the verbs that only look, whatever follows but for what gitWrites names.
var gitLooks = []string{"status", "log", "show", "diff", "blame", "annotate", "grep", "ls-files", "ls-tree", "rev-parse", "rev-list", "shortlog", "describe",
	"cat-file", "name-rev", "merge-base", "for-each-ref", "show-ref", "show-branch", "whatchanged", "cherry", "range-diff", "count-objects", "version", "help",
	"check-ignore", "check-attr", "diff-tree", "diff-files", "diff-index", "var"}

func git(args []shell.Word) bool {
	for len(args) > 0 && strings.HasPrefix(string(args[0]), "-") {
		switch string(args[0]) {
		case "--no-pager", "-P", "--no-optional-locks", "--version":
			args = args[1:]
		case "-C":
			args = args[min(2, len(args)):]
		default:
			return false
		}
	}
	if len(args) == 0 {
		return true
	}
	verb, rest := string(args[0]), args[1:]
	if begins(rest, "--output", "--open-files-in-pager", "-O", "--ext-diff", "--exec") {
		return false
	}
	if slices.Contains(gitLooks, verb) {
		return true
	}
	words := operands(rest)
	switch verb {
	case "branch":
		return len(words) == 0 && only(rest, "-a", "-r", "-v", "-vv", "--all", "--list", "--show-current", "--remotes", "--verbose")
	case "tag":
		return len(rest) == 0 || rest[0] == "-l" || rest[0] == "--list" || rest[0] == "-n"
	case "remote":
		return len(words) == 0 || words[0] == "get-url"
	case "stash", "worktree":
		return first(rest, "list", "show")
	case "reflog":
		return len(words) == 0 || words[0] == "show"
	case "submodule":
		return first(rest, "status", "summary")
	case "config":
		return first(rest, "--get", "--get-all", "--get-regexp", "--list", "-l", "get", "list")
	}
	return false
}

func only(args []shell.Word, allowed ...string) bool {
	return !slices.ContainsFunc(args, func(a shell.Word) bool { return !slices.Contains(allowed, string(a)) })
}
