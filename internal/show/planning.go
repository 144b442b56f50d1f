package show

import (
	"fmt"
	"strings"
	"time"

	"popkit/internal/planner"
)

// made adds to a plan's facts what is known of one that a planning agent made.
func made(field func(name, format string, args ...any), m *planner.Made) {
	if m == nil {
		return
	}
	field("summary", "%s", Line(m.Summary))
	for i, a := range m.Assumptions {
		field(only(i, "assumed"), "%s", Line(a))
	}
	for i, t := range m.Checks {
		field(only(i, "checks now"), "%s", trial(t))
	}
	worth := "worth it: "
	if !m.Worth.Power {
		worth = "not worth it: "
	}
	field("power mode", "%s", worth+Line(m.Worth.Why))
	if spent := Spent(m.Planning); spent != "" {
		field("planning", "%s", spent)
	}
}

// only is a name beside the first of several lines.
func only(i int, name string) string {
	if i > 0 {
		return ""
	}
	return name
}

func trial(t planner.Trial) string {
	text := Line(t.Run)
	if t.Expect != "" {
		text += ", output matches " + Line(t.Expect)
	}
	text += ": " + string(t.State)
	if t.Detail != "" {
		text += note(Line(t.Detail))
	}
	if t.State == planner.Red {
		text += "; the run is to turn it green"
	}
	return text
}

// Spent is what planning took, "" where nobody knows.
func Spent(s planner.Spent) string {
	var parts []string
	if n := s.Usage.Turns; n > 0 {
		parts = append(parts, Count(int(n), "turn"))
	}
	if n := s.Usage.Tokens(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d tokens", n))
	}
	if s.Usage.CostUSD > 0 {
		parts = append(parts, fmt.Sprintf("$%.2f", s.Usage.CostUSD))
	}
	if s.Took > 0 {
		parts = append(parts, Took(time.Duration(s.Took)))
	}
	if s.Repairs > 0 {
		parts = append(parts, Count(s.Repairs, "repair"))
	}
	return strings.Join(parts, ", ")
}
