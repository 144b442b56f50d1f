package planfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"popkit/internal/core/objective"
)

// Format writes a valid plan as YAML that Parse reads to the same plan. Long
// texts are written as blocks, so that a person can edit them.
func Format(p objective.Plan) ([]byte, error) {
	if problems := objective.Validate(p); len(problems) > 0 {
		return nil, fmt.Errorf("not a valid plan: %v", problems[0])
	}
	w := &writer{}
	w.key(0, "objective")
	w.objective(p.Objective)
	w.key(0, "phases")
	for _, ph := range p.Phases {
		w.phase(ph)
	}
	if err := w.limits(p.Limits); err != nil {
		return nil, err
	}
	w.text(0, "on_conflict", string(p.OnConflict))
	w.text(0, "on_barrier_timeout", string(p.OnBarrierTimeout))
	return w.b.Bytes(), nil
}

// writer writes block YAML, indented by two blanks a level.
type writer struct{ b bytes.Buffer }

func (w *writer) line(depth int, s string) {
	w.b.WriteString(strings.Repeat("  ", depth))
	w.b.WriteString(s)
	w.b.WriteByte('\n')
}

func (w *writer) key(depth int, key string) { w.line(depth, key+":") }

// text writes a key with text, unless that is "".
func (w *writer) text(depth int, key, s string) {
	if s == "" {
		return
	}
	if head, ok := blockHead(s); ok {
		w.line(depth, key+": "+head)
		for line := range strings.Lines(s) {
			if line = strings.TrimSuffix(line, "\n"); line == "" {
				w.b.WriteByte('\n')
			} else {
				w.line(depth+1, line)
			}
		}
		return
	}
	w.line(depth, key+": "+scalar(s))
}

// list writes a key with a list of texts on one line, unless that is empty.
func (w *writer) list(depth int, key string, list []string) {
	if len(list) == 0 {
		return
	}
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = scalar(s)
	}
	w.line(depth, key+": ["+strings.Join(quoted, ", ")+"]")
}

func (w *writer) objective(o objective.Objective) {
	w.text(1, "description", o.Description)
	if len(o.SuccessCriteria) > 0 {
		w.key(1, "success_criteria")
	}
	for _, c := range o.SuccessCriteria {
		if c.Check == nil {
			w.line(2, "- "+scalar(c.Text))
			continue
		}
		w.line(2, "- text: "+scalar(c.Text))
		w.line(3, "check: "+check1(*c.Check))
	}
	if len(o.Boundaries.FilePatterns)+len(o.Boundaries.RestrictedTools) > 0 {
		w.key(1, "boundaries")
		w.list(2, "file_patterns", o.Boundaries.FilePatterns)
		w.list(2, "restricted_tools", o.Boundaries.RestrictedTools)
	}
}

func (w *writer) phase(ph objective.Phase) {
	w.line(1, "- name: "+scalar(ph.Name))
	if len(ph.Checks) > 0 {
		w.key(2, "checks")
		for _, c := range ph.Checks {
			w.line(3, "- "+check1(c))
		}
	}
	if len(ph.Tasks) == 0 {
		return
	}
	w.key(2, "tasks")
	for _, t := range ph.Tasks {
		w.line(3, "- id: "+scalar(t.ID))
		w.text(4, "role", t.Role)
		w.line(4, "title: "+scalar(t.Title))
		w.text(4, "prompt", t.Prompt)
		w.list(4, "scope", t.Scope)
		w.list(4, "needs", t.Needs)
		w.list(4, "tags", t.Tags)
		if t.NoCode {
			w.line(4, "no_code: true")
		}
		w.text(4, "overlap", t.Overlap)
		w.text(4, "runtime", t.Runtime)
	}
}

// check1 is a check on one line.
func check1(c objective.Check) string {
	if c.Expect == "" && c.Timeout == 0 {
		return scalar(c.Run)
	}
	s := "{run: " + scalar(c.Run)
	if c.Expect != "" {
		s += ", expect: " + scalar(c.Expect)
	}
	if c.Timeout != 0 {
		s += ", timeout: " + time.Duration(c.Timeout).String()
	}
	return s + "}"
}

// limits writes those that are set, in the order of their struct: their JSON is
// their YAML.
func (w *writer) limits(l objective.Limits) error {
	if l == (objective.Limits{}) {
		return nil
	}
	raw, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("limits: %w", err)
	}
	w.key(0, "limits")
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	for {
		tok, err := dec.Token()
		if err != nil {
			return nil // the end
		}
		key, ok := tok.(string)
		if !ok {
			continue
		}
		value, err := dec.Token()
		if err != nil {
			return fmt.Errorf("limits: %w", err)
		}
		w.line(1, fmt.Sprintf("%s: %v", key, value))
	}
}

var plainWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./()-]+)*$`)

// scalar is text on one line: plain where every YAML reader takes it for text,
// else in double quotes.
func scalar(s string) string {
	switch strings.ToLower(s) {
	case "true", "false", "null", "y", "n", "yes", "no", "on", "off":
	default:
		if plainWord.MatchString(s) {
			return s
		}
	}
	return quote(s)
}

// quote writes a double-quoted scalar that holds in YAML as in JSON.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case strconv.IsPrint(r) && r != '\u0085' && r != '\u2028' && r != '\u2029':
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// blockHead says whether text of several lines can be written as a block, and
// how that begins: "|" ends in one line break, "|-" in none.
func blockHead(s string) (head string, ok bool) {
	body, broken := strings.CutSuffix(s, "\n")
	if !strings.Contains(body, "\n") || strings.HasSuffix(body, "\n") || !utf8.ValidString(s) {
		return "", false
	}
	for i, line := range strings.Split(body, "\n") {
		// Blanks at the end of a line are lost on some readers, and on people.
		if strings.TrimRight(line, " \t") != line || i == 0 && (line == "" || line[0] == ' ') || strings.HasPrefix(line, "\t") {
			return "", false
		}
		for _, r := range line {
			if r != '\t' && (!strconv.IsPrint(r) || r == '\ufeff') {
				return "", false
			}
		}
	}
	if broken {
		return "|", true
	}
	return "|-", true
}
