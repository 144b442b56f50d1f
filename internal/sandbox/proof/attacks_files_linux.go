package proof

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Shorthands: each returns nil when it got what it wanted.

func write(path string) error { return os.WriteFile(path, []byte("attacked"), 0o600) }

// read wants something secret of a file.
func read(path string) error {
	data, err := os.ReadFile(path)
	if err == nil && !strings.Contains(string(data), secret) {
		return errors.New("nothing secret in it")
	}
	return err
}

func shell(script string, w world) error {
	cmd := exec.Command("/bin/sh", "-c", script) //nolint:gosec,noctx // that is what it is for
	cmd.Env = append(os.Environ(), "OUTSIDE="+w.Outside, "MINE="+w.Mine, "OTHER="+w.Other, "REPO="+w.Repo, "ROOT="+w.Root, "BASE="+w.Base, "PEOPLE="+w.People)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// sh is an attack that is a shell command.
func sh(name, script string) attack {
	return attack{name: name, do: func(w world) error { return shell(script, w) }}
}

// at is an attack on a path of the world.
func at(name string, do func(path string) error, path func(w world) string) attack {
	return attack{name: name, do: func(w world) error { return do(path(w)) }}
}

func outside(w world) string { return w.Outside + "/file" }

var work = []attack{
	sh("edit the workspace", `echo x > new && mkdir -p n/m && mv new n/m/c && rm -r n && ln -s a b`),
	sh("edit beside protected files", `echo x > deep/er/fine && mv deep/er/fine deep/er/good && rm deep/er/good`),
	sh("use TMPDIR", `f=$(mktemp) && echo x > $f && rm $f`),
	sh("use devices", `echo x > /dev/null && head -c 4 /dev/urandom > r && echo y > /dev/stderr`),
	sh("read borrowed objects", `test "$(cat $REPO/.git/objects/ab/cd)" = object`),
	sh("use git", `git init -q g && cd g && git config user.name a && git config user.email a@b && echo x > f && git add f && git commit -qm m && git log -1`),
	{name: "call popkit", do: func(w world) error { return dial("unix", w.OwnSock) }},
}

var workInHome = []attack{
	sh("fill a cache", `mkdir -p ~/.cache/tool && echo x > ~/.cache/tool/entry && cat ~/.cache/tool/entry`),
	sh("change a setting", `echo x >> ~/.bashrc && grep x ~/.bashrc && mv ~/.bashrc ~/.bashrc.old`),
	sh("see the user's files", `test "$(cat ~/work/file)" = whole`),
}

var elsewhere = []attack{
	at("overwrite", write, outside),
	at("create", write, func(w world) string { return w.Outside + "/new" }),
	at("remove", os.Remove, outside),
	sh("remove a folder", `test -d $OUTSIDE && rm -rf $OUTSIDE && ! test -d $OUTSIDE`),
	at("truncate", func(p string) error { return os.Truncate(p, 0) }, outside),
	at("make a folder", func(p string) error { return os.Mkdir(p+".d", 0o755) }, outside),
	at("make a pipe", func(p string) error { return unix.Mkfifo(p+".p", 0o600) }, outside),
	at("make a socket", func(p string) error {
		l, err := net.Listen("unix", p+".s") //nolint:noctx // an attack
		if err == nil {
			err = l.Close()
		}
		return err
	}, outside),
	at("rename it away", func(p string) error { return os.Rename(p, p+".old") }, outside),
	{name: "rename over it", do: func(w world) error {
		return errors.Join(write(w.Mine+"/mine"), os.Rename(w.Mine+"/mine", outside(w)))
	}},
	{name: "an unnamed file, given a name", do: func(w world) error {
		fd, err := unix.Open(w.Outside, unix.O_TMPFILE|unix.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		return unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), unix.AT_FDCWD, w.Outside+"/named", unix.AT_SYMLINK_FOLLOW)
	}},
	{name: "by mapped memory", do: func(w world) error {
		f, err := os.OpenFile(outside(w), os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // an attack
		m, err := unix.Mmap(int(f.Fd()), 0, 5, unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			return err
		}
		copy(m, "gone!")
		return unix.Munmap(m)
	}},
	sh("by a shell", `cp /etc/hostname $OUTSIDE/file; echo x | tee $OUTSIDE/file; dd if=/dev/zero of=$OUTSIDE/file bs=1 count=1`),
	sh("by git", `git init -q --separate-git-dir $OUTSIDE/git sub && test -d $OUTSIDE/git`),
	sh("the system's settings", `echo x > /etc/popkit-attack`),
	at("a program of the system", func(string) error {
		f, err := os.OpenFile("/bin/sh", os.O_WRONLY, 0)
		return errors.Join(err, f.Close())
	}, outside),
}

var ofFiles = []attack{
	at("change the mode", func(p string) error { return os.Chmod(p, 0o777) }, outside), //nolint:gosec // an attack
	at("change the owner", func(p string) error { return os.Lchown(p, os.Getuid(), os.Getgid()) }, outside),
	at("touch", func(p string) error { return unix.Utimes(p, make([]unix.Timeval, 2)) }, outside),
	at("set an attribute", func(p string) error { return unix.Setxattr(p, "user.attack", []byte("x"), 0) }, outside),
}

var byLinks = []attack{
	{name: "by a symbolic link", do: func(w world) error {
		return errors.Join(os.Symlink(outside(w), w.Mine+"/link"), write(w.Mine+"/link"))
	}},
	{name: "by a link to its folder", do: func(w world) error {
		return errors.Join(os.Symlink(w.Outside, w.Mine+"/dir"), write(w.Mine+"/dir/file"))
	}},
	{name: "by a hard link", do: func(w world) error {
		return errors.Join(os.Link(outside(w), w.Mine+"/hard"), write(w.Mine+"/hard"))
	}},
	{name: "by .. from the workspace", do: func(w world) error {
		rel, err := filepath.Rel(w.Mine, outside(w))
		return errors.Join(err, write(rel))
	}},
	{name: "by its process's root", do: func(w world) error { return write("/proc/self/root" + outside(w)) }},
	{name: "by the helper's root", do: func(w world) error { return write("/proc/1/root" + outside(w)) }},
	{name: "by an open folder", do: func(w world) error {
		at, err := unix.Open("/", unix.O_PATH, 0)
		if err != nil {
			return err
		}
		fd, err := unix.Openat(at, strings.TrimPrefix(outside(w), "/"), unix.O_WRONLY|unix.O_TRUNC, 0)
		return errors.Join(err, unix.Close(fd))
	}},
	sh("by a descriptor that was left open", `ls -l /proc/$$/fd | grep -v ' /dev/null$' | grep -q -- '-> /'`),
	{name: "by another user", do: func(w world) error {
		cmd := exec.Command("/bin/sh", "-c", `echo x > "$0"`, outside(w)) //nolint:gosec,noctx // an attack
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1, Gid: 1}}
		return cmd.Run()
	}},
	{name: "by another root folder", do: func(w world) error {
		if err := unix.Chroot(w.Mine); err != nil {
			return err
		}
		return errors.Join(unix.Chdir(strings.Repeat("../", 30)), unix.Chroot("."), write(outside(w)))
	}},
}

