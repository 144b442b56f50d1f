package sandbox

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kept are the capabilities that root's everyday work needs: files of other
// owners in its own places, becoming an ordinary user, ending what it started.
var kept = []int{
	unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_FSETID, unix.CAP_SETGID, unix.CAP_SETUID,
	unix.CAP_KILL, unix.CAP_NET_BIND_SERVICE,
}

// giveUp leaves the calling thread, for ever, with those capabilities if it is
// root's and with none otherwise. Programs can't add to them: set-user-ID bits
// and capabilities of files are without effect.
func giveUp() error {
	root := os.Geteuid() == 0
	if root {
		for c := range unix.CAP_LAST_CAP + 1 {
			if slices.Contains(kept, c) {
				continue
			}
			// EINVAL: the kernel does not know it. EPERM: this root, in a container, may
			// not; no_new_privs below is then what keeps it from coming back.
			err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0)
			if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EPERM) {
				return err
			}
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var now, next [2]unix.CapUserData
	if err := unix.Capget(&head, &now[0]); err != nil {
		return err
	}
	if root {
		for _, c := range kept {
			next[c/32].Permitted |= now[c/32].Permitted & (1 << (c % 32))
		}
		for i := range next {
			next[i].Effective = next[i].Permitted
		}
	}
	return unix.Capset(&head, &next[0])
}

// forbidden are system calls that no everyday work needs and that reach past the
// file system: mounts, the kernel's keys (shared by all of a user's processes),
// its modules and its programs.
var forbidden = []uint32{
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT,
	unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR, unix.SYS_PIVOT_ROOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_REBOOT, unix.SYS_ACCT,
	unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL, unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
	unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_OPEN_BY_HANDLE_AT,
	unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME, unix.SYS_QUOTACTL,
}

// auditArch is how the kernel names the architectures that this is built for.
var auditArch = map[string]uint32{
	"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64, "riscv64": unix.AUDIT_ARCH_RISCV64, "386": unix.AUDIT_ARCH_I386, "arm": unix.AUDIT_ARCH_ARM,
}

// x32 is the bit of amd64's second table of system calls.
const x32 = 0x40000000

// forbidCalls makes those calls fail for the calling thread and all it starts, and
// every call by the numbers of another architecture, which mean other calls.
func forbidCalls() error {
	arch, ok := auditArch[runtime.GOARCH]
	if !ok {
		return errors.New("not known for " + runtime.GOARCH)
	}
	const load, equal, atLeast, give = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K,
		unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	n := uint8(len(forbidden))
	program := []unix.SockFilter{
		{Code: load, K: 4}, // seccomp_data.arch
		{Code: equal, K: arch, Jt: 1},
		{Code: give, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		{Code: load, K: 0}, // seccomp_data.nr
	}
	if runtime.GOARCH == "amd64" {
		program = append(program, unix.SockFilter{Code: atLeast, K: x32, Jt: n + 1})
	}
	for i, nr := range forbidden {
		program = append(program, unix.SockFilter{Code: equal, K: nr, Jt: n - uint8(i)})
	}
	program = append(program, unix.SockFilter{Code: give, K: unix.SECCOMP_RET_ALLOW},
		unix.SockFilter{Code: give, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)})
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&filter)), 0, 0)
	runtime.KeepAlive(program)
	return err
}
