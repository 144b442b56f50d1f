package toolbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"popkit/internal/api"
)

// args are a call's arguments. Models get types wrong now and then; where what was
// meant is plain it is taken: a list given as one text, a number in quotes.
type args map[string]json.RawMessage

// read reads a call's arguments and wants those that the tool needs.
func (t tool) read(raw json.RawMessage) (args, error) {
	a := args{}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &a); err != nil {
			return nil, fmt.Errorf("the arguments are no JSON object: %w", err)
		}
	}
	for name := range a {
		if !slices.ContainsFunc(t.fields, func(f field) bool { return f.name == name }) {
			return nil, fmt.Errorf("%s takes no %q (%s)", t.name, name, t.takes())
		}
	}
	for _, f := range t.fields {
		if f.need && a.absent(f.name) {
			return nil, fmt.Errorf("%s is missing (%s)", f.name, t.takes())
		}
		if given := a.text(f.name); f.oneOf != nil && given != "" && !slices.Contains(f.oneOf, given) {
			return nil, fmt.Errorf("%s %q is none of %s", f.name, given, strings.Join(f.oneOf, ", "))
		}
	}
	return a, nil
}

// takes lists the arguments of a tool.
func (t tool) takes() string {
	names := make([]string, len(t.fields))
	for i, f := range t.fields {
		if names[i] = f.name; !f.need {
			names[i] = "[" + f.name + "]"
		}
	}
	return t.name + " takes " + strings.Join(names, ", ")
}

func (a args) absent(name string) bool {
	raw, ok := a[name]
	return !ok || string(raw) == "null" || string(raw) == `""`
}

// text is a text, or another value as it was written.
func (a args) text(name string) string {
	if a.absent(name) {
		return ""
	}
	var s string
	if json.Unmarshal(a[name], &s) == nil {
		return strings.TrimSpace(s)
	}
	return string(a[name])
}

// texts is a list of texts, also one that was given as one text with separators.
func (a args) texts(name, separators string) ([]string, error) {
	if a.absent(name) {
		return nil, nil
	}
	var list []string
	if json.Unmarshal(a[name], &list) == nil {
		return list, nil
	}
	var one string
	if err := json.Unmarshal(a[name], &one); err != nil {
		return nil, fmt.Errorf("%s is no list of texts", name)
	}
	if json.Unmarshal([]byte(one), &list) == nil { // a list in quotes
		return list, nil
	}
	for part := range strings.FieldsFuncSeq(one, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list, nil
}

// share is a number from 0 to 1, also one that was given in percent.
func (a args) share(name string) (*float64, error) {
	if a.absent(name) {
		return nil, nil
	}
	text := a.text(name)
	bare, percent := strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(strings.TrimSpace(bare), 64)
	if err != nil {
		return nil, fmt.Errorf("%s %s is no number from 0 to 1", name, text)
	}
	if percent || n > 1 && n <= 100 {
		n /= 100
	}
	if !(n >= 0 && n <= 1) { // so that NaN is refused, too
		return nil, fmt.Errorf("%s %s is not between 0 and 1", name, text)
	}
	return &n, nil
}

func (a args) yes(name string) (bool, error) {
	if a.absent(name) {
		return false, nil
	}
	yes, err := strconv.ParseBool(strings.ToLower(a.text(name)))
	if err != nil {
		return false, fmt.Errorf("%s is true or false, not %s", name, a.text(name))
	}
	return yes, nil
}

// problem says an error to a model, with the way on.
func problem(err error) string {
	var wire *api.Error
	if errors.As(err, &wire) && wire.Kind == api.KindInternal {
		return "popkit could not do that: " + wire.Text + ". Go on without it, and say so in your report."
	}
	return "Not done: " + err.Error()
}
