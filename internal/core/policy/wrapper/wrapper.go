package wrapper

import (
	"slices"
	"strings"

	"popkit/internal/core/policy/word"
)

// Wrapper is a program that starts the one that its arguments name.
type Wrapper struct {
	Valued  []string // options whose value is the next word
	Skip    int      // words before the program
	Assigns bool     // NAME=value may stand before it
	Verbs   []string // the program comes after one of these words: "npm exec", "uv run"
	Dash    bool     // only what follows "--"
	Chdir   []string // options that name the folder to go to first
	Text    []string // options whose value is a command, as text
	Writes  []string // options that name a file that it writes
}

// Table is the wrappers by name.
var Table = map[string]Wrapper{
	"sudo":             {Chdir: []string{"-D", "--chdir"}, Valued: []string{"-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-U", "-r", "-t", "--user", "--group", "--chdir", "--host", "--prompt"}, Assigns: true},
	"doas":             {Valued: []string{"-u", "-C", "-a"}},
	"pkexec":           {Valued: []string{"--user"}},
	"run0":             {Valued: []string{"-u", "--user", "-D"}},
	"gosu":             {Skip: 1},
	"env":              {Chdir: []string{"-C", "--chdir"}, Valued: []string{"-u", "-C", "-S", "--unset", "--chdir", "--split-string"}, Assigns: true},
	"timeout":          {Valued: []string{"-s", "-k", "--signal", "--kill-after"}, Skip: 1},
	"gtimeout":         {Valued: []string{"-s", "-k"}, Skip: 1},
	"nohup":            {},
	"nice":             {Valued: []string{"-n", "--adjustment"}},
	"ionice":           {Valued: []string{"-c", "-n", "-p", "--class", "--classdata"}},
	"setsid":           {},
	"stdbuf":           {Valued: []string{"-i", "-o", "-e", "--input", "--output", "--error"}},
	"chrt":             {Valued: []string{"-T", "-P", "-D"}, Skip: 1},
	"taskset":          {Skip: 1},
	"numactl":          {Valued: []string{"-C", "-m", "-N"}},
	"time":             {Writes: []string{"-o", "--output"}, Valued: []string{"-f", "-o", "--format", "--output"}},
	"gtime":            {Writes: []string{"-o", "--output"}, Valued: []string{"-f", "-o"}},
	"exec":             {Valued: []string{"-a"}},
	"unshare":          {Valued: []string{"-S", "-G", "-R", "-w"}},
	"nsenter":          {Valued: []string{"-t", "-S", "-G"}},
	"chroot":           {Skip: 1},
	"ssh-agent":        {Valued: []string{"-a", "-E", "-t"}},
	"faketime":         {Skip: 1},
	"eatmydata":        {},
	"chronic":          {},
	"setarch":          {Skip: 1},
	"linux64":          {},
	"aa-exec":          {Valued: []string{"-p", "-n"}},
	"cgexec":           {Valued: []string{"-g"}},
	"ccache":           {},
	"valgrind":         {},
	"bear":             {Dash: true},
	"dotenvx":          {Valued: []string{"-f"}, Verbs: []string{"run"}, Dash: true},
	"env-cmd":          {Valued: []string{"-f", "-e"}},
	"perf":             {Writes: []string{"-o", "--output"}, Valued: []string{"-o", "-e", "-F", "-g"}, Verbs: []string{"record", "stat", "trace"}},
	"watchexec":        {Valued: []string{"-w", "-e", "-i", "-d"}},
	"fakeroot":         {},
	"strace":           {Writes: []string{"-o", "--output"}, Valued: []string{"-e", "-o", "-p", "-s", "-u", "-E", "-P"}},
	"ltrace":           {Writes: []string{"-o", "--output"}, Valued: []string{"-e", "-o", "-p", "-s", "-u"}},
	"xvfb-run":         {Valued: []string{"-s", "-n", "-e", "-f"}},
	"dbus-run-session": {},
	"caffeinate":       {Valued: []string{"-t", "-w"}},
	"unbuffer":         {},
	"rlwrap":           {},
	"catchsegv":        {},
	"busybox":          {},
	"toybox":           {},
	"flock":            {Text: []string{"-c", "--command"}, Valued: []string{"-w", "-E", "--timeout"}, Skip: 1},
	"lockf":            {Valued: []string{"-t"}, Skip: 1},
	"setpriv":          {Valued: []string{"--reuid", "--regid"}},
	"prlimit":          {},
	"firejail":         {},
	"systemd-run":      {Valued: []string{"-p", "-u", "--unit"}},
	"torsocks":         {},
	"proxychains":      {},
	"entr":             {},
	"nodemon":          {Valued: []string{"-w", "-e", "-i", "--watch", "--ext"}},
	"dotenv":           {Valued: []string{"-f", "-e", "--file"}, Verbs: []string{"run"}, Dash: true},
	"cross-env":        {Assigns: true},
	"npx":              {Text: []string{"-c", "--call"}, Valued: []string{"-p", "--package"}},
	"bunx":             {},
	"pnpx":             {},
	"uvx":              {Valued: []string{"--from", "--with"}},
	"pipx":             {Verbs: []string{"run"}},
	"npm":              {Text: []string{"-c", "--call"}, Verbs: []string{"exec", "x"}},
	"pnpm":             {Text: []string{"-c", "--call"}, Verbs: []string{"exec", "dlx"}},
	"yarn":             {Verbs: []string{"exec", "dlx"}},
	"bun":              {Verbs: []string{"x"}},
	"poetry":           {Verbs: []string{"run"}},
	"pipenv":           {Verbs: []string{"run"}},
	"uv":               {Chdir: []string{"--directory"}, Verbs: []string{"run"}, Valued: []string{"--with", "--python", "-p", "--project", "--directory"}},
	"rye":              {Verbs: []string{"run"}},
	"pdm":              {Verbs: []string{"run"}},
	"hatch":            {Verbs: []string{"run"}},
	"bundle":           {Verbs: []string{"exec"}},
	"conda":            {Verbs: []string{"run"}, Valued: []string{"-n", "-p"}},
	"mise":             {Verbs: []string{"exec", "x"}, Dash: true},
	"asdf":             {Verbs: []string{"exec"}},
	"direnv":           {Verbs: []string{"exec"}, Skip: 1},
	"rustup":           {Verbs: []string{"run"}, Skip: 1},
	"op":               {Verbs: []string{"run"}, Dash: true},
	"doppler":          {Verbs: []string{"run"}, Dash: true},
	"nix":              {Verbs: []string{"develop", "shell"}},
}

