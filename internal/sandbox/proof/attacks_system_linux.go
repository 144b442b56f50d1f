package proof

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

var mounting = []attack{
	{name: "an empty file system", do: func(w world) error { return unix.Mount("tmpfs", w.Mine+"/deep", "tmpfs", 0, "") }},
	{name: "bind over the system", do: func(w world) error { return unix.Mount(w.Mine, "/etc", "", unix.MS_BIND, "") }},
	{name: "make all writable", do: func(w world) error { return unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_BIND, "") }},
	{name: "unmount HOME", do: func(w world) error { return unix.Unmount(w.Home, unix.MNT_DETACH) }},
	{name: "unmount /tmp", do: func(world) error { return unix.Unmount("/tmp", unix.MNT_DETACH) }},
	{name: "unmount /dev", do: func(world) error { return unix.Unmount("/dev", unix.MNT_DETACH) }},
	{name: "change a mount", do: func(w world) error {
		return unix.MountSetattr(unix.AT_FDCWD, "/", unix.AT_RECURSIVE, &unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_RDONLY})
	}},
	{name: "copy a tree of mounts", do: func(world) error { _, err := unix.OpenTree(unix.AT_FDCWD, "/", unix.OPEN_TREE_CLONE); return err }},
	{name: "open a file system", do: func(world) error { _, err := unix.Fsopen("tmpfs", 0); return err }},
	{name: "move a mount", do: func(w world) error { return unix.MoveMount(unix.AT_FDCWD, w.Home, unix.AT_FDCWD, w.Mine, 0) }},
	{name: "exchange the root", do: func(w world) error { return unix.PivotRoot(w.Mine, w.Mine) }},
	{name: "in a namespace of its own", do: func(w world) error { return inNamespace(`mount -t tmpfs x "$0"`, w.Mine+"/deep") }},
	{name: "unmount in a namespace of its own", do: func(w world) error { return inNamespace(`umount -l "$0"`, w.Home) }},
	{name: "the helper's namespace", do: func(world) error {
		fd, err := unix.Open("/proc/1/ns/mnt", unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		return unix.Setns(fd, unix.CLONE_NEWNS)
	}},
}

// inNamespace runs a command as root of a new user namespace.
func inNamespace(script string, arg string) error {
	cmd := exec.Command("/bin/sh", "-c", script, arg) //nolint:gosec,noctx // an attack
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	return cmd.Run()
}

var processes = []attack{
	{name: "end one", do: func(w world) error { return unix.Kill(w.Victim, unix.SIGKILL) }},
	{name: "end it by its thread", do: func(w world) error { return unix.Tgkill(w.Victim, w.Victim, unix.SIGKILL) }},
	{name: "find the engine", do: func(w world) error { return unix.Kill(w.Outer, 0) }},
	{name: "find one by name", do: func(world) error { return shell(`grep -lqs '[r]ead x' /proc/[0-9]*/cmdline`, world{}) }},
	{name: "read its environment", do: func(w world) error { return read(fmt.Sprintf("/proc/%d/environ", w.Victim)) }},
	{name: "its file system", do: func(w world) error { return read(fmt.Sprintf("/proc/%d/root%s/.ssh/id_ed25519", w.Victim, w.Home)) }},
	{name: "take hold of it", do: func(w world) error { return unix.PtraceAttach(w.Victim) }},
	{name: "take hold of the helper", do: func(world) error { return unix.PtraceAttach(1) }},
	{name: "seize the helper", do: func(world) error { return unix.PtraceSeize(1) }},
	{name: "the helper's memory", do: func(world) error {
		f, err := os.OpenFile("/proc/1/mem", os.O_RDWR, 0)
		return errors.Join(err, f.Close())
	}},
	{name: "the helper's descriptors", do: func(world) error { _, err := os.Readlink("/proc/1/fd/3"); return err }},
	{name: "one of the helper's descriptors", do: func(world) error {
		fd, err := unix.PidfdOpen(1, 0)
		if err != nil {
			return err
		}
		_, err = unix.PidfdGetfd(fd, 3, 0)
		return err
	}},
	{name: "read the helper's memory", do: func(world) error {
		buf := make([]byte, 8)
		local := []unix.Iovec{{Base: &buf[0], Len: 8}}
		_, err := unix.ProcessVMReadv(1, local, []unix.RemoteIovec{{Base: 0x400000, Len: 8}}, 0)
		return err
	}},
	{name: "a limit of the helper", do: func(world) error { return unix.Prlimit(1, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 4, Max: 4}, nil) }, harmless: true},
}

