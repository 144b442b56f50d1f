package power

import (
	"strings"
	"testing"
	"time"

	"popkit/internal/core/view"
)

// TestScreenGoesBackWhatItDrew: the block is taken away line for line, also when
// somebody has typed lines below it meanwhile.
func TestScreenGoesBackWhatItDrew(t *testing.T) {
	var out strings.Builder
	s := screen{out: &out, ask: &out, live: true, width: func() int { return 40 }}
	v := view.Status{Run: "R", State: "running", Phases: []view.Phase{{Name: "p", State: "active"}}}
	step := func(want string, do func()) {
		t.Helper()
		out.Reset()
		do()
		if got := out.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	block := "running  0/0 tasks  0s  \nphase p (1 of 1)\n"
	now := time.Time{}
	step(block, func() { s.draw(v, now) })
	step("\r\x1b[2A\x1b[J"+block, func() { s.draw(v, now) })
	step("\r\x1b[3A\x1b[J"+block, func() { s.typed(); s.draw(v, now) })
	step("\r\x1b[2A\x1b[Jnews\n", func() { s.permanent("news\n") })
	step("more\n", func() { s.permanent("more\n") })
	open := []view.Decision{{ID: "q-1"}}
	step(block, func() { s.draw(v, now) })
	step("\r\x1b[2A\x1b[Janswer q-1> ", func() { s.prompt(open) })
	step("", func() { s.prompt(open) })
	step("\nnews\n", func() { s.permanent("news\n") })
	step("answer q-1> ", func() { s.prompt(open) })
	step("news\n", func() { s.typed(); s.permanent("news\n") })
	s.live = false
	step("", func() { s.draw(v, now) })
}
