package carry

import (
	"slices"
	"strings"

	"popkit/internal/core/policy/word"
)

// carrier says where a program takes a command as text.
type carrier struct {
	options  []string // the next word, or what follows "=", is a command
	prefixed []string // a word, or an option's value, that begins so: the rest is a command
}

var editor = carrier{prefixed: []string{"+!", "!", ":!", "+:!"}}

var pager = carrier{prefixed: []string{"+!"}}

var ssh = carrier{prefixed: []string{"ProxyCommand=", "LocalCommand=", "KnownHostsCommand=", "ProxyCommand ", "LocalCommand "}}

var carriers = map[string]carrier{
	"rsync":  {options: []string{"-e", "--rsh", "--rsync-path"}},
	"zip":    {options: []string{"-TT", "--unzip-command"}},
	"man":    {options: []string{"-P", "--pager"}},
	"expect": {options: []string{"-c"}, prefixed: []string{"spawn ", "exec ", "system "}},
	"gdb":    {prefixed: []string{"shell ", "!"}},
	"lldb":   {prefixed: []string{"shell ", "platform shell "}},
	"socat":  {prefixed: []string{"EXEC:", "SYSTEM:", "exec:", "system:"}},
	"make":   {prefixed: []string{"SHELL=", "CC=", "CXX=", "MAKE="}},
	"gmake":  {prefixed: []string{"SHELL=", "CC=", "CXX=", "MAKE="}},
	"ssh":    ssh, "scp": ssh, "sftp": ssh,
	"rg":      {options: []string{"--pre", "--hostname-bin"}},
	"tcpdump": {options: []string{"-z"}},
	"psql":    {prefixed: []string{"\\! ", "\\!"}},
	"sqlite3": {prefixed: []string{".shell ", ".system "}},
	"mysql":   {prefixed: []string{"system ", "\\! ", "\\!"}},
	"mariadb": {prefixed: []string{"system ", "\\! ", "\\!"}},
	"less":    pager, "more": pager, "most": pager,
	"vi": editor, "vim": editor, "nvim": editor, "ex": editor, "view": editor,
}

// run are variables whose value is a command that other programs run.
var run = []string{"PROMPT_COMMAND", "PAGER", "MANPAGER", "EDITOR", "VISUAL", "FCEDIT", "LESSOPEN", "LESSCLOSE", "BROWSER", "RSYNC_RSH", "CVS_RSH", "SSH_ASKPASS", "SUDO_ASKPASS", "GIT_SSH_COMMAND",
	"GIT_EDITOR", "GIT_PAGER", "GIT_ASKPASS", "GIT_EXTERNAL_DIFF", "GIT_SEQUENCE_EDITOR"}

// Commands returns the commands that a program's words, or the variables it is
// given, carry as text.
func Commands(program string, args, env []word.Word) []string {
	var out []string
	for _, e := range env {
		if name, v, ok := strings.Cut(string(e), "="); ok && slices.Contains(run, name) {
			out = append(out, v)
		}
	}
	c, ok := carriers[program]
	if !ok {
		return out
	}
	for i, a := range args {
		s := string(a)
		for _, o := range c.options {
			switch rest, is := strings.CutPrefix(s, o); {
			case !is:
			case rest == "" && i+1 < len(args):
				out = append(out, string(args[i+1]))
			case strings.HasPrefix(rest, "=") && strings.HasPrefix(o, "--"):
				out = append(out, rest[1:])
			}
		}
		if _, v, ok := strings.Cut(s, "="); ok && strings.HasPrefix(s, "--") {
			s = v // --eval-command='shell ls'
		}
		s = strings.TrimPrefix(s, "-o")
		for _, p := range c.prefixed {
			if rest, is := strings.CutPrefix(s, p); is {
				out = append(out, rest)
				break
			}
		}
	}
	return out
}

// plain are programs whose words are text, or that are looked at word by word elsewhere.
var plain = []string{"echo", "printf", "git", "gh", "glab", "grep", "egrep", "fgrep", "rg", "ag", "ack", "sed", "gsed", "awk", "gawk", "mawk", "perl", "jq", "yq", "test", "[",
	"[[", "curl", "http", "https", "xh", "say", "logger", "notify-send", "popkit", "expr", "export", "alias", "read", "python", "python3", "node", "ruby", "php", "find", "fd", "xargs", "tr", "date"}

// Names returns what may name a file within the words of a program: what is glued
// to a short option (-osecrets), and the parts of a word that has blanks in it.
func Names(program string, args []word.Word) []word.Word {
	if slices.Contains(plain, program) && program != "curl" {
		return nil
	}
	var out []word.Word
	for _, a := range args {
		s := string(a)
		switch {
		case len(s) > 2 && s[0] == '-' && s[1] != '-':
			for i := 2; i < len(s) && i < 8; i++ { // after a few letters of other options
				out = append(out, word.Word(s[i:]))
			}
		case strings.ContainsAny(s, " \t") && len(s) < 1000 && program != "curl":
			for f := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(" \t;|&<>'\"`!", r) }) {
				out = append(out, word.Word(f))
			}
		}
	}
	return out
}