var privileges = []attack{
	{name: "programs that give some", do: func(world) error {
		v, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
		if err == nil && v == 1 {
			err = errors.New("no_new_privs is set")
		}
		return err
	}},
	{name: "capabilities that matter", do: func(world) error { return capable() }},
	{name: "take a capability back", do: func(world) error {
		head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		data := [2]unix.CapUserData{{Effective: 1 << unix.CAP_SYS_ADMIN, Permitted: 1 << unix.CAP_SYS_ADMIN}}
		return unix.Capset(&head, &data[0])
	}},
	{name: "make a disk", do: func(w world) error { return unix.Mknod(w.Mine+"/disk", unix.S_IFBLK|0o600, int(unix.Mkdev(7, 0))) }},
	{name: "make the memory", do: func(w world) error { return unix.Mknod(w.Mine+"/mem", unix.S_IFCHR|0o600, int(unix.Mkdev(1, 1))) }},
	{name: "the kernel's settings", do: func(world) error {
		f, err := os.OpenFile("/proc/sys/kernel/core_pattern", os.O_WRONLY, 0)
		return errors.Join(err, f.Close())
	}},
	{name: "the kernel's objects", do: func(world) error {
		files, err := filepath.Glob("/sys/kernel/mm/*/*")
		if err != nil {
			return err
		}
		for _, name := range files {
			if f, err := os.OpenFile(name, os.O_WRONLY, 0); err == nil {
				return f.Close()
			}
		}
		return errors.New("none can be written")
	}},
	{name: "control groups", do: func(world) error {
		return shell(`d=$(find /sys/fs/cgroup -maxdepth 2 -type d | head -1); mkdir "$d/popkit-attack" && rmdir "$d/popkit-attack"`, world{})
	}},
	{name: "the kernel's keys", do: func(world) error { _, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_USER_KEYRING, false); return err }},
	{name: "a program for the kernel", do: func(world) error { return call(unix.SYS_BPF, 0, 0, 0) }},
	{name: "a module", do: func(world) error { return call(unix.SYS_FINIT_MODULE, ^uintptr(0), 0, 0) }},
	{name: "counters of the processor", do: func(world) error { return call(unix.SYS_PERF_EVENT_OPEN, 0, 0, 0) }},
	{name: "a file by its number", do: func(world) error { return call(unix.SYS_OPEN_BY_HANDLE_AT, ^uintptr(0), 0, 0) }},
	{name: "the machine's name", do: func(world) error {
		var u unix.Utsname
		if err := unix.Uname(&u); err != nil {
			return err
		}
		return unix.Sethostname([]byte(strings.TrimRight(string(u.Nodename[:]), "\x00"))) // what it is already
	}},
	{name: "another architecture's calls", do: func(world) error { return oldCall() }},
}

// call wants a system call to be looked at. Its arguments make no sense, so that
// it does nothing where it is.
func call(number, a, b, c uintptr) error {
	_, _, errno := unix.Syscall(number, a, b, c)
	if errno == unix.EPERM || errno == unix.ENOSYS || errno == unix.EACCES {
		return errno
	}
	return nil
}

// capable wants one of the capabilities by which root is root of the machine.
func capable() error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var has [2]unix.CapUserData
	if err := unix.Capget(&head, &has[0]); err != nil {
		return err
	}
	for _, c := range []int{unix.CAP_SYS_ADMIN, unix.CAP_SYS_PTRACE, unix.CAP_MKNOD, unix.CAP_SYS_CHROOT, unix.CAP_SYS_MODULE, unix.CAP_SYS_RAWIO,
		unix.CAP_DAC_READ_SEARCH, unix.CAP_NET_ADMIN, unix.CAP_NET_RAW, unix.CAP_SYS_BOOT, unix.CAP_SYS_TIME, unix.CAP_BPF, unix.CAP_SETPCAP, unix.CAP_SETFCAP} {
		if has[c/32].Permitted&(1<<(c%32)) != 0 {
			return nil
		}
	}
	return errors.New("it has none of them")
}

// oldCall asks for mount by the number that it has in amd64's second table.
func oldCall() error {
	const x32Mount = 0x40000000 + 165
	path, err := unix.BytePtrFromString("/popkit-no-such-folder")
	if err != nil {
		return err
	}
	return call(x32Mount, uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(path)), 0)
}
