package shell

import (
	"encoding/base64"
	"encoding/hex"
	"path"
	"slices"
	"strings"

	"popkit/internal/core/policy/word"
)

// output is what is known of what a command prints.
func (w *walker) output(st *state, args []Word, in Flow) Flow {
	prog, rest := path.Base(string(args[0])), operands(args[1:])
	dir := st.dirs()[0]
	switch prog {
	case "echo":
		return echo(args[1:])
	case "printf":
		return text(word.Printed(args[1:]))
	case "cat", "tac", "head", "tail", "sort", "uniq", "nl", "less", "more", "pv", "sponge", "rev", "shuf":
		return w.filter(prog, rest, dir, in)
	case "tee":
		for _, f := range rest {
			w.wrote(Join(dir, f), Write, in)
		}
		return in
	case "grep", "egrep", "fgrep", "rg", "ag", "ack":
		return grepped(args, rest, in)
	case "ls", "gls", "exa", "eza":
		return lines(append(slices.Clone(rest), name)...)
	case "pwd":
		return text(one(st.dirs()) + "\n")
	case "mktemp":
		return text(w.temporary(rest))
	case "realpath", "readlink":
		if len(rest) == 1 {
			return text(Join(dir, rest[0]))
		}
	case "basename":
		if len(rest) > 0 {
			b := rest[0].Base()
			if len(rest) > 1 {
				b = Word(strings.TrimSuffix(string(b), string(rest[1])))
			}
			return text(b)
		}
	case "dirname":
		if len(rest) > 0 {
			return text(rest[0].Dirname())
		}
	case "date", "nproc", "whoami", "hostname", "uname", "arch", "seq", "uuidgen", "wc", "tput", "id", "expr", "stat", "bc", "getconf", "locale", "tty":
		return text(name)
	case "which", "type", "command":
		return text("/usr/bin/" + name)
	case "curl", "wget", "http", "https", "xh", "aria2c", "fetch", "lynx", "w3m", "links", "nc", "ncat", "netcat", "socat", "ftp", "scp", "aws", "gsutil":
		return w.download(prog, args, dir)
	case "cp", "mv", "install", "ln":
		w.copied(rest, dir)
		return Flow{Some: true}
	case "base64", "xxd":
		return decoded(prog, args, in)
	case "gh":
		return Flow{Some: true, Remote: slices.Contains(args, "api") || slices.Contains(args, "download")}
	}
	return Flow{Some: true, Remote: in.Remote}
}

// operands are the words that are no options.
func operands(args []Word) []Word {
	var out []Word
	for i, a := range args {
		if a == "--" {
			return append(out, args[i+1:]...)
		}
		if !strings.HasPrefix(string(a), "-") || a == "-" {
			out = append(out, a)
		}
	}
	return out
}

func echo(args []Word) Flow {
	newline, escapes := Word("\n"), false
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' && strings.Trim(string(args[0][1:]), "neE") == "" {
		if strings.Contains(string(args[0]), "n") {
			newline = ""
		}
		escapes = escapes || strings.Contains(string(args[0]), "e")
		args = args[1:]
	}
	t := Word(join(args))
	if escapes {
		t = word.Ansi(string(t), 4)
	}
	return text(t + newline)
}

func (w *walker) filter(prog string, rest []Word, dir Word, in Flow) Flow {
	f := in
	if i := slices.Index(rest, "-"); len(rest) > 0 && i < 0 {
		f = Flow{}
		for _, r := range rest {
			if prog == "head" && strings.Trim(string(r), "0123456789") == "" {
				continue
			}
			c := w.contents(Join(dir, r))
			c.Some = true
			f = f.then(c)
		}
		if !f.Some {
			f = in
		}
	}
	switch {
	case prog == "cat" || prog == "pv" || prog == "sponge" || prog == "less" || prog == "more":
		return f
	case prog == "rev" && f.Known:
		r := []rune(strings.TrimRight(string(f.Text), "\n"))
		slices.Reverse(r)
		return text(Word(string(r)))
	case f.Known:
		return Flow{Some: true, Remote: f.Remote, List: f.items()}
	}
	return f
}