// Inner are the words of the program that is wrapped.
func (wr Wrapper) Inner(args []word.Word) (inner, assigned []word.Word) {
	if len(wr.Verbs) > 0 {
		i := slices.IndexFunc(args, func(a word.Word) bool { return !strings.HasPrefix(string(a), "-") })
		if i < 0 || !slices.Contains(wr.Verbs, string(args[i])) {
			return nil, nil
		}
		args = args[i+1:]
	}
	if wr.Dash {
		if i := slices.Index(args, "--"); i >= 0 {
			return args[i+1:], nil
		}
	}
	skip := wr.Skip
	for len(args) > 0 {
		a := string(args[0])
		switch {
		case a == "--":
			args = args[1:]
			return args[min(skip, len(args)):], assigned
		case slices.Contains(wr.Valued, a):
			args = args[min(2, len(args)):]
		case strings.HasPrefix(a, "-") && len(a) > 1:
			args = args[1:]
		case wr.Assigns && Assignment(a):
			assigned, args = append(assigned, args[0]), args[1:]
		case skip > 0:
			skip, args = skip-1, args[1:]
		default:
			return args, assigned
		}
	}
	return nil, assigned
}

// Assignment tells NAME=value.
func Assignment(a string) bool {
	n, _, ok := strings.Cut(a, "=")
	return ok && n != "" && strings.Trim(n, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// Option is what one of the options is given: the next word, what follows "=", or
// what is glued to a short one. Words of the program that is wrapped do not count.
func (wr Wrapper) Option(args []word.Word, options []string) (word.Word, bool) {
	inner, _ := wr.Inner(args)
	for i, a := range args[:len(args)-len(inner)] {
		for _, o := range options {
			rest, is := strings.CutPrefix(string(a), o)
			long := strings.HasPrefix(o, "--")
			next := i + 1
			if next < len(args) && slices.Contains(wr.Verbs, string(args[next])) {
				next++ // pnpm -c exec 'COMMAND': the verb stands between
			}
			switch {
			case !is:
			case rest == "" && next < len(args):
				return args[next], true
			case long && strings.HasPrefix(rest, "="):
				return word.Word(rest[1:]), true
			case !long && rest != "":
				return word.Word(rest), true
			}
		}
	}
	return "", false
}

// SplitString is what env -S runs.
func SplitString(args []word.Word) string {
	for i, a := range args {
		s := string(a)
		switch {
		case (s == "-S" || s == "--split-string") && i+1 < len(args):
			return strings.Join(word.Texts(args[i+1:]), " ")
		case strings.HasPrefix(s, "--split-string="):
			return s[len("--split-string="):] + " " + strings.Join(word.Texts(args[i+1:]), " ")
		case strings.HasPrefix(s, "-S"):
			return s[2:] + " " + strings.Join(word.Texts(args[i+1:]), " ")
		}
	}
	return ""
}

// Dir is the folder in which the wrapped program is started, if an option says so.
func (wr Wrapper) Dir(args []word.Word) (word.Word, bool) {
	for i, a := range args {
		for _, o := range wr.Chdir {
			switch rest, ok := strings.CutPrefix(string(a), o); {
			case !ok:
			case rest == "" && i+1 < len(args):
				return args[i+1], true
			case strings.HasPrefix(rest, "="):
				return word.Word(rest[1:]), true
			case rest != "" && !strings.HasPrefix(o, "--"):
				return word.Word(rest), true
			}
		}
		if !strings.HasPrefix(string(a), "-") && i > 0 && !strings.HasPrefix(string(args[i-1]), "-") {
			break
		}
	}
	return "", false
}
