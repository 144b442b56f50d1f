package policy

import (
	"slices"
	"strings"

	"popkit/internal/core/policy/paths"
	"popkit/internal/core/policy/shell"
	"popkit/internal/core/smell"
)

// program judges what a program does to files and to the machine.
func (j *judge) program(k cmd) {
	if slices.Contains(k.Via, "ssh") {
		return // its files are on another machine, which is asked about already
	}
	switch k.name {
	case "git":
		j.git(k)
	case "rm", "unlink", "rmdir", "shred", "srm", "trash", "trash-put", "gio", "del", "rimraf":
		j.rm(k)
	case "mv", "rename":
		j.mv(k)
	case "cp", "install", "rsync", "ln", "link", "scp", "ditto", "pax", "symlink":
		j.cp(k)
	case "tee", "touch", "truncate", "mkdir", "mkfifo", "mknod", "sponge", "split", "csplit", "fallocate":
		j.creates(k)
	case "dd":
		j.dd(k)
	case "sed", "gsed", "perl", "ruby", "awk", "gawk", "ed", "ex", "vi", "vim", "nvim", "emacs", "nano":
		j.inPlace(k)
	case "chmod", "chown", "chgrp", "chattr", "setfacl", "chflags", "setfattr", "chcon":
		j.permissions(k)
	case "curl", "wget", "http", "https", "xh", "aria2c", "fetch":
		j.network(k)
	case "tar", "bsdtar", "unzip", "zip", "7z", "7za", "gzip", "gunzip", "xz", "bzip2", "zstd", "cpio", "ar", "unrar":
		j.archive(k)
	case "patch":
		j.patch(k)
	case "psql", "mysql", "mariadb", "sqlcmd", "mongo", "mongosh", "cqlsh", "clickhouse-client", "clickhouse", "duckdb", "sqlite3", "snowsql", "sqlplus", "usql", "mysqladmin", "cockroach", "bq":
		j.database(k)
	case "docker", "podman", "nerdctl":
		j.container(k)
	case "popkit":
		j.popkit(k)
	case "gh", "glab":
		j.gitHubAPI(k)
	case "env", "printenv", "set", "export", "declare", "typeset", "compgen":
		j.environment(k)
	case "gofmt", "goimports", "gofumpt", "prettier", "black", "isort", "rustfmt", "shfmt", "clang-format", "autopep8", "yapf":
		j.formatter(k)
	default:
		if !j.machine(k) {
			j.generic(k)
		}
	}
}

// harmlessPrograms do nothing to the files that their words name, or only look at
// their names.
var harmlessPrograms = []string{"echo", "printf", "ls", "gls", "exa", "eza", "stat", "test", "[", "file", "basename", "dirname", "realpath", "readlink", "which", "type",
	"find", "fd", "fdfind", "true", "false", "cd", "pwd", "date", "sleep", "seq", "expr", "wc", "du", "df", "tree", "kill", "wait", "exit", "hash", "git-lfs",
	"popkit", "gh", "jq", "let", "unset", "shopt", "umask", "ulimit", "dotenv-linter", "xargs", "id", "whoami", "uname", "nproc", "alias", "export", "local", "readonly"}

// filterPrograms take a text, or a pattern, as their first word, and files after it.
var filterPrograms = []string{"grep", "egrep", "fgrep", "rg", "ag", "ack", "yq", "ugrep", "zgrep"}

