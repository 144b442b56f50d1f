package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// stat is what this package needs of /proc/PID/stat.
type stat struct {
	pid, parent int
	state       byte
	threads     int
	start       uint64
}

// running reports whether anything of the process still is. State and number are
// those of its first thread, which can have ended (a zombie) while others go on,
// or while they are still at ending what is in their namespace.
func (s stat) running() bool { return (s.state != 'Z' && s.state != 'X') || s.threads > 1 }

func readStat(pid int) (stat, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}, err
	}
	s, err := parseStat(data)
	if err != nil {
		return stat{}, fmt.Errorf("read /proc/%d/stat: %w", pid, err)
	}
	return s, nil
}

// parseStat reads a line of proc_pid_stat(5). The name, in parentheses, may
// hold anything, parentheses and newlines too; the last one closes it.
func parseStat(data []byte) (stat, error) {
	open, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if open < 0 || end < open {
		return stat{}, errors.New("no name in it")
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data[:open])))
	if err != nil {
		return stat{}, err
	}
	// Fields from the third on: state, ppid, …, the 20th is the number of threads,
	// the 22nd the start time.
	fields := bytes.Fields(data[end+1:])
	if len(fields) < 20 || len(fields[0]) != 1 {
		return stat{}, errors.New("too few fields")
	}
	parent, err := strconv.Atoi(string(fields[1]))
	if err != nil {
		return stat{}, err
	}
	threads, err := strconv.Atoi(string(fields[17]))
	if err != nil {
		return stat{}, err
	}
	start, err := strconv.ParseUint(string(fields[19]), 10, 64)
	if err != nil {
		return stat{}, err
	}
	return stat{pid: pid, parent: parent, state: fields[0][0], threads: threads, start: start}, nil
}

// processes lists what /proc shows. Without a readable /proc there is nothing
// that could be found or ended one by one.
func processes() []stat {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	names, err := dir.Readdirnames(-1)
	if err = errors.Join(err, dir.Close()); err != nil {
		return nil
	}
	var list []stat
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if s, err := readStat(pid); err == nil { // else it just ended
			list = append(list, s)
		}
	}
	return list
}

func lookUp(pid int) (Ident, bool, error) {
	s, err := readStat(pid)
	if err != nil {
		return Ident{}, false, err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return Ident{}, false, err
	}
	return Ident{PID: pid, StartTime: s.start, Boot: strings.TrimSpace(string(boot))}, s.running(), nil
}
