package code

import (
	"path"
	"slices"
	"strings"
)

// shells are programs that read bash, or near enough.
var shells = []string{"sh", "bash", "zsh", "dash", "ksh", "ash", "mksh", "rbash", "fish", "bash5", "pwsh"}

// Language returns the language of an interpreter: "sh", "python", "node", "perl",
// "ruby", "php", or "".
func Language(prog string) string {
	base := strings.TrimRight(path.Base(prog), "0123456789.")
	switch {
	case slices.Contains(shells, base):
		return "sh"
	case base == "python" || base == "pypy" || base == "ipython":
		return "python"
	case base == "node" || base == "nodejs" || base == "deno" || base == "bun" || base == "tsx" || base == "ts-node":
		return "node"
	case base == "perl" || base == "ruby" || base == "php" || base == "lua":
		return base
	}
	return ""
}

var codeFlags = map[string][]string{"sh": {"-c"}, "python": {"-c"}, "node": {"-e", "--eval", "-p", "--print", "-pe"}, "perl": {"-e", "-E"}, "ruby": {"-e"},
	"php": {"-r"}, "lua": {"-e"}}

// Inline finds the program on an interpreter's command line; rest are the words
// after it, or without one the words after the options.
func Inline(lang string, args []Word) (text Word, rest []Word, ok bool) {
	for i := 1; i < len(args); i++ {
		a := string(args[i])
		next := Word("")
		if i+1 < len(args) {
			next = args[i+1]
		}
		switch {
		case slices.Contains(codeFlags[lang], a):
			return next, args[min(i+2, len(args)):], true
		case lang == "node" && strings.HasPrefix(a, "--eval="):
			return Word(a[len("--eval="):]), args[i+1:], true
		case lang == "node" && i == 1 && a == "eval" && args[0] == "deno":
			return next, args[min(i+2, len(args)):], true
		case (lang == "sh" || lang == "perl" || lang == "ruby" || lang == "python") && bundled(a, lang):
			return next, args[min(i+2, len(args)):], true
		case lang == "python" && strings.HasPrefix(a, "-c") || lang == "perl" && strings.HasPrefix(a, "-e") && !strings.ContainsAny(a, "/"):
			return Word(a[2:]), args[i+1:], true
		case a == "-o" || a == "+o" || a == "--rcfile" || a == "--init-file" || a == "-r" || a == "--require" || a == "-W" || a == "-X" || a == "-I" && lang == "ruby" || a == "-O":
			i++
		case lang == "sh" && (a == "-s" || len(a) > 1 && a[0] == '-' && a[1] != '-' && strings.HasSuffix(a, "s") && strings.Trim(a[1:], "abefhiklmnprstuvx") == ""):
			return "", nil, false // from its input
		case a == "-m" && lang == "python":
			return "", args[i:], false
		case a == "--":
			return "", args[i+1:], false
		case !strings.HasPrefix(a, "-") && !strings.HasPrefix(a, "+") || a == "-":
			return "", args[i:], false
		}
	}
	return "", nil, false
}

// bundled tells -lc, -xec, -pie, -ne.
func bundled(a, lang string) bool {
	if len(a) < 3 || a[0] != '-' || a[1] == '-' {
		return false
	}
	if lang == "sh" || lang == "python" {
		return a[len(a)-1] == 'c' && strings.Trim(a[1:], "abcdefghiklmnopqrstuvxBCEHPTOIS") == ""
	}
	return a[len(a)-1] == 'e' && strings.Trim(a[1:], "aenpilwsW0F.bkorg~") == ""
}