// generic judges a program of which nothing special is known: what its words name
// may be read.
func (j *judge) generic(k cmd) {
	words := k.args
	if slices.Contains(harmlessPrograms, k.name) && k.name != "jq" && k.name != "wc" {
		return
	}
	if slices.Contains(filterPrograms, k.name) || k.name == "jq" {
		words = k.operands("-e", "-f", "-A", "-B", "-C", "-m", "--include", "--exclude", "--exclude-dir", "-g", "--glob", "-t", "--type", "--arg")
		if _, ok := k.value("-e", "-f"); !ok && len(words) > 0 {
			words = words[1:]
		}
		words = append(slices.Clip(words), attached(k, "-f", "--file")...)
	}
	reader := slices.Contains([]string{"cat", "head", "tail", "less", "more", "bat", "tac", "nl", "xxd", "hexdump", "od", "strings", "base64", "base32", "rev", "sort", "uniq",
		"cut", "paste", "join", "comm", "diff", "cmp", "column", "fold", "fmt", "pr", "expand", "source", "."}, k.name)
	j.outputs(k)
	for _, a := range words {
		s := string(a)
		switch {
		case s == "-" || s == "--" || s == "":
			continue
		case strings.HasPrefix(s, "-") && strings.Contains(s, "="):
			_, v, _ := strings.Cut(s, "=")
			a = shell.Word(v)
		case strings.HasPrefix(s, "-"):
			continue
		}
		switch {
		case a.Known():
			j.looksProtected(k.Dir, a)
			if _, v, ok := strings.Cut(s, "@"); ok && v != "" && !strings.Contains(s, "://") {
				j.looksProtected(k.Dir, shell.Word(v))
			}
			if before, v, ok := strings.Cut(s, ":"); ok && v != "" && !strings.Contains(s, "://") {
				j.looksProtected(k.Dir, shell.Word(before))
			}
		case reader || slices.Contains(filterPrograms, k.name):
			j.read(k.Dir, a)
		}
	}
}

// outputs judges what the usual options for an output name: of a program that is not
// known, only what reads like a path.
func (j *judge) outputs(k cmd) {
	if slices.Contains(filterPrograms, k.name) {
		return
	}
	if v, ok := k.value("-out", "-o", "--output", "--out", "--outfile", "--output-file"); ok && (strings.Contains(string(v), "/") || strings.HasPrefix(string(v), ".")) && !v.Open() {
		j.write(k.Dir, v)
	}
}

// popkit judges popkit's own commands: those of people are not for agents. The socket
// refuses them, too.
func (j *judge) popkit(k cmd) {
	if words, _ := k.verbs(); len(words) > 1 && words[0] == "power" && slices.Contains([]string{"decide", "stop", "resume", "start", "retry", "skip", "edit", "tell", "merge", "pause", "unpause", "boundary", "reassign"}, words[1]) {
		j.found(ruleSecurity, k.line(), "popkit power %s is for people", words[1])
	}
}

// attached are the values of options that name files.
func attached(k cmd, options ...string) []shell.Word {
	if v, ok := k.value(options...); ok {
		return []shell.Word{v}
	}
	return nil
}

func (j *judge) rm(k cmd) {
	if k.name == "gio" && (len(k.args) == 0 || k.args[0] != "trash") {
		return
	}
	words := k.operands()
	if k.name == "shred" {
		words = k.operands("-n", "--iterations", "-s", "--size")
	}
	deep := k.has("-r", "-R", "--recursive") || k.name == "rimraf" || strings.HasPrefix(k.name, "trash")
	for _, w := range words {
		if k.name == "rmdir" {
			for _, p := range j.places(k.Dir, w) { // only an empty folder goes
				if !p.inside && !p.tmp {
					j.removePlace(p, false, false)
				}
			}
			continue
		}
		if strings.Contains(string(w), string(shell.Unknown)) && slices.Contains(k.Via, "xargs") && w == shell.Word(shell.Unknown) {
			j.found(ruleBulk, k.line(), "which files are deleted is not known: %s", k.line())
			continue
		}
		j.remove(k.Dir, w, deep)
	}
}

// renamed judges what a rename takes from its place.
func (j *judge) renamed(dir, w shell.Word) {
	for _, p := range j.places(dir, w) {
		switch {
		case p.abs.Open():
			j.openPath(p, "renamed")
		case p.inside && strings.Trim(string(p.rel), "/"+string(shell.Name)+string(shell.Deep)) == "":
			j.found(ruleBulk, ".", "everything in the workspace would be moved")
		case p.inside:
			n := j.deleted
			j.removeInside(p, true, false)
			j.holds(p)
			j.deleted = n
		default:
			j.removePlace(p, true, false)
		}
	}
}

