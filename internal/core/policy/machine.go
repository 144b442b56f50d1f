package policy

import (
	"slices"
	"strings"

	"popkit/internal/core/policy/hosttool"
	"popkit/internal/core/policy/paths"
	"popkit/internal/core/policy/phrase"
	"popkit/internal/core/policy/shell"
)

// destroyers do harm by what they are.
var destroyers = []string{"mkswap", "fdisk", "sfdisk", "gdisk", "sgdisk", "cfdisk", "parted", "wipefs", "blkdiscard", "badblocks", "hdparm", "nvme", "shutdown", "reboot",
	"halt", "poweroff", "init", "telinit", "kexec", "swapoff", "lvremove", "vgremove", "pvremove", "zpool", "cryptsetup", "mdadm", "userdel", "groupdel", "deluser",
	"rmmod", "insmod", "modprobe", "grub-install", "update-grub", "efibootmgr", "flashrom", "debugfs", "losetup", "umount", "mount", "pivot_root", "diskutil"}

var accountPrograms = []string{"passwd", "chpasswd", "useradd", "usermod", "adduser", "groupadd", "gpasswd", "chsh", "vipw", "newusers", "ssh-keygen", "ssh-copy-id",
	"update-alternatives", "sysctl", "setcap", "auditctl", "apparmor_parser", "semanage", "certutil", "update-ca-certificates"}

// machine judges programs that work on the machine; false when this is none.
func (j *judge) machine(k cmd) bool {
	if p := j.place(shell.Join(k.Dir, k.Args[0])); strings.Contains(string(k.Args[0]), "/") && p.inside {
		return false // a program of the project's that is called like one of the system's
	}
	switch {
	case slices.Contains(destroyers, k.name) || strings.HasPrefix(k.name, "mkfs") || strings.HasPrefix(k.name, "fsck"):
		if k.has("--help", "--version") || len(k.args) == 0 && (k.name == "mount" || k.name == "init") || k.name == "mount" && len(k.operands()) == 0 ||
			(k.name == "zpool" || k.name == "mdadm" || k.name == "nvme" || k.name == "diskutil") && slices.Contains([]string{"list", "status", "--detail", "info"}, firstText(k)) {
			return true
		}
		j.found(ruleDestructive, k.line(), "%s works on the machine itself", k.line())
	case slices.Contains(accountPrograms, k.name):
		if k.name == "ssh-keygen" && k.has("-l", "-lf", "-y") || k.name == "sysctl" && !k.has("-w", "-p", "--write") && !strings.Contains(k.line(), "=") {
			return true
		}
		j.found(ruleSecurity, k.line(), "%s changes accounts, keys or what they may do", k.line())
	case k.name == "kill" || k.name == "pkill" || k.name == "killall" || k.name == "skill":
		j.kill(k)
	case k.name == "history" && k.has("-c"), k.name == "fork":
		j.found(ruleDestructive, k.line(), "%s", k.line())
	case hosttool.Apart(k.name, texts(k.Command)[1:]) != "":
		j.softer(ruleAround, k.line(), "%s: %s", k.line(), hosttool.Apart(k.name, texts(k.Command)[1:]))
	default:
		return false
	}
	return true
}

func firstText(k cmd) string {
	if len(k.args) == 0 {
		return ""
	}
	return string(k.args[0])
}

// kill judges signals: to one's own processes they are everyday.
func (j *judge) kill(k cmd) {
	for i, a := range k.args {
		if a == "-1" && i > 0 || a == "1" && k.name == "kill" && i == len(k.args)-1 {
			j.found(ruleDestructive, k.line(), "%s would end everything", k.line())
			return
		}
	}
	if (k.name == "pkill" || k.name == "killall") && (k.has("-u", "--user", "--euid", "-U") || slices.Contains(texts(k.Command), "popkit")) {
		j.found(ruleDestructive, k.line(), "%s would end what is not the agent's", k.line())
	}
}

// modeAndFiles splits the words of chmod and its like. A mode may begin with "-".
func modeAndFiles(k cmd) (mode string, files []shell.Word) {
	switch k.name {
	case "setfacl", "setfattr", "chcon":
		return "", k.operands("-m", "-x", "-M", "-X", "-n", "-v", "-u", "-r", "-t", "-l", "--modify", "--remove", "--set", "--set-file")
	case "chattr":
		return "", slices.DeleteFunc(k.operands("-v", "-p"), func(a shell.Word) bool { return strings.HasPrefix(string(a), "+") || strings.HasPrefix(string(a), "=") })
	}
	words := k.operands()
	if k.name == "chmod" {
		words = slices.DeleteFunc(slices.Clone(k.args), func(a shell.Word) bool {
			return strings.HasPrefix(string(a), "--") || len(a) > 1 && a[0] == '-' && strings.Trim(string(a), "-RvfcHLP") == ""
		})
	}
	if len(words) > 0 && !k.has("--reference") {
		return string(words[0]), words[1:]
	}
	return "", words
}

