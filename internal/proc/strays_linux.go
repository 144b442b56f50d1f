package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// Strays returns the processes whose environment carries POPKIT_MARK=mark, this
// one left out. Environments of other users' processes can't be read; those are
// not found, and neither is one that cleared its environment.
func Strays(mark string) []int {
	var found []int
	for _, s := range strays(mark) {
		found = append(found, s.pid)
	}
	slices.Sort(found)
	return found
}

func strays(mark string) []stat {
	return slices.DeleteFunc(processes(), func(s stat) bool {
		return mark == "" || s.pid == os.Getpid() || !marked(s.pid, mark)
	})
}

func marked(pid int, mark string) bool {
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return false
	}
	want := []byte(MarkVariable + "=" + mark)
	for entry := range bytes.SplitSeq(env, []byte{0}) {
		if bytes.Equal(entry, want) {
			return true
		}
	}
	return false
}

// Sweep kills every process that Strays finds, until there is none, and returns
// those it killed. The error names those it may not kill.
func Sweep(mark string) (killed []int, err error) {
	return killAll(func() []stat { return strays(mark) })
}

// endBelow kills every descendant of this process, which is a subreaper: all of
// them have it as an ancestor. It returns in words what it could not end.
func endBelow(int) string {
	if childless() {
		return ""
	}
	if _, err := killAll(descendants); err != nil {
		return err.Error()
	}
	return ""
}

// childless reaps what has ended and reports whether nothing else is below: an
// orphan below a subreaper becomes its child before its parent is seen to end.
func childless() bool {
	for {
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, unix.WNOHANG, nil)
		switch {
		case errors.Is(err, unix.ECHILD):
			return true
		case errors.Is(err, unix.EINTR):
		case err != nil || pid == 0:
			return false
		}
	}
}

// descendants returns the processes below this one that still run.
func descendants() []stat { return descendantsOf(os.Getpid()) }

// descendantsOf returns the processes below one that still run.
func descendantsOf(pid int) []stat {
	children := map[int][]stat{}
	for _, s := range processes() {
		children[s.parent] = append(children[s.parent], s)
	}
	var found []stat
	for queue := []int{pid}; len(queue) > 0; queue = queue[1:] {
		for _, s := range children[queue[0]] {
			queue = append(queue, s.pid)
			if s.running() {
				found = append(found, s)
			}
		}
	}
	return found
}

// killAll freezes what list names until nothing new appears (something that
// forks faster than it is killed stands still then), kills it, waits for its end
// and looks again, until list is empty or names only what it may not signal.
func killAll(list func() []stat) (killed []int, err error) {
	denied := map[int]error{}
	for {
		frozen := freeze(list, denied)
		if len(frozen) == 0 {
			return killed, denials(denied)
		}
		for pid, fd := range frozen {
			// It was allowed to stop it, so it is allowed to kill it; ESRCH: it has ended.
			if unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) == nil {
				killed = append(killed, pid)
			}
		}
		for _, fd := range frozen {
			awaitEnd(fd)
			_ = unix.Close(fd) // nothing to lose
		}
	}
}

// freeze returns the stopped processes, each with a descriptor that means this
// process and no later one of the same number.
func freeze(list func() []stat, denied map[int]error) map[int]int {
	frozen := map[int]int{}
	for grown := true; grown; {
		grown = false
		for _, s := range list() {
			pid := s.pid
			if _, known := frozen[pid]; known || denied[pid] != nil {
				continue
			}
			fd, err := stop(s)
			switch {
			case errors.Is(err, unix.ESRCH): // it has ended
			case errors.Is(err, unix.EMFILE) && len(frozen) > 0:
				return frozen // the others' turn comes when these are gone
			case err != nil:
				denied[pid] = err
			default:
				frozen[pid], grown = fd, true
			}
		}
	}
	return frozen
}

// stop freezes a process. Its number may have passed to another since it was
// looked up; so it is looked up again once the descriptor, which can't pass to
// another, is open.
func stop(s stat) (int, error) {
	fd, err := unix.PidfdOpen(s.pid, 0)
	if err != nil {
		return 0, err
	}
	if now, err := readStat(s.pid); err != nil || now.start != s.start {
		return 0, errors.Join(unix.ESRCH, unix.Close(fd))
	}
	if err := unix.PidfdSendSignal(fd, unix.SIGSTOP, nil, 0); err != nil {
		return 0, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}

// awaitEnd returns when the process is dead; it may still be a zombie.
func awaitEnd(fd int) {
	for {
		_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

func denials(denied map[int]error) error {
	var errs []error
	for pid, err := range denied {
		errs = append(errs, fmt.Errorf("process %d could not be ended: %w", pid, err))
	}
	return errors.Join(errs...)
}
