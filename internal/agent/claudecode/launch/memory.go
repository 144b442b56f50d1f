package launch

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// available is the memory that can be had on this machine, and in the control group
// that this process is in. Elsewhere than on Linux nobody knows.
func available() (free int64, known bool) {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	free, known = memAvailable(data)
	if in, limited := groupAvailable("/proc/self/cgroup", "/sys/fs/cgroup"); limited && (!known || in < free) {
		return in, true
	}
	return free, known
}

// memAvailable reads the line "MemAvailable:   123 kB".
func memAvailable(meminfo []byte) (int64, bool) {
	for s := bufio.NewScanner(bytes.NewReader(meminfo)); s.Scan(); {
		fields := strings.Fields(s.Text())
		if len(fields) >= 2 && fields[0] == "MemAvailable:" {
			kb, err := strconv.ParseInt(fields[1], 10, 64)
			return kb << 10, err == nil
		}
	}
	return 0, false
}

// groupAvailable is what the control groups (version 2) leave of their limits. What
// is in caches could be had, too, but for how much nobody knows: files that are not
// in use are counted as free.
func groupAvailable(self, mount string) (free int64, limited bool) {
	data, err := os.ReadFile(self)
	if err != nil {
		return 0, false
	}
	_, group, ok := strings.Cut(strings.TrimSpace(string(data)), "0::")
	if !ok {
		return 0, false
	}
	for dir := filepath.Join(mount, group); strings.HasPrefix(dir, mount+"/"); dir = filepath.Dir(dir) {
		limit, ok := number(filepath.Join(dir, "memory.max"))
		used, known := number(filepath.Join(dir, "memory.current"))
		if !ok || !known {
			continue // no limit
		}
		left := limit - used + inactive(filepath.Join(dir, "memory.stat"))
		if !limited || left < free {
			free, limited = left, true
		}
	}
	return free, limited
}

func number(path string) (int64, bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	return n, err == nil
}

// inactive is the size of cached files that nobody has used for a while.
func inactive(stat string) int64 {
	data, err := os.ReadFile(stat)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "inactive_file "); ok {
			if n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err == nil {
				return n
			}
		}
	}
	return 0
}
