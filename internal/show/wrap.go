package show

import "strings"

// Wrap breaks a line where its words end, and words that are longer than room columns.
// What was set in from the left stays so.
func Wrap(line string, room int) []string {
	if Width(line) <= room {
		return []string{line}
	}
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	if len(indent) > room/2 {
		indent = ""
	}
	w := wrapper{indent: indent, room: room, now: indent, used: Width(indent)}
	for _, word := range strings.Fields(line) {
		w.word(word)
	}
	return append(w.out, w.now)
}

// wrapper fills lines with words.
type wrapper struct {
	indent string
	room   int
	out    []string
	now    string
	used   int  // columns of now
	begun  bool // now holds a word
}

func (w *wrapper) word(word string) {
	width := Width(word)
	if w.begun && w.used+1+width > w.room {
		w.next()
	}
	if w.begun {
		w.now, w.used = w.now+" ", w.used+1
	}
	if w.used+width <= w.room {
		w.now, w.used, w.begun = w.now+word, w.used+width, true
		return
	}
	from := 0
	for i, r := range word { // longer than a line
		n := Width(string(r))
		if w.used+n > w.room && i > from {
			w.now += word[from:i]
			w.next()
			from = i
		}
		w.used += n
	}
	w.now, w.begun = w.now+word[from:], true
}

func (w *wrapper) next() {
	w.out = append(w.out, w.now)
	w.now, w.used, w.begun = w.indent, Width(w.indent), false
}