func (j *judge) mv(k cmd) {
	if k.name == "rename" {
		for _, w := range k.operands()[min(1, len(k.operands())):] {
			j.write(k.Dir, w)
		}
		return
	}
	from, to := sources(k, "-S", "--suffix", "-t", "--target-directory")
	for _, w := range from {
		j.renamed(k.Dir, w)
		j.testMoved(k.Dir, w, to)
	}
	j.into(k, from, to)
}

// testMoved looks for a test that is taken out of the tests by its name.
func (j *judge) testMoved(dir, w, to shell.Word) {
	p, q := j.places(dir, w)[0], j.places(dir, to)[0]
	if p.inside && p.rel.Known() && smell.TestFile(string(p.rel)) && strings.Contains(string(to.Base()), ".") && q.rel.Known() && !smell.TestFile(string(q.rel)) {
		j.smells(smell.One(smell.Change{Path: string(p.rel), Kind: smell.Deleted, Old: j.text(string(p.rel))}))
	}
}

// sources splits the words of cp and mv into what is taken and where it goes.
func sources(k cmd, valued ...string) (from []shell.Word, to shell.Word) {
	words := k.operands(valued...)
	if t, ok := k.value("-t", "--target-directory"); ok && k.name != "rsync" {
		return words, t + "/"
	}
	if len(words) == 0 {
		return nil, ""
	}
	if len(words) == 1 {
		return words, "."
	}
	return words[:len(words)-1], words[len(words)-1]
}

// into judges where copies go: the target, and the names that they have in it if it
// is a folder.
func (j *judge) into(k cmd, from []shell.Word, to shell.Word) {
	if to == "" || strings.Contains(string(to), ":") && (k.name == "scp" || k.name == "rsync") {
		return
	}
	folder := strings.HasSuffix(string(to), "/") || to == "." || to == ".." || len(from) > 1
	if !folder {
		j.write(k.Dir, to)
	}
	for _, w := range from {
		base := w.Base()
		inner := to + "/" + base
		if folder || base == ".git" {
			j.write(k.Dir, inner)
		}
	}
}

// copyValued are the options whose value is the next word, by program: what is an
// option's value for one is the file itself for another.
var copyValued = map[string][]string{
	"cp": {"-S", "--suffix", "-t", "--target-directory"}, "ln": {"-S", "--suffix", "-t", "--target-directory"},
	"install": {"-S", "--suffix", "-t", "--target-directory", "-m", "--mode", "-o", "--owner", "-g", "--group"},
	"rsync":   {"-e", "--rsh", "--exclude", "--include", "--exclude-from", "--include-from", "--filter", "-f", "--files-from", "-T", "--temp-dir", "-M", "-B"},
	"scp":     {"-P", "-i", "-F", "-o", "-c", "-l", "-S", "-J"},
}

func (j *judge) cp(k cmd) {
	valued := copyValued[k.name]
	from, to := sources(k, valued...)
	if k.name == "install" && k.has("-d", "--directory") {
		for _, w := range k.operands(valued...) {
			j.mkdir(k.Dir, w)
		}
		return
	}
	base := k.Dir
	if k.name == "ln" && k.has("-s", "--symbolic") { // it leads from where it lies
		if base = shell.Join(k.Dir, to); !strings.HasSuffix(string(to), "/") && to != "." && len(from) == 1 {
			base = base.Dirname()
		}
	}
	for _, w := range from {
		if (k.name == "scp" || k.name == "rsync") && strings.Contains(string(w), ":") {
			continue
		}
		if w.Open() {
			continue // where it goes is judged
		}
		j.read(base, w)
		if k.name == "ln" || k.name == "link" {
			j.linked(base, w)
		}
	}
	if (k.name == "scp" || k.name == "rsync") && strings.Contains(string(to), ":") {
		j.found(ruleDeploy, k.line(), "files would go to another machine: %s", k.line())
		return
	}
	j.into(k, from, to)
	if k.name == "rsync" && k.has("--delete", "--delete-after", "--delete-before", "--delete-excluded", "--del") {
		j.remove(k.Dir, to, true)
	}
	if k.name == "cp" || k.name == "rsync" || k.name == "install" {
		j.copied(k, from, to)
	}
}

