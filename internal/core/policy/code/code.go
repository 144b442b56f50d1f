package code

import (
	"slices"
	"strings"

	"popkit/internal/core/policy/word"
)

// Word is a word as far as it is known.
type Word = word.Word

const unknown = Word(word.Unknown)

// Kind is what an effect is.
type Kind int

// The kinds.
const (
	Reads Kind = iota
	Writes
	Deletes
	Starts  // Argv, or Script in the shell
	Hidden  // it starts something that the text does not say
	Fetches // it starts what it gets over the network
	Forks   // it starts itself without end
)

// Effect is something that a small program does, as far as its text says.
type Effect struct {
	Kind   Kind
	Path   Word
	Argv   []Word
	Script string
}

// maxDepth bounds programs in programs.
const maxDepth = 6

// called is one call in a program.
type called struct {
	name  string // without what is before the last dot
	owner string // what is before it
	args  []Word // strings, joined as far as they are; unknown for anything else
	on    *called
}

// What functions of the small languages do, by their last name.
var (
	codeWrites = []string{"write_text", "write_bytes", "writeFileSync", "writeFile", "appendFileSync", "appendFile", "createWriteStream", "outputFile",
		"file_put_contents", "touch", "truncate", "truncateSync", "binwrite", "mkdir", "mkdirSync", "makedirs", "symlink_to"}
	codeDeletes = []string{"remove", "unlink", "unlinkSync", "rmtree", "rm", "rmSync", "rmdir", "rmdirSync", "removedirs", "rm_rf", "rm_r", "rm_f", "remove_dir", "rimraf",
		"delete", "removeSync", "emptyDirSync"}
	codeMoves = []string{"rename", "renameSync", "replace", "move", "mv", "copy", "copyfile", "copy2", "copytree", "copyFile", "copyFileSync", "cp", "cpSync", "cp_r", "symlink", "symlinkSync", "link"}
	codeReads = []string{"read_text", "read_bytes", "readFileSync", "readFile", "createReadStream", "file_get_contents", "readlines", "readlink"}
	codeRuns  = []string{"system", "popen", "run", "call", "check_call", "check_output", "Popen", "getoutput", "getstatusoutput", "spawn", "spawnSync", "exec", "execSync", "execFile", "execFileSync",
		"execvp", "execv", "execl", "execlp", "execve", "spawnl", "spawnv", "spawnlp", "shell_exec", "passthru", "proc_open", "execute", "qx", "fork"}
	codeRunOwners = []string{"os", "subprocess", "sp", "child_process", "cp", "commands", "pty", "Kernel", "Open3", "IO", "Process", "Deno", "Bun", "io", "shell", "execa", "", "sh"}
	codeFetches   = []string{"urlopen", "urlretrieve", "fetch", "requests", "httpx", "urllib", "Net::HTTP", "open-uri", "LWP", "https.get", "http.get", "axios"}
)

// Read returns what a small program of a language ("python", "node", "perl", "ruby",
// "php", "lua") does. rest are the words that it is given.
func Read(lang, text string, rest []Word) []Effect { return read(lang, text, rest, 0) }

func read(lang, text string, rest []Word, depth int) []Effect {
	if depth > maxDepth {
		return []Effect{{Kind: Hidden}}
	}
	c := scanCode(lang, text)
	p := &finder{rest: rest, depth: depth, text: text}
	if strings.Contains(text, "fork") && (strings.Contains(text, "while") || strings.Contains(text, "for ") || strings.Contains(text, "loop")) && !strings.Contains(text, "forkserver") {
		p.effects = append(p.effects, Effect{Kind: Forks})
	}
	for _, call := range c.calls {
		first, rest, _ := strings.Cut(call.owner, ".")
		if module, ok := c.modules[first]; ok {
			call.owner = strings.TrimSuffix(module+"."+rest, ".")
		}
		p.call(lang, call)
	}
	for _, s := range c.ticks {
		p.effects = append(p.effects, Effect{Kind: Starts, Script: s})
	}
	kind := Reads
	if p.blind {
		kind = Writes
	}
	for _, s := range c.strings {
		if looksLikePath(s) {
			p.effects = append(p.effects, Effect{Kind: kind, Path: Word(s)})
		}
	}
	return p.effects
}

// SystemCalls returns the texts that calls of a function of that name are given;
// unknown for those that are not known.
func SystemCalls(lang, text, function string) []Word {
	var out []Word
	for _, c := range scanCode(lang, text).calls {
		if c.name == function && len(c.args) > 0 {
			out = append(out, c.args[0])
		}
	}
	return out
}

func looksLikePath(s string) bool {
	return len(s) > 1 && len(s) < 200 && Word(s).Known() && !strings.ContainsAny(s, " \n\t<>|;(){}%\\") && (strings.Contains(s, "/") && !strings.Contains(s, "://") || s[0] == '.' || s[0] == '~' || strings.Contains(s, "."))
}

// finder collects the effects of one program.
type finder struct {
	text    string
	rest    []Word // the words after the program, which it may work on
	effects []Effect
	blind   bool // it writes where the text does not say
	depth   int
}

func (p *finder) add(kind Kind, path Word) {
	if path == "" {
		return // a number, or nothing
	}
	if path == unknown && kind != Reads {
		if len(p.rest) > 0 {
			for _, r := range p.rest {
				p.add(kind, r)
			}
			p.blind = true
			return
		}
		p.blind = true
	}
	p.effects = append(p.effects, Effect{Kind: kind, Path: path})
}

func (c called) arg(i int) Word {
	if i < len(c.args) {
		return c.args[i]
	}
	return ""
}

