package proc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ice is how what is below one helper was made to stand still.
type ice struct {
	how     string
	group   string // ByCgroup: its directory
	stopped []stat // BySignals
}

// freezePatience is how long processes get until they stand still: one that waits for
// a disk stops when that answers.
const freezePatience = 2 * time.Second

// freezeBelow makes everything below a helper stand still and counts it. What was
// frozen before stays so.
func freezeBelow(helper Ident, before ice) (ice, int, error) {
	below := func() []stat { return descendantsOf(helper.PID) }
	if before.how != BySignals {
		i, n, err := freezeGroup(helper, below)
		if err == nil {
			return i, n, nil
		}
		// No cgroup to be had here (none mounted, or not ours to write): signals do.
		i.melt()
	}
	return stopAll(below, before)
}

// thaw lets what it holds go on.
func (i ice) thaw() error {
	switch i.how {
	case ByCgroup:
		return thawGroup(i.group)
	case BySignals:
		for _, s := range i.stopped {
			if err := signalTo(s, unix.SIGCONT); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("let process %d go on: %w", s.pid, err)
			}
		}
	}
	return nil
}

// melt removes what is left of it once its processes have ended.
func (i ice) melt() {
	if i.group != "" {
		_ = os.Remove(i.group) // an empty directory, if that
	}
}

// stopAll stops what below names until nothing new appears and all of it has
// stopped. What somebody else stopped is left out: it is not ours to let go on.
func stopAll(below func() []stat, i ice) (ice, int, error) {
	i.how = BySignals
	denied := map[int]error{}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(freezePatience); ; <-tick.C {
		grown, moving := false, 0
		for _, s := range below() {
			switch {
			case denied[s.pid] != nil:
			case slices.ContainsFunc(i.stopped, func(o stat) bool { return o.pid == s.pid && o.start == s.start }):
				if s.running() && !stands(s) {
					moving++
				}
			case s.state == 'T' || !s.running():
			default:
				err := signalTo(s, unix.SIGSTOP)
				if err == nil {
					i.stopped = append(i.stopped, s)
				} else if !errors.Is(err, unix.ESRCH) {
					denied[s.pid] = err
				}
				grown = true
			}
		}
		if !grown && moving == 0 {
			return i, len(i.stopped), stillMoving(denied)
		}
		if time.Now().After(limit) {
			return i, len(i.stopped), errors.Join(stillMoving(denied), fmt.Errorf("%d processes had not stopped after %s", moving, freezePatience))
		}
	}
}

// stands reports whether a process that was sent SIGSTOP does nothing of its own any
// more. One in the kernel's hands (D: it waits for a disk, or for a child that was
// stopped between vfork and exec) stops before it does.
func stands(s stat) bool { return s.state == 'T' || s.state == 't' || s.state == 'D' }

func stillMoving(denied map[int]error) error {
	var errs []error
	for pid, err := range denied {
		errs = append(errs, fmt.Errorf("process %d could not be stopped: %w", pid, err))
	}
	return errors.Join(errs...)
}

// signalTo signals exactly this process, and no later one of its number.
func signalTo(s stat, signal unix.Signal) error {
	fd, err := unix.PidfdOpen(s.pid, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }() // nothing to lose
	if now, err := readStat(s.pid); err != nil || now.start != s.start {
		return unix.ESRCH
	}
	return unix.PidfdSendSignal(fd, signal, nil, 0)
}

