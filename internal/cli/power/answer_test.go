package power

import (
	"testing"

	"popkit/internal/core/view"
)

func TestParseAnswer(t *testing.T) {
	free := view.Decision{ID: "q-1"}
	choice := view.Decision{ID: "q-2", Options: []string{"yes", "no"}}
	for _, c := range []struct {
		line         string
		open         []view.Decision
		id, text, is string
	}{
		{"", []view.Decision{free}, "", "", ""},
		{"  ", nil, "", "", ""},
		{"hello", nil, "", "", "no question is open"},
		{"use the model", []view.Decision{free}, "q-1", "use the model", ""},
		{"q-1 use it", []view.Decision{free, choice}, "q-1", "use it", ""},
		{"q-1", []view.Decision{free}, "", "", "the answer is missing: type q-1 ANSWER"},
		{"yes", []view.Decision{free, choice}, "", "", "several questions are open: type ID ANSWER, e.g. q-1 TEXT"},
		{"q-2 yes", []view.Decision{free, choice}, "q-2", "yes", ""},
		{"maybe", []view.Decision{choice}, "", "", `"maybe" is none of the answers: yes, no`},
	} {
		id, text, problem := parseAnswer(c.line, c.open)
		if id != c.id || text != c.text || problem != c.is {
			t.Errorf("%q: %q %q %q", c.line, id, text, problem)
		}
	}
}