// target is the path that a method works on: its receiver's, or its argument.
func (c called) target() Word {
	if c.on != nil && len(c.on.args) > 0 && (c.on.name == "Path" || c.on.name == "Pathname" || c.on.name == "file" || c.on.name == "join") {
		return Word(strings.Join(word.Texts(c.on.args), "/"))
	}
	if len(c.args) == 0 {
		return unknown
	}
	return c.args[0]
}

func (p *finder) call(lang string, c called) {
	switch {
	case strings.HasPrefix(c.name, "write") && strings.Contains(c.name, "File"):
		p.write(c)
	case c.name == "open" || c.name == "fopen" || c.name == "openSync" || c.name == "new" && c.owner == "File":
		p.open(lang, c)
	case slices.Contains(codeRuns, c.name) && (slices.Contains(codeRunOwners, lastName(c.owner)) || strings.Contains(c.owner, "require") || strings.Contains(c.owner, "__import__")):
		p.run(lang, c)
	case (c.name == "exec" || c.name == "eval" || c.name == "compile" || c.name == "Function" || c.name == "runInThisContext") && (c.owner == "" || c.owner == "vm"):
		p.run(lang, c)
	case c.name == "write" && (c.owner == "File" || c.owner == "IO" || c.owner == "Bun"), slices.Contains(codeWrites, c.name) && c.owner != "sys.stdout":
		if strings.HasPrefix(c.name, "write_") {
			c.args = nil
			if c.on == nil {
				p.add(Writes, unknown)
				return
			}
		}
		p.write(c)
	case slices.Contains(codeDeletes, c.name) && !strings.HasPrefix(c.owner, "self"):
		p.delete(c)
	case slices.Contains(codeMoves, c.name) && c.name != "replace" && len(c.args) > 1, c.name == "replace" && c.owner == "os":
		p.add(Writes, c.arg(1))
		if strings.Contains(c.name, "mov") || strings.Contains(c.name, "ren") || c.name == "mv" || c.name == "replace" {
			p.add(Deletes, c.arg(0))
		} else {
			p.add(Reads, c.arg(0))
		}
	case slices.Contains(codeReads, c.name), c.name == "read" && c.owner == "File":
		p.add(Reads, c.target())
	}
}

func (p *finder) write(c called) { p.add(Writes, c.target()) }

// delete tells files from the members of lists and maps, which a path does not read like.
func (p *finder) delete(c called) {
	t := c.target()
	fileOwner := slices.Contains([]string{"os", "shutil", "fs", "fsp", "File", "FileUtils", "Dir", "", "fs.promises", "promises", "Deno"}, c.owner) || strings.Contains(c.owner, "require") || c.on != nil
	if c.owner == "" && c.on == nil && t == unknown && c.name != "unlink" {
		return // of a list, or a map
	}
	if fileOwner && (c.owner != "" || c.on != nil || len(c.args) > 0) {
		p.add(Deletes, t)
	}
}

func (p *finder) open(lang string, c called) {
	path, how := c.arg(0), string(c.arg(1))
	if c.on != nil && c.on.name == "Path" {
		path, how = c.target(), string(c.arg(0))
	}
	if len(c.args) == 0 && c.on == nil {
		return
	}
	if lang == "perl" {
		mode := string(c.arg(1))
		if rest := strings.TrimLeft(mode, "+<>| "); rest != "" {
			path = Word(rest)
		} else {
			path = c.arg(2)
		}
		if strings.Contains(mode, "|") {
			p.effects = append(p.effects, Effect{Kind: Starts, Script: strings.Trim(mode, "| ")})
			return
		}
		how = strings.NewReplacer(">", "w", "+", "w").Replace(mode[:len(mode)-len(strings.TrimLeft(mode, "+<>| "))])
	}
	if lastName(c.owner) == "os" {
		how = "w" // by flags that the text does not spell out
	}
	if strings.ContainsAny(how, "wax+") || strings.ContainsRune(how, word.Unknown) {
		p.add(Writes, path)
		return
	}
	p.add(Reads, path)
}

func lastName(owner string) string {
	if i := strings.LastIndexAny(owner, ".:"); i >= 0 {
		return owner[i+1:]
	}
	return owner
}

// run starts what a call starts: one text is a script, several are words.
func (p *finder) run(lang string, c called) {
	source := c.name == "eval" || c.name == "compile" || c.name == "Function" || c.name == "exec" && c.owner == "" && lang == "python"
	var known []Word
	for _, a := range c.args {
		if a != unknown {
			known = append(known, a)
		}
	}
	switch {
	case len(known) == 0 && len(c.args) == 0:
	case len(known) == 0 || known[0].Open() && strings.HasPrefix(string(known[0]), string(unknown)):
		p.effects = append(p.effects, Effect{Kind: Hidden})
		if slices.ContainsFunc(codeFetches, func(f string) bool { return strings.Contains(p.text, f) }) {
			p.effects = append(p.effects, Effect{Kind: Fetches})
		}
	case source:
		p.effects = append(p.effects, read(lang, string(known[0]), nil, p.depth+1)...)
	case len(known) == 1 || strings.Contains(string(known[0]), " "):
		p.effects = append(p.effects, Effect{Kind: Starts, Script: string(known[0])})
	default:
		if strings.HasPrefix(c.name, "execv") || strings.HasPrefix(c.name, "execl") || strings.HasPrefix(c.name, "spawnv") || strings.HasPrefix(c.name, "spawnl") {
			known = known[1:] // the file, then what it is told to be called
		}
		p.effects = append(p.effects, Effect{Kind: Starts, Argv: known})
	}
}
