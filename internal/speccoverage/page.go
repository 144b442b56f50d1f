package speccoverage

import (
	"fmt"
	"strings"
)

// A Row is one line of the page.
type Row struct {
	Line   int    // in the page
	ID     string // the unit's
	Text   string // the unit's words
	Status string // "test: …", "changed: …" or "open: …"
	Where  string // where it lives, or will
}

const tableHead = "| id | the spec's words | status | where |"

// Parse reads the page's rows. Everything but tables with that head is prose.
func Parse(page string) []Row {
	var rows []Row
	table := false
	for i, line := range strings.Split(page, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == tableHead:
			table = true
		case !strings.HasPrefix(line, "|"):
			table = false
		case table && !separator.MatchString(line):
			c := append(cells(line), "", "", "", "")
			rows = append(rows, Row{Line: i + 1, ID: c[0], Text: c[1], Status: c[2], Where: c[3]})
		}
	}
	return rows
}

// Format writes the tables anew: the units in order, with what the rows say of
// them. A unit without a row, or whose row says nothing, is open. What stands
// before the first section is kept.
func Format(page string, units []Unit) string {
	byID := map[string]Row{}
	for _, r := range Parse(page) {
		byID[r.ID] = r
	}
	intro, _, _ := strings.Cut(page, "\n## ")
	var b strings.Builder
	b.WriteString(strings.TrimRight(intro, "\n") + "\n")
	section := ""
	for _, u := range units {
		if u.Section != section {
			section = u.Section
			fmt.Fprintf(&b, "\n## %s\n\n%s\n|---|---|---|---|\n", section, tableHead)
		}
		r := byID[u.ID]
		if r.Status == "" {
			r.Status = "open: unsorted"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", u.ID, escape(u.Text), escape(r.Status), escape(r.Where))
	}
	return b.String()
}

func escape(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
