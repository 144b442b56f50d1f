package policy

// Explanation says what a rule does.
type Explanation struct {
	Rule      string `json:"rule"`
	Meaning   string `json:"meaning"`
	Default   string `json:"default"`   // deny, ask or flag
	Configure string `json:"configure"` // the keys that change it
	Hint      string `json:"hint"`      // what an agent is told to do instead
}

// PlanRequired is the rule that an agent may only read until its plan is approved.
const PlanRequired = "plan_required"

// planRequired is no rule of a Spec: which agents it is about, and whether it holds,
// follows from their roles (core/approval).
var planRequired = Explanation{Rule: PlanRequired, Default: "deny", Configure: "roles.NAME.plan_required, plan_required in the role's file",
	Meaning: "a call that is more than reading, by an agent whose role has to present a plan, before a person has approved it",
	Hint:    "present your plan, and wait for the answer: popkit plan present -, with the plan on standard input, or the tool present_plan"}

// Explain returns what a rule does; false when there is none of that name.
func Explain(name string) (Explanation, bool) {
	r, _, ok := ruleNamed(name)
	if !ok {
		if name == PlanRequired {
			return planRequired, true
		}
		return Explanation{}, false
	}
	does := r.does.String()
	if r.flags {
		does = "flag"
	}
	return Explanation{Rule: r.name, Meaning: r.meaning, Default: does, Configure: r.configure, Hint: r.hint}, true
}

// Explanations returns all rules, in the order in which they go before one another.
func Explanations() []Explanation {
	var out []Explanation
	for _, r := range table {
		if e, ok := Explain(r.name); ok {
			out = append(out, e)
		}
	}
	return append(out, planRequired)
}

// RuleNames are the names of all rules.
func RuleNames() []string {
	out := make([]string, len(table))
	for i, r := range table {
		out[i] = r.name
	}
	return out
}
