package proc

import (
	"bytes"
	"os"
	"strconv"
)

// Ticks returns how much processor time, in clock ticks, the process and all
// below it have used, those that have ended included. It only tells whether
// something goes on: two calls with the same answer mean that nothing ran. A
// process that is gone has used 0.
func Ticks(id Ident) uint64 {
	if !Alive(id) {
		return 0
	}
	below := map[int]bool{id.PID: true}
	all := processes()
	for grew := true; grew; {
		grew = false
		for _, s := range all {
			if below[s.parent] && !below[s.pid] {
				below[s.pid], grew = true, true
			}
		}
	}
	var sum uint64
	for pid := range below {
		sum += ticksOf(pid)
	}
	return sum
}

// ticksOf reads utime, stime, cutime and cstime of proc_pid_stat(5); a process
// that has just ended has none.
func ticksOf(pid int) uint64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(data[max(0, bytes.LastIndexByte(data, ')')):], []byte(" "))
	fields := bytes.Fields(rest) // from field 3, the state, on
	var sum uint64
	for i := 14; i <= 17 && i-3 < len(fields); i++ {
		n, err := strconv.ParseUint(string(fields[i-3]), 10, 64)
		if err != nil {
			return 0
		}
		sum += n
	}
	return sum
}
