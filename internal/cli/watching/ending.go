package watching

import (
	"fmt"
	"strings"
	"time"

	"popkit/internal/core/budget"
	"popkit/internal/core/view"
	"popkit/internal/show"
)

// ending says how an agent did, in a line.
func ending(a view.Agent, now time.Time) string {
	parts := []string{a.State}
	if a.Reason != "" {
		parts[0] += " (" + show.Line(a.Reason) + ")"
	}
	if !a.Started.IsZero() {
		end := a.Ended
		if end.IsZero() {
			end = now
		}
		parts = append(parts, show.Took(end.Sub(a.Started)))
	}
	parts = append(parts, show.Count(a.ToolCalls, "tool call"))
	denied := a.Verdicts.Denied + a.Verdicts.Refused
	if a.Layers.Hook == "proved" {
		denied-- // the canary, which is there to be denied
	}
	if denied > 0 {
		parts = append(parts, fmt.Sprintf("%d denied", denied))
	}
	if a.Turns > 0 {
		parts = append(parts, show.Count(int(a.Turns), "turn"))
	}
	if a.Tokens > 0 || a.CostUSD > 0 {
		parts = append(parts, fmt.Sprintf("%s tokens, $%.2f", budget.Grouped(a.Tokens), a.CostUSD))
	}
	return a.ID + ": " + strings.Join(parts, ", ")
}
