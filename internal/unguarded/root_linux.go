package unguarded

import (
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// enterArg and playArg are the first arguments of the two calls of this program that
// make a throw-away root and work in it.
const (
	enterArg = "__unguarded-enter"
	playArg  = "__unguarded-play"
	deedArg  = "__unguarded-deed"
	token    = "/.throw-away" // is there, and says which, in a throw-away root only
	tools    = "/.tools"
	self     = "/.tools/unguarded" // this program, in there
)

//go:embed twin.sh
var twinScript string

//go:embed remote-code
var remoteCode string

// enter makes the calling process's mount namespace a throw-away root and goes on
// as play in there. kit is a folder with tools, made by Start; what is below it can
// be read.
func enter(kit, word string) error {
	runtime.LockOSThread() // capabilities belong to threads
	if os.Getpid() != 1 || os.Getuid() == 0 {
		return errors.New("not in namespaces of its own as an unprivileged user")
	}
	root := filepath.Join(kit, "root")
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("tmpfs", root, "tmpfs", unix.MS_NOSUID, "size=48m,mode=0755"); err != nil {
		return fmt.Errorf("tmpfs: %w", err)
	}
	if err := furnish(root, kit); err != nil {
		return err
	}
	if err := os.WriteFile(root+token, []byte(word), 0o600); err != nil {
		return err
	}
	old := filepath.Join(root, ".old")
	if err := os.Mkdir(old, 0o700); err != nil {
		return err
	}
	if err := unix.PivotRoot(root, old); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := errors.Join(os.Chdir("/"), unix.Unmount("/.old", unix.MNT_DETACH), os.Remove("/.old")); err != nil {
		return fmt.Errorf("leave the old root: %w", err)
	}
	if err := unix.Sethostname([]byte("throw-away")); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return err
	}
	return unix.Exec(self, []string{"unguarded", playArg, word}, environ(""))
}

// furnish fills the root: libraries to be read, tools, twins, harmless devices.
func furnish(root, kit string) error {
	for _, dir := range []string{"proc", "dev/pts", "dev/shm", "sys", "tmp", "run/systemd", "run/dbus", "run/user", "var/run", "usr/bin", "usr/local/bin", "etc", "far", tools[1:], "repo", "home/u", "root"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	for _, dir := range []string{"usr", "dev", "far"} { // nobody moves a mount away
		if err := bind(filepath.Join(root, dir), filepath.Join(root, dir), false); err != nil {
			return err
		}
	}
	for _, dir := range []string{"/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/libexec", "/usr/share", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/usr/sbin"} {
		if err := library(root, dir); err != nil {
			return err
		}
	}
	if err := bind(kit+"/bin", root+tools, true); err != nil {
		return err
	}
	for _, name := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		at := root + "/dev/" + name
		if err := errors.Join(os.WriteFile(at, nil, 0o600), bind("/dev/"+name, at, false)); err != nil {
			return err
		}
	}
	for name, to := range map[string]string{"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx"} {
		if err := os.Symlink(to, root+"/dev/"+name); err != nil {
			return err
		}
	}
	if err := errors.Join(unix.Mount("devpts", root+"/dev/pts", "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620"),
		unix.Mount("tmpfs", root+"/dev/shm", "tmpfs", unix.MS_NOSUID, "size=16m"),
		unix.Mount("proc", root+"/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")); err != nil {
		return err
	}
	return stock(root, kit)
}

// library shows a folder of the system's, read-only, or a link to one. Programs are
// not shown: what there is of them, stock puts there.
func library(root, dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return nil //nolint:nilerr // this system has none
	}
	at := root + dir
	if info.Mode()&os.ModeSymlink != 0 {
		to, err := os.Readlink(dir)
		if err != nil {
			return err
		}
		return os.Symlink(to, at)
	}
	if filepath.Base(dir) == "bin" || filepath.Base(dir) == "sbin" {
		return os.Symlink(strings.TrimPrefix("/usr/bin", filepath.Dir(dir)+"/"), at)
	}
	shown := []string{dir}
	if few := parts(dir); len(few) > 0 {
		shown = few
	}
	for _, dir := range shown {
		if err := errors.Join(os.MkdirAll(root+dir, 0o755), bind(dir, root+dir, true)); err != nil {
			return err
		}
	}
	return nil
}

// parts are what the tools need of a folder of the system's, where that is known: a
// case that walks through all of it has less to walk through.
func parts(dir string) []string {
	var globs []string
	switch dir {
	case "/usr/lib":
		globs = []string{"*-linux-gnu*", "git-core", "python3.*", "terminfo", "file", "locale"}
	case "/usr/share":
		globs = []string{"perl", "perl5", "git-core", "terminfo", "misc"}
	}
	var out []string
	for i, glob := range globs {
		found, err := filepath.Glob(filepath.Join(dir, glob))
		if err != nil || i == 0 && len(found) == 0 {
			return nil // another system's layout: all of it
		}
		out = append(out, found...)
	}
	return out
}

func bind(from, to string, readOnly bool) error {
	if err := unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("bind %s: %w", from, err)
	}
	if !readOnly {
		return nil
	}
	if err := unix.MountSetattr(unix.AT_FDCWD, to, unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}); err != nil {
		return fmt.Errorf("make %s read-only: %w", to, err)
	}
	return nil
}

// stock puts the tools and the twins in their places.
func stock(root, kit string) error {
	have, err := os.ReadDir(kit + "/bin")
	if err != nil {
		return err
	}
	for _, e := range have {
		if err := os.Symlink(tools+"/"+e.Name(), root+"/usr/bin/"+e.Name()); err != nil {
			return err
		}
	}
	for _, name := range twins {
		if err := os.Symlink(tools+"/twin", root+"/usr/bin/"+name); err != nil {
			return fmt.Errorf("%s is a tool and a twin: %w", name, err)
		}
	}
	for _, name := range []string{"git-remote-http", "git-remote-https"} {
		for _, dir := range []string{"/usr/lib/git-core/", "/usr/libexec/git-core/"} {
			if at := root + dir + name; exists(at) {
				if err := bind(kit+"/bin/twin", at, true); err != nil && !errors.Is(err, unix.ELOOP) {
					return err
				}
			}
		}
	}
	return os.WriteFile(root+far+"/remote-code", []byte(remoteCode), 0o644)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// verify says why this process is not in a throw-away root, and so must start nothing.
func verify(word string) error {
	if os.Getuid() == 0 || os.Geteuid() == 0 || os.Getgid() == 0 {
		return errors.New("this is root")
	}
	if said, err := os.ReadFile(token); err != nil || word == "" || string(said) != word {
		return fmt.Errorf("this is no throw-away root: no %s, %w", token, err)
	}
	var st unix.Statfs_t
	if err := unix.Statfs("/", &st); err != nil || st.Type != unix.TMPFS_MAGIC {
		return fmt.Errorf("the root is no tmpfs: type %x, %w", st.Type, err)
	}
	head, me := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, [2]unix.CapUserData{}
	if err := unix.Capget(&head, &me[0]); err != nil || me[0].Effective|me[1].Effective|me[0].Permitted|me[1].Permitted != 0 {
		return fmt.Errorf("there are capabilities: %v, %w", me, err)
	}
	nets, err := net.Interfaces()
	if err != nil {
		return err
	}
	for _, n := range nets {
		if n.Flags&net.FlagLoopback == 0 {
			return fmt.Errorf("there is a network device: %s", n.Name)
		}
	}
	if os.Getpid() != 1 {
		return errors.New("this is not process 1 of a namespace")
	}
	return nil
}
