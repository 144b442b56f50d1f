package power

import (
	"slices"
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/core/view"
)

func TestParseAnswer(t *testing.T) {
	free := view.Decision{ID: "q-1"}
	guard := view.Decision{ID: "q-3", Kind: event.AskGuard, Options: []string{"allow", "deny"}}
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
		if r := parseAnswer(c.line, c.open); r.id != c.id || r.text != c.text || r.problem != c.is || r.always {
			t.Errorf("%q: %+v", c.line, r)
		}
	}
	found := view.Decision{ID: "q-4", Kind: event.AskAudit, Options: []string{"accept", "drop"}}
	r := parseAnswer("q-4 drop a b.go, c.go,", []view.Decision{guard, found})
	if r.text != "drop" || !slices.Equal(r.dropped(), []string{"a b.go", "c.go"}) {
		t.Errorf("drop: %+v", r)
	}
	if r := parseAnswer("accept a.go", []view.Decision{found}); r.problem == "" {
		t.Errorf("accept takes files: %+v", r)
	}
	for line, want := range map[string]reply{
		"allow":               {id: "q-3", text: "allow"},
		"q-3 deny always":     {id: "q-3", text: "deny", always: true},
		"allow always always": {problem: `"allow always always" is none of the answers: allow, deny`},
	} {
		if r := parseAnswer(line, []view.Decision{guard}); r != want {
			t.Errorf("%q: %+v", line, r)
		}
	}
	plan := view.Decision{ID: "q-5", Kind: event.AskPlan, Options: []string{"approve", "revise", "reject"}}
	for line, want := range map[string]reply{
		"approve":                 {id: "q-5", text: "approve"},
		"approve always":          {id: "q-5", text: "approve", always: true},
		"approve mind the edge":   {id: "q-5", text: "approve", note: "mind the edge"},
		"q-5 revise  tests first": {id: "q-5", text: "revise", note: "tests first"},
		"revise":                  {problem: "say what is to be changed: revise tests first"},
		"reject":                  {id: "q-5", text: "reject"},
		"yes":                     {problem: `"yes" is none of the answers: approve, revise, reject`},
	} {
		if r := parseAnswer(line, []view.Decision{plan}); r != want {
			t.Errorf("%q: %+v", line, r)
		}
	}
}