// grepped is what grep prints: names of files with -l, else some of the lines.
func grepped(args, rest []Word, in Flow) Flow {
	list := slices.ContainsFunc(args, func(a Word) bool {
		return strings.HasPrefix(string(a), "--files-with") || len(a) > 1 && a[0] == '-' && a[1] != '-' && strings.ContainsAny(string(a), "lL")
	})
	switch {
	case list && len(rest) > 1:
		var out []Word
		for _, r := range rest[1:] {
			out = append(out, Clean(r+"/"+Word(Deep)))
		}
		return lines(out...)
	case list:
		return lines("./" + Word(Deep))
	case len(rest) <= 1:
		return Flow{Some: true, Remote: in.Remote, List: in.List}
	}
	return Flow{Some: true}
}

func (w *walker) temporary(rest []Word) Word {
	if len(rest) > 0 {
		return Word(strings.ReplaceAll(string(rest[0]), "XXXXXX", string(Name)))
	}
	if w.o.Tmp != "" {
		return Word(w.o.Tmp) + "/" + name
	}
	return "/tmp/" + name
}

// download notes which file now holds what came over the network.
func (w *walker) download(prog string, args []Word, dir Word) Flow {
	remote := Flow{Remote: true, Some: true}
	out := prog != "wget"
	for i, a := range args {
		s := string(a)
		next := func() Word {
			if i+1 < len(args) {
				return args[i+1]
			}
			return unknown
		}
		switch {
		case prog == "wget" && (s == "-O" || s == "--output-document") && next() != "-":
			w.wrote(Join(dir, next()), Write, remote)
		case prog == "wget" && (strings.HasPrefix(s, "-") && strings.Contains(s, "O") && !strings.HasPrefix(s, "--")):
			out = strings.HasSuffix(s, "-") || next() == "-"
			if !out && len(s) > 2 && !strings.HasSuffix(s, "O") {
				w.wrote(Join(dir, Word(s[strings.Index(s, "O")+1:])), Write, remote)
			}
		case strings.HasPrefix(s, "--output-document="):
			w.wrote(Join(dir, Word(s[len("--output-document="):])), Write, remote)
		case prog != "wget" && (s == "-o" || s == "--output" || len(s) > 2 && s[0] == '-' && s[1] != '-' && strings.HasSuffix(s, "o")):
			w.wrote(Join(dir, next()), Write, remote)
		case strings.HasPrefix(s, "--output="):
			w.wrote(Join(dir, Word(s[len("--output="):])), Write, remote)
		case strings.Contains(s, "://"):
			u, _, _ := strings.Cut(s, "?")
			w.wrote(Join(dir, Word(u).Base()), Write, remote)
		case i > 0 && (prog == "scp" || prog == "aws" || prog == "gsutil") && !strings.HasPrefix(s, "-"):
			w.wrote(Join(dir, a), Write, remote)
		}
	}
	if out || prog == "wget" && slices.ContainsFunc(args, func(a Word) bool { return strings.HasSuffix(string(a), "O-") || a == "-" }) {
		return remote
	}
	return Flow{Some: true}
}

// copied lets a copy hold what the original was seen to hold.
func (w *walker) copied(rest []Word, dir Word) {
	if len(rest) < 2 {
		return
	}
	to := Join(dir, rest[len(rest)-1])
	for _, from := range rest[:len(rest)-1] {
		if f, ok := w.files[Join(dir, from)]; ok {
			w.wrote(to, Write, f)
			w.wrote(Join(to, from.Base()), Write, f)
		}
	}
}

func decoded(prog string, args []Word, in Flow) Flow {
	decode := slices.ContainsFunc(args, func(a Word) bool {
		return a == "-d" || a == "-D" || a == "--decode" || prog == "xxd" && strings.HasPrefix(string(a), "-") && strings.Contains(string(a), "r")
	})
	if !decode || !in.Known || !in.Text.Known() {
		return Flow{Some: true, Remote: in.Remote}
	}
	src := strings.Join(strings.Fields(string(in.Text)), "")
	raw, err := hex.DecodeString(src)
	if prog == "base64" {
		raw, err = base64.StdEncoding.DecodeString(src)
	}
	if err != nil {
		return Flow{Some: true}
	}
	return text(Word(raw))
}