var inHome = []attack{
	{name: "overwrite", harmless: true, do: func(w world) error { return write(w.Home + "/work/file") }},
	{name: "remove all of it", harmless: true, do: func(world) error { return shell(`rm -rf ~/* ~/.b* ~/.config`, world{}) }},
	{name: "plant a line in .bashrc", harmless: true, do: func(w world) error { return shell(`echo 'echo attacked' >> ~/.bashrc`, w) }},
	{name: "plant a hook for git", harmless: true, do: func(w world) error { return shell(`git config --file ~/.config/git/config core.hooksPath $MINE`, w) }},
	{name: "plant a program", harmless: true, do: func(w world) error { return shell(`mkdir -p ~/.local/bin ~/bin && cp /bin/true ~/bin/git`, w) }},
	{name: "plant a key", harmless: true, do: func(w world) error { return shell(`mkdir -p ~/.ssh; echo key >> ~/.ssh/authorized_keys`, w) }},
	{name: "poison a cache", harmless: true, do: func(w world) error {
		return shell(`mkdir -p ~/.cache/go-build/00 && echo x > ~/.cache/go-build/00/x`, w)
	}},
	{name: "set a timer", harmless: true, do: func(w world) error {
		return shell(`mkdir -p ~/.config/systemd/user && echo x > ~/.config/systemd/user/x.service`, w)
	}},
}

var protectedPaths = []attack{
	at("overwrite", write, func(w world) string { return w.Mine + "/.env" }),
	at("truncate", func(p string) error { return os.Truncate(p, 0) }, func(w world) string { return w.Mine + "/.env" }),
	at("remove", os.Remove, func(w world) string { return w.Mine + "/.env" }),
	at("change the mode", func(p string) error { return os.Chmod(p, 0o777) }, func(w world) string { return w.Mine + "/.env" }), //nolint:gosec // an attack
	at("add below", write, func(w world) string { return w.Mine + "/deep/er/secrets/new" }),
	at("overwrite below", write, func(w world) string { return w.Mine + "/deep/er/secrets/key" }),
	at("remove the folder", os.RemoveAll, func(w world) string { return w.Mine + "/deep" }),
	sh("by git", `git init -q . && git add -f .env && git -c user.name=a -c user.email=a@b commit -qm m && git rm -qf .env`),
}

var aroundProtected = []attack{
	{name: "rename over it", do: func(w world) error {
		return errors.Join(write(w.Mine+"/mine"), os.Rename(w.Mine+"/mine", w.Mine+"/.env"))
	}},
	{name: "rename it away", do: func(w world) error { return os.Rename(w.Mine+"/.env", w.Mine+"/env.old") }},
	{name: "exchange it", do: func(w world) error {
		return errors.Join(write(w.Mine+"/mine"), unix.Renameat2(unix.AT_FDCWD, w.Mine+"/mine", unix.AT_FDCWD, w.Mine+"/.env", unix.RENAME_EXCHANGE))
	}},
	{name: "rename the folder on the way", do: func(w world) error { return os.Rename(w.Mine+"/deep", w.Mine+"/old") }},
	{name: "rename the inner folder", do: func(w world) error { return os.Rename(w.Mine+"/deep/er", w.Mine+"/deep/old") }},
	{name: "rename the workspace", do: func(w world) error { return os.Rename(w.Mine, w.Mine+".old") }},
	{name: "by a hard link", do: func(w world) error {
		return errors.Join(os.Link(w.Mine+"/.env", w.Mine+"/hard"), write(w.Mine+"/hard"))
	}},
	{name: "by a symbolic link", do: func(w world) error {
		return errors.Join(os.Symlink(".env", w.Mine+"/soft"), write(w.Mine+"/soft"))
	}},
	{name: "unmount it", do: func(w world) error {
		return errors.Join(unix.Unmount(w.Mine+"/.env", unix.MNT_DETACH), write(w.Mine+"/.env"))
	}},
	{name: "make it writable again", do: func(w world) error {
		return errors.Join(unix.Mount("", w.Mine+"/.env", "", unix.MS_REMOUNT|unix.MS_BIND, ""), write(w.Mine+"/.env"))
	}},
}