// permissions judges chmod and its like.
func (j *judge) permissions(k cmd) {
	mode, words := modeAndFiles(k)
	deep := k.has("-R", "--recursive")
	for _, w := range words {
		for _, p := range j.places(k.Dir, w) {
			abs := string(p.abs)
			switch {
			case p.abs.Open():
				j.openPath(p, "changed")
			case p.inside && (p.rel == "" || strings.Trim(string(p.rel), string(shell.Name)) == ""):
			case p.inside:
				if paths.GitDir(string(p.rel)) {
					j.found(ruleProtected, p.String(), "%s is git's own", p)
				} else if c, ok := paths.Covering(j.r.protected, p.rel, j.f.FoldCase); ok {
					j.found(ruleProtected, p.String(), "%s is protected (%s)", p, c.Text)
				} else if why := paths.Security(string(p.rel)); why != "" {
					j.found(ruleSecurity, p.String(), "%s %s", p, why)
				}
			case p.tmp:
			case deep && (abs == "/" || paths.UnderAny(abs, paths.SystemDirs) || strings.Count(abs, "/") == 1 || paths.UnderAny(j.f.Home, []string{abs})) || abs == "/":
				j.found(ruleDestructive, abs, "%s of %s, with all below it", k.name, p)
			default:
				j.writePlace(p)
			}
		}
	}
	numeric := strings.Trim(mode, "01234567") == "" && mode != ""
	special := numeric && len(strings.TrimLeft(mode, "0")) == 4 && strings.TrimLeft(mode, "0")[0] >= '2' || strings.Contains(mode, "+s") || strings.Contains(mode, "=s")
	if k.name == "chmod" && special {
		j.found(ruleSecurity, k.line(), "%s lets a program run with its owner's rights", k.line())
	}
	if k.name == "chmod" && deep && (strings.HasSuffix(mode, "777") || strings.HasSuffix(mode, "666") || strings.Contains(mode, "o+w") || strings.Contains(mode, "a+w") || strings.Contains(mode, "a+rwx")) {
		j.found(ruleSecurity, k.line(), "%s lets everybody write", k.line())
	}
}

// environment judges what prints the environment, with the secrets in it.
func (j *judge) environment(k cmd) {
	names := k.operands("-u", "-C", "-S")
	names = slices.DeleteFunc(slices.Clone(names), func(a shell.Word) bool { return strings.Contains(string(a), "=") })
	switch k.name {
	case "printenv":
		for _, n := range names {
			if paths.SecretVar(string(n)) || n.Open() {
				j.found(ruleCredentials, "$"+string(n), "%s would be printed", n)
			}
		}
		if len(names) > 0 {
			return
		}
	case "env", "set":
		if len(k.args) > 0 && k.name == "set" || len(names) > 0 || k.has("--help", "--version") || k.has("-i", "--ignore-environment") {
			return
		}
	case "compgen":
		if !k.has("-v", "-e") {
			return
		}
	default: // export, declare
		if len(names) > 0 || len(k.args) > 0 && !k.has("-p", "-x") || slices.ContainsFunc(k.args, func(a shell.Word) bool { return strings.Contains(string(a), "=") }) {
			return
		}
	}
	if len(k.args) == 0 && (k.name == "declare" || k.name == "typeset" || k.name == "export") && len(k.To) == 0 {
		j.found(ruleCredentials, k.name, "%s would print the whole environment", k.name)
		return
	}
	if narrowed(k.To) {
		return
	}
	j.found(ruleCredentials, k.name, "%s would print the whole environment", k.name)
}

// narrowed reports whether the next command of a pipeline lets only lines through
// that are no secrets.
func narrowed(to []shell.Word) bool {
	if len(to) < 2 || to[0].Base() != "grep" && to[0].Base() != "rg" {
		return false
	}
	var patterns []shell.Word
	for _, a := range to[1:] {
		s := string(a)
		if strings.HasPrefix(s, "-") {
			if strings.ContainsAny(s, "vfeP") || strings.HasPrefix(s, "--") {
				return false
			}
			continue
		}
		patterns = append(patterns, a)
	}
	if len(patterns) != 1 || !patterns[0].Known() {
		return false
	}
	p := strings.Trim(string(patterns[0]), "^$=")
	return len(p) > 1 && !strings.ContainsAny(p, ".*|\\[(") && !paths.SecretVar(p) && !paths.SecretVar("X_"+p) &&
		!slices.ContainsFunc(append(slices.Clone(paths.SecretWords), "key", "auth", "pass", "cred", "api", "aws", "sec"), func(w string) bool {
			return w != "pat" && strings.Contains(strings.ToLower(p), w) || strings.Contains(w, strings.ToLower(p))
		})
}

