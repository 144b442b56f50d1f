package proc

import (
	"os"
	"testing"
)

func TestParseStat(t *testing.T) {
	const fields = " S 42 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 5 0 9876 1 2 3"
	for _, tt := range []struct {
		line string
		want stat
		ok   bool
	}{
		{"7 (sh)" + fields, stat{pid: 7, parent: 42, state: 'S', threads: 5, start: 9876}, true},
		{"7 (a) S 1 (b)" + fields, stat{pid: 7, parent: 42, state: 'S', threads: 5, start: 9876}, true},
		{"7 (\n))" + fields, stat{pid: 7, parent: 42, state: 'S', threads: 5, start: 9876}, true},
		{"7 (sh) S 42", stat{}, false},
		{"7 sh S 42", stat{}, false},
		{"x (sh)" + fields, stat{}, false},
		{")(", stat{}, false},
		{"", stat{}, false},
	} {
		got, err := parseStat([]byte(tt.line))
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%q: %+v, %v", tt.line, got, err)
		}
	}
	for _, tt := range []struct {
		s    stat
		want bool
	}{
		{stat{state: 'S', threads: 1}, true},
		{stat{state: 'T', threads: 1}, true},
		{stat{state: 'Z', threads: 1}, false},
		{stat{state: 'Z', threads: 2}, true}, // only its first thread has ended
		{stat{state: 'X'}, false},
	} {
		if got := tt.s.running(); got != tt.want {
			t.Errorf("%+v runs: %t, want %t", tt.s, got, tt.want)
		}
	}
	me, err := readStat(os.Getpid())
	if err != nil || me.parent != os.Getppid() || !me.running() || me.start == 0 {
		t.Errorf("this process: %+v, %v", me, err)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("7 (sh) S 42 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 9876 1 2 3"))
	f.Add([]byte("7 ()) "))
	f.Fuzz(func(_ *testing.T, line []byte) {
		_, _ = parseStat(line) // it must not panic
	})
}
