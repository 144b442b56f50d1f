package scriptmodel

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"popkit/internal/strictyaml"
)

// Parse reads a script: YAML or JSON, every key known, every name that is used
// given. File is what messages call it.
func Parse(file string, data []byte) (*Script, error) {
	root, d, err := strictyaml.Open(file, data)
	if err != nil {
		return nil, err
	}
	s := &Script{}
	d.Decode(root, s, "")
	s.check(d)
	if err := d.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// FromNode takes any value as JSON.
func (v *Value) FromNode(d *strictyaml.Decoder, n *strictyaml.Node, path string) {
	plain, err := plain(n)
	if err != nil {
		d.Fail(n, path, fmt.Sprintf("%s: %v", strictyaml.Last(path), err), "")
		return
	}
	data, err := json.Marshal(plain)
	if err != nil {
		d.Fail(n, path, fmt.Sprintf("%s: %v", strictyaml.Last(path), err), "")
		return
	}
	*v = data
}

func plain(n *strictyaml.Node) (any, error) {
	switch n.Kind {
	case strictyaml.Null:
		return nil, nil
	case strictyaml.String:
		return n.Text, nil
	case strictyaml.Bool:
		return n.Text == "true", nil
	case strictyaml.Int:
		return strconv.ParseInt(n.Text, 0, 64)
	case strictyaml.Float:
		return strconv.ParseFloat(n.Text, 64)
	case strictyaml.List:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			v, err := plain(item)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case strictyaml.Map:
		table := map[string]any{}
		for _, e := range n.Entries {
			v, err := plain(e.Value)
			if err != nil {
				return nil, err
			}
			table[e.Key] = v
		}
		return table, nil
	}
	return nil, errors.New("not a value")
}

// check reports what decoding can't see, and fills in what follows.
func (s *Script) check(d *strictyaml.Decoder) {
	if len(s.Rules) == 0 {
		d.Report("rules", "no rules: nobody would answer", "")
	}
	var names []string
	for i := range s.Rules {
		r, at := &s.Rules[i], strictyaml.Index("rules", i)
		if r.Name == "" || slices.Contains(names, r.Name) {
			d.Report(strictyaml.Join(at, "name"), fmt.Sprintf("a rule needs a name of its own, not %q", r.Name), "")
		}
		names = append(names, r.Name)
		if r.Marker == "" {
			r.Marker = "@@" + r.Name + "@@"
		}
		if len(r.Steps) == 0 {
			d.Report(strictyaml.Join(at, "steps"), fmt.Sprintf("rule %s has no steps", r.Name), "")
		}
	}
	for i := range s.Rules {
		for j := range s.Rules[i].Steps {
			at := strictyaml.Index(strictyaml.Join(strictyaml.Index("rules", i), "steps"), j)
			s.checkStep(d, at, &s.Rules[i].Steps[j])
		}
	}
	for i := range s.Expect {
		s.checkExpectation(d, strictyaml.Index("expect", i), &s.Expect[i])
	}
}

func (s *Script) checkStep(d *strictyaml.Decoder, at string, step *Step) {
	if step.Tool == "" && step.Input != nil {
		d.Report(strictyaml.Join(at, "input"), "an input without its tool", "")
	}
	for _, call := range step.Tools {
		if call.Tool == "" {
			d.Report(strictyaml.Join(at, "tools"), "a call without its tool", "")
		}
	}
	for _, a := range step.After {
		s.checkAt(d, strictyaml.Join(at, "after"), a)
	}
	f := step.Fail
	if step.Text == "" && len(step.calls()) == 0 && (f == nil || f.Times > 0) {
		d.Report(at, "a step needs a text or a tool", "a step that only fails has fail without times")
	}
	if f == nil {
		return
	}
	at = strictyaml.Join(at, "fail")
	ways := 0
	for _, is := range []bool{f.Status != 0, f.Broken != "", f.Hang != ""} {
		if is {
			ways++
		}
	}
	if ways != 1 {
		d.Report(at, "a failure is one of status, broken and hang", "")
	}
	if f.Status != 0 && (f.Status < 400 || f.Status > 599) {
		d.Report(strictyaml.Join(at, "status"), fmt.Sprintf("%d is not the status of an error", f.Status), "")
	}
	if !slices.Contains([]string{"", "error", "cut"}, f.Broken) {
		d.Report(strictyaml.Join(at, "broken"), fmt.Sprintf("broken is error or cut, not %q", f.Broken), "")
	}
	if !slices.Contains([]string{"", "start", "middle"}, f.Hang) {
		d.Report(strictyaml.Join(at, "hang"), fmt.Sprintf("hang is start or middle, not %q", f.Hang), "")
	}
}

func (s *Script) checkExpectation(d *strictyaml.Decoder, at string, e *Expectation) {
	step := max(e.Step, 1)
	s.checkAt(d, strictyaml.Join(at, "rule"), At{e.Rule, step})
	if e.After.Rule != "" {
		s.checkAt(d, strictyaml.Join(at, "after"), e.After)
	}
	if !e.Found.given() && !e.Once.given() && !e.Never.given() && !e.System.given() && !e.Model.given() &&
		len(e.Tools) == 0 && len(e.Without) == 0 && e.Requests == nil && e.Sessions == nil {
		d.Report(at, "expects nothing", "say what is found, once, never, …")
	}
}

// checkAt reports a step that no rule has. A rule's end, one after its last
// step, is not asked for either.
func (s *Script) checkAt(d *strictyaml.Decoder, path string, a At) {
	i := slices.IndexFunc(s.Rules, func(r Rule) bool { return r.Name == a.Rule })
	if i < 0 {
		d.Report(path, fmt.Sprintf("there is no rule %q", a.Rule), "")
	} else if n := len(s.Rules[i].Steps); a.Step > n {
		d.Report(path, fmt.Sprintf("rule %s has %d steps, not %d", a.Rule, n, a.Step), "")
	}
}
