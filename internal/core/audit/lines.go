package audit

import "strings"

// edit is one line of a comparison.
type edit struct {
	op       byte // ' ' both, '-' old, '+' new
	text     string
	old, new int // numbers, from 1; 0 where it is not
}

// maxEdits bounds the search for the shortest comparison. Beyond it, everything
// between what both sides begin and end with counts as replaced.
const maxEdits = 600

// compare compares two texts line by line.
func compare(before, after string) []edit {
	a, b := split(before), split(after)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	out := make([]edit, 0, len(b)+16)
	for i := range head {
		out = append(out, edit{' ', a[i], i + 1, i + 1})
	}
	out = middle(out, a[head:len(a)-tail], b[head:len(b)-tail], head)
	for i := range tail {
		x, y := len(a)-tail+i, len(b)-tail+i
		out = append(out, edit{' ', a[x], x + 1, y + 1})
	}
	return out
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// middle appends the comparison of what lies between; from lines come before.
func middle(out []edit, a, b []string, from int) []edit {
	steps, ok := myers(a, b)
	if !ok {
		steps = nil
		for range a {
			steps = append(steps, '-')
		}
		for range b {
			steps = append(steps, '+')
		}
	}
	x, y := 0, 0
	for _, op := range steps {
		switch op {
		case '-':
			out = append(out, edit{'-', a[x], from + x + 1, 0})
			x++
		case '+':
			out = append(out, edit{'+', b[y], 0, from + y + 1})
			y++
		default:
			out = append(out, edit{' ', a[x], from + x + 1, from + y + 1})
			x, y = x+1, y+1
		}
	}
	return out
}

// myers finds the shortest way from a to b: one operation a line. It gives up
// after maxEdits differences.
func myers(a, b []string) ([]byte, bool) {
	if len(a) == 0 || len(b) == 0 {
		return nil, false
	}
	most := min(len(a)+len(b), maxEdits)
	reach := make([]int, 2*most+3) // furthest x on each diagonal
	var trace [][]int
	for d := 0; d <= most; d++ {
		trace = append(trace, append([]int(nil), reach[most+1-d:most+2+d]...))
		for k := -d; k <= d; k += 2 {
			x := reach[most+1+k-1] + 1
			if k == -d || k != d && reach[most+1+k-1] < reach[most+1+k+1] {
				x = reach[most+1+k+1]
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			reach[most+1+k] = x
			if x >= len(a) && x-k >= len(b) {
				return walk(trace, len(a), len(b)), true
			}
		}
	}
	return nil, false
}

// walk goes back from the end along the furthest points of each round.
func walk(trace [][]int, x, y int) []byte {
	var back []byte
	for d := len(trace) - 1; d > 0; d-- {
		before := trace[d] // diagonals -d … d, as after round d-1
		at := func(k int) int { return before[k+d] }
		k := x - y
		from := k - 1
		if k == -d || k != d && at(k-1) < at(k+1) {
			from = k + 1
		}
		px := at(from)
		py := px - from
		for x > px && y > py {
			back = append(back, ' ')
			x, y = x-1, y-1
		}
		if from == k+1 {
			back, y = append(back, '+'), y-1
		} else {
			back, x = append(back, '-'), x-1
		}
	}
	for ; x > 0 && y > 0; x, y = x-1, y-1 {
		back = append(back, ' ')
	}
	for i, k := 0, len(back)-1; i < k; i, k = i+1, k-1 {
		back[i], back[k] = back[k], back[i]
	}
	return back
}