// linked judges what a new link leads to: by it the path could be had under a name
// that nobody knows.
func (j *judge) linked(dir, w shell.Word) {
	for _, p := range j.places(dir, w) {
		switch {
		case p.abs.Open():
			j.openPath(p, "linked")
		case p.inside && p.rel != "":
			n := j.unbounded
			j.unbounded = true
			j.writeInside(p)
			j.unbounded = n
		case !p.inside && !p.tmp && !harmless(p):
			j.softer(ruleOutside, p.String(), "a link would lead out of the workspace, to %s", p)
		}
	}
}

func harmless(p place) bool { return paths.Harmless(p.abs) }

// copied gives a copy of a text that is known the judgement of a text that is written.
func (j *judge) copied(k cmd, from []shell.Word, to shell.Word) {
	if len(from) == 1 && from[0] == "/dev/null" {
		j.written(k.Dir, to, "", false)
	}
	if len(from) != 1 || !from[0].Known() || !to.Known() || strings.HasSuffix(string(to), "/") {
		return
	}
	if p := j.places(k.Dir, from[0])[0]; p.inside {
		if s, ok := j.content(string(p.rel)); ok && len(s) < 64<<10 {
			j.written(k.Dir, to, s, false)
		}
	}
}

// mkdir judges a folder that is made: boundaries are about files.
func (j *judge) mkdir(dir, w shell.Word) {
	j.unbounded = true
	j.write(dir, w)
	j.unbounded = false
}

// creatorOptions are the options of programs that make files which take the next word
// as their value. They are each program's own: tee -a takes none.
var creatorOptions = map[string][]string{
	"touch": {"-r", "--reference", "-d", "--date", "-t"}, "truncate": {"-s", "--size", "-r", "--reference"}, "mkdir": {"-m", "--mode"},
	"mkfifo": {"-m", "--mode"}, "mknod": {"-m", "--mode"}, "fallocate": {"-l", "--length", "-o", "--offset"},
	"split":  {"-a", "--suffix-length", "-b", "--bytes", "-C", "--line-bytes", "-l", "--lines", "-n", "--number", "-t", "--separator"},
	"csplit": {"-b", "--suffix-format", "-f", "--prefix", "-n", "--digits"},
}

func (j *judge) creates(k cmd) {
	words := k.operands(creatorOptions[k.name]...)
	for i, w := range words {
		switch {
		case k.name == "split" || k.name == "csplit":
			if i == 0 {
				j.looksProtected(k.Dir, w)
			}
			if i == len(words)-1 && i > 0 {
				j.write(k.Dir, w)
			}
		case k.name == "mkdir":
			j.mkdir(k.Dir, w)
		default:
			j.write(k.Dir, w)
			if size, ok := k.value("-s", "--size"); ok && k.name == "truncate" && size == "0" {
				j.written(k.Dir, w, "", false)
			}
			if k.name == "tee" && k.In.Known {
				j.written(k.Dir, w, k.In.Text.String(), k.has("-a", "--append"))
			}
		}
	}
}

func (j *judge) dd(k cmd) {
	for _, a := range k.args {
		if v, ok := strings.CutPrefix(string(a), "of="); ok {
			j.write(k.Dir, shell.Word(v))
		}
		if v, ok := strings.CutPrefix(string(a), "if="); ok && !shell.Word(v).Open() {
			j.read(k.Dir, shell.Word(v))
		}
	}
}

// inPlaceValued are the options whose value is the next word, by program.
var inPlaceValued = map[string][]string{"perl": {"-e", "-E", "-I"}, "ruby": {"-e", "-I", "-r", "-E", "-C"},
	"vim": {"-c", "--cmd", "-u", "-S"}, "vi": {"-c", "--cmd", "-u", "-S"}, "nvim": {"-c", "--cmd", "-u", "-S"}, "ex": {"-c", "--cmd", "-u", "-S"}}

