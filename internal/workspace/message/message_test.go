package message

import "testing"

func TestCompose(t *testing.T) {
	run := Trailer{Run, "R"}
	for _, c := range []struct {
		message, want string
		trailers      []Trailer
	}{
		{"subject", "subject\n\nPopkit-Run: R\n", []Trailer{run}},
		{"feat: a subject", "feat: a subject\n\nPopkit-Run: R\n", []Trailer{run}},
		{"subject\n\nbody\n", "subject\n\nbody\n\nPopkit-Run: R\n", []Trailer{run}},
		{"subject\n\nCo-authored-by: x\n", "subject\n\nCo-authored-by: x\nPopkit-Run: R\n", []Trailer{run}},
		{"subject\n\nNote: x\nand more", "subject\n\nNote: x\nand more\n\nPopkit-Run: R\n", []Trailer{run}},
		{" \n", "fallback\n\nPopkit-Run: R\n", []Trailer{run}},
		{"a\x00b\xff", "ab?\n\nPopkit-Task: x Popkit-Run: faked\n", []Trailer{{Task, "x\nPopkit-Run: faked"}, {Agent, " "}}},
	} {
		if got := Compose(c.message, "fallback", c.trailers...); got != c.want {
			t.Errorf("compose(%q) = %q, want %q", c.message, got, c.want)
		}
	}
}
