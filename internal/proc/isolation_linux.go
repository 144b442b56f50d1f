package proc

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Self returns a path by which a command can start this program again, also when
// its file was replaced or removed meanwhile. It is good in a Command only.
func Self() (string, error) { return "/proc/self/exe", nil }

// candidates lists the isolations, best first. Root needs no user namespace,
// except in a container that took the privilege away.
func candidates() []isolation {
	if os.Geteuid() == 0 {
		return []isolation{{name: PIDNamespace}, {name: PIDNamespace, userNS: true}, {name: Subreaper}}
	}
	return []isolation{{name: PIDNamespace, userNS: true}, {name: Subreaper}}
}

// attributes says how the helper is cloned. There is no Pdeathsig: it fires when
// the thread that forked ends, not when the engine does.
func (how isolation) attributes() *syscall.SysProcAttr {
	if how.name != PIDNamespace {
		return &syscall.SysProcAttr{Setsid: true}
	}
	attr := &syscall.SysProcAttr{
		Setsid:     true,
		Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS,
	}
	if how.userNS {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
		// A confiner needs them beyond execve, for mounts, a network, and copies of
		// the caller's own files; the command does not get them.
		attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER}
	}
	return attr
}

// commandAttributes says how the helper clones the command. Without a namespace
// the kernel at least ends the command itself when the helper is killed: here
// Pdeathsig is right, because the thread that forks is locked and lives as long
// as the helper.
func commandAttributes(isolation string) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if isolation == Subreaper {
		attr.Pdeathsig = syscall.SIGKILL
	}
	return attr
}

// enter completes the isolation from within the helper, on its main thread. The
// warning says what is lacking.
func enter(name string) (warning string, err error) {
	// For ps and top: the name of /proc/self/exe would be "exe". Nothing depends on it.
	_ = os.WriteFile("/proc/self/comm", []byte("popkit-init"), 0)
	if err := closeOnExec(); err != nil {
		return "", err
	}
	// Processes of the same user inside must not take hold of the helper.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return "", fmt.Errorf("protect init helper: %w", err)
	}
	if name != PIDNamespace {
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
			return "", fmt.Errorf("become subreaper: %w", err)
		}
		return "", nil
	}
	if os.Getpid() != 1 {
		return "", fmt.Errorf("init helper is process %d of its namespace, not 1", os.Getpid())
	}
	if err := mountProc(); err != nil {
		// Where a container masks parts of /proc this is refused; processes are
		// held all the same.
		warning = fmt.Sprintf("no /proc of its own (%v): commands see the process numbers of the system", err)
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return warning, fmt.Errorf("give up capabilities: %w", err)
	}
	return warning, nil
}

// closeOnExec keeps every descriptor but the standard ones from the command: the
// helper's own, and what the engine was itself given by a careless parent.
func closeOnExec() error {
	err := unix.CloseRange(controlFD, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	if err == nil {
		return nil
	}
	fds, listErr := os.ReadDir("/proc/self/fd") // a kernel before 5.11
	if listErr != nil {
		return fmt.Errorf("keep descriptors from the command: %w", errors.Join(err, listErr))
	}
	for _, entry := range fds {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd >= controlFD {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

func mountProc() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	return nil
}
