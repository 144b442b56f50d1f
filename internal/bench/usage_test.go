package bench

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// use is what an engine used of the machine.
type use struct {
	cpu     time.Duration // its own, without what it started
	rss     int64         // its peak, in bytes
	pss     int64         // of its helpers, at their peak
	helpers int
}

// observe looks at the engine's process, over and over, until it ends.
func observe(e *engine) <-chan use {
	out := make(chan use, 1)
	go func() {
		var u use
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			u.look(e.cmd.Process.Pid, n%10 == 0)
			select {
			case <-tick.C:
			case <-e.done:
				out <- u
				return
			}
		}
	}()
	return out
}

// look takes a look; a process that ends just now leaves what was seen before.
func (u *use) look(pid int, helpers bool) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	raw, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return
	}
	fields := strings.Fields(string(raw)[strings.LastIndexByte(string(raw), ')')+1:])
	if len(fields) > 12 {
		const ticks = 100 // a second
		user, _ := strconv.ParseInt(fields[11], 10, 64)
		system, _ := strconv.ParseInt(fields[12], 10, 64)
		u.cpu = max(u.cpu, time.Duration(user+system)*time.Second/ticks)
	}
	u.rss = max(u.rss, field(filepath.Join(dir, "status"), "VmHWM:"))
	if !helpers {
		return
	}
	var pss int64
	n := 0
	for _, child := range strings.Fields(children(pid)) {
		if size := field(filepath.Join("/proc", child, "smaps_rollup"), "Pss:"); size > 0 {
			pss, n = pss+size, n+1
		}
	}
	if pss > u.pss {
		u.pss, u.helpers = pss, n
	}
}

// children are the processes that a process started, of all its threads.
func children(pid int) string {
	threads, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "children"))
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, path := range threads {
		if raw, err := os.ReadFile(path); err == nil {
			b.Write(append(raw, ' '))
		}
	}
	return b.String()
}

// field is a number of kilobytes in a file of /proc, in bytes.
func field(path, name string) int64 {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return n << 10
		}
	}
	return 0
}
