package brief

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"popkit/internal/core/insight"
)

// maxFiles bounds how many changed files of one task are named.
const maxFiles = 40

// quotation is the part of the prompt that others' words fill.
type quotation struct {
	text         string
	insights     []string
	leftTasks    int
	leftInsights int
}

// quoted composes all quoted sections within the limit: first what this attempt
// is about, then earlier work and insights, which share what is left; what one
// of them does not need is the other's.
func (in *Input) quoted() quotation {
	room := in.Limit
	if room <= 0 {
		room = int(^uint(0) >> 2)
	}
	q := quotation{text: in.about(room)}
	room -= len(q.text)
	work, _ := in.earlier(room)
	found, _, _ := in.found(room)
	half := room / 2
	forWork := max(half, room-len(found))
	if len(work) < half {
		forWork = len(work)
	}
	work, q.leftTasks = in.earlier(forWork)
	found, q.insights, q.leftInsights = in.found(room - len(work))
	q.leftInsights += in.Left
	q.text += work + found
	return q
}

// leftOut counts what is not there and says how to see it.
func (q *quotation) leftOut(command string) string {
	var parts []string
	if q.leftTasks > 0 {
		parts = append(parts, count(q.leftTasks, "task"))
	}
	if q.leftInsights > 0 {
		parts = append(parts, count(q.leftInsights, "insight"))
	}
	if len(parts) == 0 {
		return ""
	}
	text := "Left out for lack of room: " + strings.Join(parts, " and ") + "."
	if command != "" {
		text += " See the rest with " + code(command) + "."
	}
	return text + "\n\n"
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// about says what this attempt in particular is about.
func (in *Input) about(room int) string {
	var b strings.Builder
	if in.Fix != nil {
		b.WriteString(in.Fix.section((room - b.Len()) / 2))
	}
	if in.Conflict != nil {
		b.WriteString(in.Conflict.section((room - b.Len()) / 2))
	}
	if in.Previous != nil {
		b.WriteString(in.Previous.section((room - b.Len()) / 2))
	}
	return b.String()
}

func (f *Fix) section(room int) string {
	top := fmt.Sprintf("## The check that is red\n\nWith this task's work merged, %s is not a pass. The workspace holds the merged tree.\n", code(f.Check))
	body := func(output string) string { return top + quote(f.Reason) + "\n" + quote(output) + "\n" }
	return fit(room, clean(f.Output), tail, body)
}

func (c *Conflict) section(room int) string {
	top := "## The merge that failed\n\nThe workspace holds the merge, with conflict markers, of this task's work into what was merged before it.\n"
	if len(c.Files) > 0 {
		top += "\nFiles in conflict:\n" + quote(files(c.Files))
	}
	whole := top + "\nThis task's side:\n" + c.Ours.side() + "\nThe other side:\n" + c.Theirs.side() + "\n"
	if len(whole) <= room {
		return whole
	}
	text := top + "\nThis task's side:\n" + c.Ours.short() + "\nThe other side:\n" + c.Theirs.short() + "\n"
	if len(text) <= room {
		return text
	}
	return ""
}

func (p *Previous) section(room int) string {
	var b strings.Builder
	b.WriteString("## An earlier attempt\n\n")
	fmt.Fprintf(&b, "%s worked on this task before you", line(p.Agent))
	if p.Progress > 0 {
		fmt.Fprintf(&b, ", said it was %.0f %% done,", p.Progress*100)
	}
	b.WriteString(" and was replaced.")
	at := p.Commit
	if at == "" {
		at = p.Ref
	}
	if at != "" {
		fmt.Fprintf(&b, " What it left is kept: see it with %s, and use what is good.", code("git diff HEAD "+at))
	}
	b.WriteByte('\n')
	b.WriteString(quote(p.Reason))
	if len(p.Findings) > 0 {
		b.WriteString("\nWhat the audit found in it and a person did not let pass; leave none of it in your work:\n" + quote(strings.Join(p.Findings, "\n")))
	}
	if p.Said != "" {
		b.WriteString("\nWhat the person says to that: " + strings.TrimSpace(clean(p.Said)) + "\n")
	}
	if len(p.Files) > 0 {
		b.WriteString("\nFiles it changed:\n" + quote(files(p.Files)))
	}
	top := b.String()
	return fit(room, clean(p.Summary), head, func(summary string) string {
		if summary = quote(summary); summary != "" {
			summary = "\nWhat it said:\n" + summary
		}
		return top + summary + "\n"
	})
}

// fit returns body(text) with as much of text as keeps it within room bytes, as
// cut shortens it; nothing when even body("") is too long.
func fit(room int, text string, cut func(string, int) string, body func(string) string) string {
	if whole := body(text); len(whole) <= room {
		return whole
	}
	if len(body("")) > room {
		return ""
	}
	low, high := 0, len(text) // body(cut(text, low)) fits, with high it does not
	for high-low > 1 {
		if mid := (low + high) / 2; len(body(cut(text, mid))) <= room {
			low = mid
		} else {
			high = mid
		}
	}
	return body(cut(text, low))
}

// files lists names, each in quotation marks where it needs them.
func files(names []string) string {
	shown := make([]string, 0, maxFiles)
	for _, name := range names[:min(len(names), maxFiles)] {
		if name != line(name) || strings.ContainsAny(name, ",\"") {
			name = strconv.Quote(name)
		}
		shown = append(shown, name)
	}
	text := strings.Join(shown, ", ")
	if more := len(names) - len(shown); more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}

// earlier composes the accepted work, within room bytes: the newest phase gets
// its room first, a task that does not fit is cut short, then left out.
func (in *Input) earlier(room int) (text string, left int) {
	const heading = "## Earlier work\n\n"
	order := slices.Clone(in.Phases)
	blocks := make([]string, len(in.Earlier))
	used := len(heading)
	for _, i := range in.newestFirst(order) {
		t := &in.Earlier[i]
		for _, block := range []string{t.full() + "\n", t.short() + "\n"} {
			if used+len(block) <= room {
				blocks[i], used = block, used+len(block)
				break
			}
		}
		if blocks[i] == "" {
			left++
		}
	}
	if left == len(in.Earlier) {
		return "", left
	}
	return heading + strings.Join(blocks, ""), left
}

// newestFirst returns the indexes of Earlier, those of the latest phase first.
func (in *Input) newestFirst(phases []string) []int {
	order := make([]int, len(in.Earlier))
	for i := range order {
		order[i] = i
	}
	phase := func(i int) int { return slices.Index(phases, in.Earlier[i].Phase) }
	slices.SortStableFunc(order, func(a, b int) int { return phase(b) - phase(a) })
	return order
}

// full is the task with everything that is known of it, short with the
// beginning of its summary and the number of files.
func (t *TaskSummary) full() string {
	return t.head() + quote(t.changed(len(t.Files))) + quote(t.Summary)
}

func (t *TaskSummary) short() string {
	return t.head() + quote(t.changed(0)) + quote(head(line(t.Summary), 240))
}

// side is the task as one side of a conflict: what was asked for and what came
// of it.
func (t *TaskSummary) side() string {
	asked := ""
	if t.Prompt != "" {
		asked = quote("asked for: "+t.Prompt) + ">\n"
	}
	return t.head() + asked + quote(t.changed(len(t.Files))) + quote(t.Summary)
}

func (t *TaskSummary) head() string {
	s := "Task " + line(t.Task)
	if t.Title != "" {
		s += ": " + line(t.Title)
	}
	var by []string
	for _, part := range []string{t.Phase, t.Agent, t.Commit} {
		if part = line(part); part != "" {
			by = append(by, part)
		}
	}
	if len(by) > 0 {
		s += " (" + strings.Join(by, ", ") + ")"
	}
	return s + "\n"
}

func (t *TaskSummary) changed(show int) string {
	switch {
	case len(t.Files) == 0:
		return ""
	case show == 0:
		return count(len(t.Files), "file") + " changed"
	}
	return "changed: " + files(t.Files)
}

// found composes the insights within room bytes, in their order; one that does
// not fit makes room for later ones that do.
func (in *Input) found(room int) (text string, ids []string, left int) {
	const heading = "## Insights\n\n"
	var b strings.Builder
	b.WriteString(heading)
	for _, i := range in.Insights {
		block := Quote(i) + "\n"
		if b.Len()+len(block) > room {
			left++
			continue
		}
		b.WriteString(block)
		ids = append(ids, i.ID)
	}
	if len(ids) == 0 {
		return "", nil, left
	}
	return b.String(), ids, left
}

// Quote returns one insight as an agent is shown it, in a prompt and elsewhere:
// quoted lines, the first with who found it.
func Quote(in *insight.Insight) string {
	about := []string{in.ID + " " + in.Kind + " from " + line(in.Agent)}
	if in.Phase != "" {
		about = append(about, "phase "+line(in.Phase))
	}
	if len(in.Tags) > 0 {
		about = append(about, "tags "+line(strings.Join(in.Tags, ", ")))
	}
	if in.Confidence > 0 {
		about = append(about, "confidence "+strconv.FormatFloat(in.Confidence, 'g', 2, 64))
	}
	if n := len(in.Confirmed); n > 0 {
		about = append(about, "confirmed by "+strconv.Itoa(n))
	}
	if len(in.Similar) > 0 {
		about = append(about, "similar to "+strings.Join(in.Similar, ", "))
	}
	return quote("[" + strings.Join(about, "; ") + "] " + in.Content)
}
