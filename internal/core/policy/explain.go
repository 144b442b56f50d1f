package policy

// Explanation says what a rule does.
type Explanation struct {
	Rule      string `json:"rule"`
	Meaning   string `json:"meaning"`
	Default   string `json:"default"`   // deny, ask or flag
	Configure string `json:"configure"` // the keys that change it
}

// Explain returns what a rule does; false when there is none of that name.
func Explain(rule string) (Explanation, bool) { return Explanation{}, false }

// Explanations returns all rules, in the order in which they are documented.
func Explanations() []Explanation { return nil }