// freezeGroup puts everything below a helper into a cgroup of its own, beside the
// helper, and freezes that: what is started inside is born frozen.
func freezeGroup(helper Ident, below func() []stat) (ice, int, error) {
	home, err := cgroupOf(helper.PID)
	if err != nil {
		return ice{}, 0, err
	}
	i := ice{how: ByCgroup, group: filepath.Join(home, fmt.Sprintf("%s%d-%d", groupPrefix, helper.PID, helper.StartTime))}
	sweepGroups(home)
	if err := os.Mkdir(i.group, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return ice{}, 0, err
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(freezePatience); time.Now().Before(limit); <-tick.C {
		outside, err := gather(i.group, below())
		if err != nil {
			return i, 0, errors.Join(err, thawGroup(i.group))
		}
		if err := writeGroup(i.group, "cgroup.freeze", "1"); err != nil {
			return i, 0, errors.Join(err, thawGroup(i.group))
		}
		if outside == 0 && frozen(i.group) {
			pids, err := groupOf(i.group)
			return i, len(pids), err
		}
	}
	return i, 0, errors.Join(errors.New("the cgroup did not come to a stop in time"), thawGroup(i.group))
}

const groupPrefix = "popkit-freeze-"

// sweepGroups removes what engines left that were killed; one that is in use is not
// empty, and stays.
func sweepGroups(home string) {
	old, err := filepath.Glob(filepath.Join(home, groupPrefix+"*"))
	if err != nil {
		return // a pattern of ours: it can't be bad
	}
	for _, dir := range old {
		_ = os.Remove(dir) // not empty, or another engine's: stays
	}
}

// gather moves the processes into the group that are not in it, and counts them.
func gather(group string, list []stat) (moved int, err error) {
	in, err := groupOf(group)
	if err != nil {
		return 0, err
	}
	for _, s := range list {
		if slices.Contains(in, s.pid) || !s.running() {
			continue
		}
		moved++
		if err := writeGroup(group, "cgroup.procs", strconv.Itoa(s.pid)); err != nil && !errors.Is(err, unix.ESRCH) {
			return moved, err
		}
	}
	return moved, nil
}

func thawGroup(group string) error {
	err := writeGroup(group, "cgroup.freeze", "0")
	// Back to where they came from, so that nothing is left behind. What starts
	// others meanwhile is moved with them in the next round.
	for range 100 {
		pids, listErr := groupOf(group)
		if listErr != nil || len(pids) == 0 {
			break
		}
		for _, pid := range pids {
			if moveErr := writeGroup(filepath.Dir(group), "cgroup.procs", strconv.Itoa(pid)); moveErr != nil && !errors.Is(moveErr, unix.ESRCH) {
				return errors.Join(err, moveErr)
			}
		}
	}
	_ = os.Remove(group) // a zombie may still be in it; the next freeze uses it, or sweeps it
	return err
}

func writeGroup(group, file, value string) error {
	return os.WriteFile(filepath.Join(group, file), []byte(value), 0)
}

// groupOf lists the processes in a group.
func groupOf(group string) ([]int, error) {
	raw, err := os.ReadFile(filepath.Join(group, "cgroup.procs"))
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, f := range strings.Fields(string(raw)) {
		pid, err := strconv.Atoi(f)
		if err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

func frozen(group string) bool {
	raw, err := os.ReadFile(filepath.Join(group, "cgroup.events"))
	return err == nil && strings.Contains("\n"+string(raw), "\nfrozen 1\n")
}

// cgroupOf returns the directory of the process's cgroup, of version 2.
func cgroupOf(pid int) (string, error) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return "", err
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	return groupDir(string(raw), string(mounts))
}

// groupDir finds the directory of a cgroup, given /proc/PID/cgroup and
// /proc/self/mountinfo (proc_pid_mountinfo(5)).
func groupDir(cgroup, mounts string) (string, error) {
	path, found := "", false
	for line := range strings.Lines(cgroup) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			path, found = rest, true
		}
	}
	if !found || strings.HasPrefix(path, "/..") {
		return "", errors.New("no cgroup of version 2 that is to be seen from here")
	}
	for line := range strings.Lines(mounts) {
		before, after, _ := strings.Cut(line, " - ")
		at, what := strings.Fields(before), strings.Fields(after)
		if len(at) < 5 || len(what) == 0 || what[0] != "cgroup2" {
			continue
		}
		if rest, ok := strings.CutPrefix(path+"/", strings.TrimSuffix(at[3], "/")+"/"); ok {
			return filepath.Join(at[4], rest), nil
		}
	}
	return "", errors.New("no cgroup of version 2 is mounted")
}
