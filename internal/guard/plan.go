package guard

import (
	"popkit/internal/core/policy"
	"popkit/internal/core/policy/readonly"
	"popkit/internal/core/policy/shell"
)

// onlyReads denies a call that is more than reading, and leaves the rules' verdict on
// any other.
func (d *desk) onlyReads(c policy.Call, v policy.Verdict) policy.Verdict {
	dir := c.Cwd
	if dir == "" {
		dir = d.seat.Workspace
	}
	why := readonly.Call(c.Tool, c.Input, shell.Options{
		Dir: dir, Home: d.seat.Home, Tmp: d.seat.Tmp, Top: d.seat.Workspace, Branch: d.branch(),
	})
	if why == "" {
		return v
	}
	rule, _ := policy.Explain(policy.PlanRequired)
	return policy.Verdict{
		Decision: policy.Deny, Rule: rule.Rule, Subject: c.Tool, Hint: rule.Hint,
		Reason: rule.Rule + ": your plan is not approved yet, and until then you may only read: " + why,
	}
}