// container judges what a container would be given of the machine.
func (j *judge) container(k cmd) {
	words, _ := k.verbs()
	if len(words) > 2 && words[0] == "cp" && !strings.Contains(words[len(words)-1], ":") {
		j.write(k.Dir, shell.Word(words[len(words)-1]))
	}
	if len(words) == 0 || !slices.Contains([]string{"run", "create", "exec", "container"}, words[0]) {
		j.envFiles(k)
		if len(words) == 3 && words[0] == "cp" && !strings.Contains(words[2], ":") {
			j.write(k.Dir, shell.Word(words[2]))
		}
		return
	}
	if k.has("--privileged") || slices.ContainsFunc(k.args, func(a shell.Word) bool {
		s := string(a)
		return s == "--pid=host" || s == "--network=host" || s == "--net=host" || strings.HasPrefix(s, "--cap-add") || strings.HasPrefix(s, "--device") || s == "--userns=host" || strings.Contains(s, "docker.sock") || strings.Contains(s, "seccomp=unconfined")
	}) {
		j.found(rulePrivileges, k.line(), "a container with rights over the machine: %s", k.line())
	}
	for i, a := range k.args {
		v := ""
		switch s := string(a); {
		case (s == "-v" || s == "--volume" || s == "--mount") && i+1 < len(k.args):
			v = string(k.args[i+1])
		case strings.HasPrefix(s, "-v"), strings.HasPrefix(s, "--volume="), strings.HasPrefix(s, "--mount="):
			v = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(s, "--volume="), "--mount="), "-v")
		}
		if v == "" {
			continue
		}
		from := mountSource(v)
		if !strings.HasPrefix(from, "/") && !strings.HasPrefix(from, ".") && !strings.HasPrefix(from, "~") {
			continue
		}
		for _, p := range j.places(k.Dir, shell.Word(from)) {
			if !p.inside && !p.tmp {
				j.found(rulePrivileges, k.line(), "%s would be in a container's reach", p)
			} else {
				j.readPlace(p)
			}
		}
	}
	j.envFiles(k)
	if last := words[len(words)-1]; words[0] == "exec" && len(words) > 2 && (last == "env" || last == "printenv") {
		j.found(ruleCredentials, k.line(), "%s would print a container's environment", k.line())
	}
}

func mountSource(v string) string {
	if strings.Contains(v, "source=") || strings.Contains(v, "src=") {
		for part := range strings.SplitSeq(v, ",") {
			if s := cut(part, "source=", "src="); s != "" {
				return s
			}
		}
	}
	s, _, _ := strings.Cut(v, ":")
	return s
}

func (j *judge) envFiles(k cmd) {
	if v, ok := k.value("--env-file", "--secret"); ok {
		j.looksProtected(k.Dir, v)
	}
}

// database judges what a client tells a database.
func (j *judge) database(k cmd) {
	if (k.name == "sqlite3" || k.name == "duckdb") && len(k.operands()) > 0 {
		for _, p := range j.places(k.Dir, k.operands()[0]) {
			if p.inside || p.tmp || p.abs.Base() == ":memory:" {
				j.looksProtected(k.Dir, k.operands()[0])
				return // a file of the workspace is nobody's production
			}
		}
	}
	said := strings.ToLower(strings.Join(texts(k.Command), " "))
	if k.In.Known {
		said += " " + strings.ToLower(string(k.In.Text))
	}
	for _, o := range []string{"-f", "--file"} {
		if f, ok := k.value(o); ok {
			if s, known := j.absContent(string(shell.Join(k.Dir, f))); known {
				said += " " + strings.ToLower(s)
			} else {
				j.found(ruleUnknown, k.line(), "what %s holds is not known: %s", f, k.line())
			}
		}
	}
	if phrase.LosesData(said) {
		j.found(ruleData, k.line(), "data would be lost: %s", k.line())
		return
	}
	if k.name == "mysqladmin" && strings.Contains(said, " drop") || k.name == "cockroach" && strings.Contains(said, "workload init --drop") {
		j.found(ruleData, k.line(), "data would be lost: %s", k.line())
		return
	}
	if strings.Contains(said, "\ue000") || k.In.Some && !k.In.Known && !k.In.Remote && len(attached(k, "-c", "-e", "--command", "--execute", "--eval")) == 0 {
		if v, ok := k.value("-c", "-e", "--command", "--execute", "--eval"); ok && v.Open() || k.In.Some && !k.In.Known {
			j.found(ruleUnknown, k.line(), "what the database is told is not known: %s", k.line())
		}
	}
}