// inPlace judges the editors that change files where they lie.
func (j *judge) inPlace(k cmd) {
	words := k.operands(inPlaceValued[k.name]...)
	switch k.name {
	case "sed", "gsed":
		words = k.operands("-e", "-f", "--expression", "--file")
		script := len(attached(k, "-e", "-f", "--expression", "--file")) > 0
		if !script && len(words) > 0 {
			j.sedScript(k, words[0])
			words = words[1:]
		} else if v, ok := k.value("-e", "--expression"); ok {
			j.sedScript(k, v)
		}
		if !k.has("-i", "--in-place") {
			j.readAll(k, words)
			return
		}
	case "perl", "ruby":
		if !slices.ContainsFunc(k.args, func(a shell.Word) bool { return inPlaceFlag(string(a)) }) {
			j.readAll(k, words)
			return
		}
		if len(words) > 0 && !k.has("-e") {
			words = words[1:]
		}
		words = slices.DeleteFunc(slices.Clone(words), func(a shell.Word) bool {
			return strings.ContainsAny(string(a), " ;") || strings.HasPrefix(string(a), "s/")
		})
	case "awk", "gawk":
		return // its files are known by its program
	}
	for _, w := range words {
		if strings.HasPrefix(string(w), "+") { // a command of vi's
			continue
		}
		j.write(k.Dir, w)
		if why := paths.DockerUser(string(w), "", "USER x"); why != "" && slices.ContainsFunc(k.args, func(a shell.Word) bool { return strings.Contains(string(a), "USER") }) {
			j.found(ruleSecurity, string(w), "%s %s", w, why)
		}
	}
}

// inPlaceFlag tells perl's -i in -pi, -i.bak, -pi -e, -ne.
func inPlaceFlag(a string) bool {
	if len(a) < 2 || a[0] != '-' || a[1] == '-' {
		return false
	}
	i := strings.IndexByte(a, 'i')
	return i > 0 && strings.Trim(a[1:i], "aenplwsF0") == ""
}

func (j *judge) readAll(k cmd, words []shell.Word) {
	for _, w := range words {
		if w.Known() && !strings.ContainsAny(string(w), " ;") {
			j.looksProtected(k.Dir, w)
		} else if !w.Known() {
			j.read(k.Dir, w)
		}
	}
}

// sedScript finds the files that a script of sed's writes: w FILE.
func (j *judge) sedScript(k cmd, script shell.Word) {
	for line := range strings.FieldsFuncSeq(string(script), func(r rune) bool { return r == '\n' || r == ';' }) {
		if runs, ok := strings.CutPrefix(strings.TrimLeft(line, "0123456789,$ "), "e "); ok {
			j.script(runs, k.Dir)
		}
		i := strings.LastIndex(line, "w ")
		if i < 0 || i > 0 && !strings.ContainsAny(line[i-1:i], "/|#,pgI0123456789 $}") {
			continue
		}
		if f := strings.TrimSpace(line[i+2:]); f != "" && !strings.ContainsAny(f, "/\\") || strings.HasPrefix(f, "/") || strings.Contains(f, ".") {
			j.write(k.Dir, shell.Word(strings.TrimRight(f, "}'\" ")))
		}
	}
}

func (j *judge) formatter(k cmd) {
	changes := k.has("-w", "--write", "-i") || slices.Contains([]string{"black", "isort", "rustfmt", "autopep8", "yapf"}, k.name) && !k.has("--check", "--diff", "-c")
	for _, w := range k.operands("-r", "-d", "-l", "-i", "--config", "-s", "--line-length", "--edition", "-ln", "--profile") {
		if changes && w.Known() && strings.Contains(string(w.Base()), ".") && w != "." && w != ".." && !strings.HasSuffix(string(w), "...") {
			j.write(k.Dir, w)
		}
	}
}
