package proof

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// dial wants an answer of a socket.
func dial(network, address string) error {
	c, err := net.DialTimeout(network, address, 2*time.Second)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // nothing was written
	if err := c.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	_, err = c.Read(make([]byte, 1))
	return err
}

func readHome(name string) attack {
	return at("read ~/"+name, read, func(w world) string { return w.Home + "/" + name })
}

var credentials = []attack{
	readHome(".ssh/id_ed25519"), readHome(".aws/credentials"), readHome(".config/gcloud/access_tokens.db"), readHome(".netrc"),
	readHome(".docker/config.json"), readHome(".kube/config"), readHome(".gnupg/private-keys-v1.d/key"), readHome(".config/gh/hosts.yml"),
	readHome(".git-credentials"), readHome(".cargo/credentials.toml"), readHome(".pypirc"), readHome(".bash_history"), readHome(".npmrc"),
	at("read what a variable names", read, func(w world) string { return w.Home + "/elsewhere/kube" }),
	at("by its process's root", read, func(w world) string { return "/proc/self/root" + w.Home + "/.ssh/id_ed25519" }),
	at("by the helper's root", read, func(w world) string { return "/proc/1/root" + w.Home + "/.ssh/id_ed25519" }),
	{name: "by a symbolic link", do: func(w world) error {
		return errors.Join(os.Symlink(w.Home+"/.ssh", w.Mine+"/ssh"), read(w.Mine+"/ssh/id_ed25519"))
	}},
	{name: "by a hard link", do: func(w world) error {
		return errors.Join(os.Link(w.Home+"/.netrc", w.Mine+"/netrc"), read(w.Mine+"/netrc"))
	}},
	{name: "move what hides it", do: func(w world) error {
		return errors.Join(os.Rename(w.Home+"/.ssh", w.Home+"/moved"), read(w.Home+"/.ssh/id_ed25519"))
	}},
	{name: "move the folder around it", do: func(w world) error {
		return errors.Join(os.Rename(w.Home+"/.config", w.Home+"/moved"), read(w.Home+"/moved/gcloud/access_tokens.db"))
	}},
	{name: "find it anywhere", do: func(w world) error { return shell(`grep -rqs `+secret+` ~ $BASE`, w) }},
}

var others = []attack{
	at("read", read, func(w world) string { return w.Other + "/file" }),
	at("write", write, func(w world) string { return w.Other + "/file" }),
	at("plant a hook", write, func(w world) string { return w.Other + "/.git/hooks.sh" }),
	sh("remove", `test -d $OTHER && rm -rf $OTHER && ! test -d $OTHER`),
	at("write popkit's store", write, func(w world) string { return w.Root + "/store/config" }),
	at("read popkit's store", func(p string) error { _, err := os.ReadFile(p); return err }, func(w world) string { return w.Root + "/store/config" }),
	sh("list the workspaces", `ls $ROOT/agents | grep -q other`),
	{name: "rename the workspaces' folder", do: func(w world) error {
		return errors.Join(os.Rename(w.Root, w.Root+".old"), read(w.Root+".old/agents/other/file"))
	}},
}

var repository = []attack{
	at("read a file", read, func(w world) string { return w.Repo + "/file" }),
	at("write a file", write, func(w world) string { return w.Repo + "/file" }),
	at("write its settings", write, func(w world) string { return w.Repo + "/.git/config" }),
	at("plant a hook", write, func(w world) string { return w.Repo + "/.git/hooks/post-checkout" }),
	at("overwrite an object", write, func(w world) string { return w.Repo + "/.git/objects/ab/cd" }),
	at("add an object", write, func(w world) string { return w.Repo + "/.git/objects/ab/ef" }),
	sh("remove the objects", `rm -rf $REPO/.git/objects/* && ! test -d $REPO/.git/objects/ab`),
	sh("lend it objects", `mkdir -p $REPO/.git/objects/info && echo $MINE > $REPO/.git/objects/info/alternates`),
	sh("push to it", `git init -q p && cd p && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m m && git push -q $REPO HEAD:refs/heads/attack`),
	sh("open it with git", `git -C $REPO rev-parse --git-dir`),
	{name: "rename the folder around it", harmless: true, do: func(w world) error { return os.Rename(w.Repo, w.Repo+".old") }},
}

var sockets = []attack{
	{name: "a container engine's", do: func(w world) error { return dial("unix", w.Docker) }},
	{name: "people's", do: func(w world) error { return dial("unix", w.People) }},
	{name: "another agent's", do: func(w world) error { return dial("unix", w.Others) }},
	{name: "by a symbolic link", do: func(w world) error {
		return errors.Join(os.Symlink(w.Docker, w.Mine+"/docker"), dial("unix", w.Mine+"/docker"))
	}},
	{name: "by its process's root", do: func(w world) error { return dial("unix", "/proc/self/root"+w.People) }},
	{name: "by a hard link", do: func(w world) error {
		return errors.Join(os.Link(w.Docker, w.Mine+"/docker"), dial("unix", w.Mine+"/docker"))
	}},
	sh("list popkit's", `ls $(dirname $PEOPLE) | grep -q engine.sock`),
}

var abstract = []attack{
	{name: "connect", do: func(w world) error {
		if w.Abstract == "" {
			return errors.New("there is none")
		}
		return dial("unix", w.Abstract)
	}},
}

var network = []attack{
	{name: "a server on this machine", do: func(w world) error { return dial("tcp", w.TCP) }},
	{name: "a device of the network", do: func(world) error {
		data, err := os.ReadFile("/proc/net/dev")
		if err == nil && bytes.Count(data, []byte(":")) <= 1 {
			err = errors.New("there is the loopback device only")
		}
		return err
	}},
}

var devices = []attack{
	{name: "a disk", do: func(world) error {
		return anyOf("/dev/sda", "/dev/vda", "/dev/nvme0n1", "/dev/loop0", "/dev/mem", "/dev/kmsg", "/dev/fuse")
	}},
	{name: "the run-time folder", do: func(world) error { return shell(`test -n "$(find /run -type s -o -name '*.sock' | head -1)"`, world{}) }},
	{name: "shared memory", do: func(world) error { return shell(`test -n "$(ls -A /dev/shm)"`, world{}) }},
}

// anyOf wants to open one of the paths.
func anyOf(paths ...string) error {
	var errs []string
	for _, p := range paths {
		f, err := os.Open(p)
		if err == nil {
			return f.Close()
		}
		errs = append(errs, err.Error())
	}
	return fmt.Errorf("none: %s", strings.Join(errs, ", "))
}
