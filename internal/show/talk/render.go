package talk

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"popkit/internal/core/budget"
	"popkit/internal/core/transcript"
	"popkit/internal/show"
)

// Style is how entries are shown.
type Style struct {
	Width  int  // of the terminal, in columns; 0: nothing is cut or wrapped
	Colour bool // the reader is a terminal that shows colours
	Full   bool // long texts are shown whole
}

// The columns.
const (
	labelWidth = 12
	narrow     = 60   // below it times are left out
	leastText  = 20   // columns that a text has at least
	longest    = 4000 // columns of a line where there is no terminal to fit in
)

// Render returns an entry as lines, each with its newline.
func Render(e transcript.Entry, s Style) string {
	l := lookOf(e)
	at := ""
	if s.Width == 0 || s.Width >= narrow {
		at = "          "
		if !e.At.IsZero() {
			at = e.At.Local().Format(time.TimeOnly) + "  "
		}
	}
	label := l.label
	if label == "" && e.Kind == transcript.Call {
		label = toolName(e.Tool)
	}
	if e.Sub && label != "" {
		label = "> " + label // a helper's
	}
	label = show.Cut(show.Line(label), labelWidth)
	room := 0
	if s.Width > 0 {
		room = max(leastText, s.Width-1-len(at)-labelWidth-1)
	}
	lines := s.lay(text(e), l, room)
	var b strings.Builder
	for i, line := range lines {
		head := at
		if i > 0 {
			head, label = strings.Repeat(" ", len(at)), ""
		}
		gap := strings.Repeat(" ", labelWidth+1-show.Width(label))
		out := s.paint(faint, head) + s.paint(l.colour, label) + gap
		if l.dim {
			line = s.paint(faint, line)
		}
		b.WriteString(strings.TrimRight(out+line, " ") + "\n")
	}
	return b.String()
}

// paint gives a text that was cleaned its colour.
func (s Style) paint(colour, text string) string {
	if !s.Colour || colour == "" || strings.TrimSpace(text) == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// lay returns the text as lines that fit, cleaned.
func (s Style) lay(text string, l look, room int) []string {
	lines := strings.Split(strings.Trim(show.Clean(strings.ReplaceAll(text, "\r\n", "\n")), "\n"), "\n")
	more := 0
	if l.lines > 0 && !s.Full {
		lines = slices.DeleteFunc(lines, func(line string) bool { return strings.TrimSpace(line) == "" })
	}
	if l.lines > 0 && !s.Full && len(lines) > l.lines {
		more = len(lines) - l.lines
		lines = lines[:l.lines]
	}
	var out []string
	for _, line := range lines {
		line = strings.TrimRight(strings.ReplaceAll(line, "\t", "    "), " ")
		switch {
		case room == 0 && s.Full:
			out = append(out, line)
		case room == 0:
			out = append(out, show.Cut(line, longest))
		case l.wrap || s.Full:
			out = append(out, show.Wrap(line, room)...)
		default:
			out = append(out, show.Cut(line, room))
		}
	}
	if len(out) == 0 {
		out = []string{""}
	}
	if more > 0 {
		out = append(out, "… "+show.Count(more, "more line"))
	}
	return out
}

// toolName is a tool's name without where it comes from.
func toolName(name string) string {
	if rest, ok := strings.CutPrefix(name, "mcp__"); ok {
		if _, tool, ok := strings.Cut(rest, "__"); ok {
			return tool
		}
	}
	return name
}

// text is what an entry says.
func text(e transcript.Entry) string {
	switch e.Kind {
	case transcript.Call:
		if e.Text != "" {
			return e.Subject + "\n" + e.Text
		}
		return e.Subject
	case transcript.Denied:
		return strings.TrimSpace(toolName(e.Tool)+" "+show.Line(e.Subject)) + "\n" + e.Text
	case transcript.Result:
		if strings.TrimSpace(e.Text) == "" {
			return "(nothing)"
		}
	case transcript.Turn:
		return turn(e)
	}
	return e.Text
}

func turn(e transcript.Entry) string {
	u := e.Used
	if u == nil {
		return e.Text
	}
	text := fmt.Sprintf("%s, %s tokens, $%.2f so far", show.Count(int(u.Turns), "turn"), budget.Grouped(u.Input+u.Output), u.CostUSD)
	if u.Took > 0 {
		text += ", " + show.Took(u.Took)
	}
	if u.Reason != "" && u.Reason != "completed" {
		text += ", ended: " + strings.ReplaceAll(u.Reason, "_", " ")
	}
	if e.Text != "" {
		text += "\n" + e.Text
	}
	return text
}
