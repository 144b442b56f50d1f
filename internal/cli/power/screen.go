package power

import (
	"fmt"
	"io"
	"strings"
	"time"

	"popkit/internal/core/view"
	"popkit/internal/show"
)

// screen is where progress goes: lines that stay, and on a terminal a block
// below them that is drawn again and again. There is no alternate screen: what
// was said is still there when the run is over.
//
// A failed write is not reported: the terminal is gone, and the run is not.
type screen struct {
	out    io.Writer
	ask    io.Writer // where prompts go
	live   bool
	width  func() int
	drawn  int    // lines of the block now on the terminal
	asking string // the prompt now on the terminal
}

// typed says that somebody ended a line: the cursor is a line further down.
func (s *screen) typed() {
	s.asking = ""
	if s.drawn > 0 {
		s.drawn++
	}
}

// permanent writes text that stays, above the block.
func (s *screen) permanent(text string) {
	s.clear()
	fmt.Fprint(s.out, text)
}

// clear takes the block away.
func (s *screen) clear() {
	if s.asking != "" {
		s.asking = ""
		fmt.Fprintln(s.ask)
	}
	if s.drawn > 0 {
		fmt.Fprintf(s.out, "\r\x1b[%dA\x1b[J", s.drawn) // \r: a terminal shows the ^C that was typed
		s.drawn = 0
	}
}

// draw shows the block anew.
func (s *screen) draw(v view.Status, now time.Time) {
	if !s.live {
		return
	}
	s.clear()
	width := s.width()
	if width <= 0 {
		width = 80
	}
	block := show.Block(v, now, width-1)
	s.drawn = len(block)
	fmt.Fprint(s.out, strings.Join(block, "\n")+"\n")
}

// prompt asks for the answer to one of the open questions, once.
func (s *screen) prompt(open []view.Decision) {
	text := fmt.Sprintf("answer %s> ", open[0].ID)
	if len(open) > 1 {
		text = "answer, e.g. " + open[0].ID + " " + firstOption(open[0]) + "> "
	}
	if s.asking == text {
		return
	}
	s.clear()
	s.asking = text
	fmt.Fprint(s.ask, text)
}

func firstOption(d view.Decision) string {
	if len(d.Options) > 0 {
		return d.Options[0]
	}
	return "TEXT"
}
