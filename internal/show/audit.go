package show

import (
	"fmt"
	"strings"

	"popkit/internal/core/event"
)

// Findings writes what the audit found, each with its hunk; left is how many more
// there are.
func Findings(list []event.Finding, left int) string {
	var b strings.Builder
	for _, f := range list {
		mark := "-"
		if !f.Blocks() {
			mark = "- note:"
		}
		fmt.Fprintf(&b, "%s %s (%s)\n", mark, Line(f.Text), f.Rule)
		for l := range strings.SplitSeq(strings.TrimSuffix(clean(f.Hunk), "\n"), "\n") {
			if l != "" {
				b.WriteString("    " + l + "\n")
			}
		}
	}
	if left > 0 {
		fmt.Fprintf(&b, "- and %s that the log does not list\n", Count(left, "more finding"))
	}
	return b.String()
}
