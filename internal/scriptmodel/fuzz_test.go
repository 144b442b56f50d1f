package scriptmodel

import "testing"

// FuzzReadBody: whatever a client sends is read or refused.
func FuzzReadBody(f *testing.F) {
	for _, seed := range []string{
		`{"messages":[{"role":"user","content":"@@a@@"}]}`,
		`{"messages":[{"role":"user","content":[{"type":"text","text":"@@a@@"}]},{"role":"assistant","content":[]},
		  {"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"@@b@@"}]}]},{"role":"system","content":"x"}]}`,
		`{"messages":[{"role":"user","content":7}]}`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	script := &Script{Rules: []Rule{{Name: "a", Marker: "@@a@@", Steps: make([]Step, 1)}, {Name: "b", Marker: "@@b@@", Steps: make([]Step, 2), Loop: true}}}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, turns, err := readBody(data)
		if err != nil {
			return
		}
		rule, step := script.chosen(turns)
		if rule != nil && (step < 0 || rule.Loop && step >= len(rule.Steps)) {
			t.Errorf("rule %s, step %d", rule.Name, step)
		}
		all, fresh := heard(turns)
		if len(fresh) > len(all) {
			t.Errorf("more is new than there is: %q and %q", fresh, all)
		}
	})
}
