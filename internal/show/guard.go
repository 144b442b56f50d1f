package show

import (
	"fmt"
	"strings"

	"popkit/internal/core/event"
	"popkit/internal/core/view"
)

func sayGuard(d event.Data) string {
	switch d := d.(type) {
	case event.GuardJudged:
		return sayJudged(d)
	case event.AgentBreached:
		return fmt.Sprintf("%s got around the guard: %s", d.Agent, d.Reason)
	}
	return ""
}

func sayJudged(d event.GuardJudged) string {
	if d.Canary {
		return fmt.Sprintf("%s: its hook answers, the canary was told %s", d.Agent, d.Verdict)
	}
	text := fmt.Sprintf("guard, %s, %s: %s", d.Agent, d.Tool, d.Verdict)
	if d.Question != "" {
		text += " (" + d.Question + ")"
	}
	var flags []string
	for _, f := range d.Flags {
		flags = append(flags, f.Rule)
	}
	if len(flags) > 0 {
		text += ", flagged " + strings.Join(flags, ", ")
	}
	return text + because(d.Reason)
}

func always(yes bool) string {
	if yes {
		return ", always"
	}
	return ""
}

// Rules writes what people answered "always".
func Rules(list []view.Rule) string {
	if len(list) == 0 {
		return ""
	}
	rows := [][]string{{"ALWAYS", "RULE", "ABOUT", "BY"}}
	for _, r := range list {
		rows = append(rows, []string{r.Answer, r.Rule, Line(r.Subject), r.By + " (" + r.Question + ")"})
	}
	return Table(rows, 0)
}

// plans says how it stands with the plans of agents that have to present one.
func plans(v view.Status) string {
	var b strings.Builder
	for _, a := range v.Agents {
		if a.Plan != "" && a.State == "running" {
			fmt.Fprintf(&b, "plan       %s: %s\n", a.ID, Line(a.Plan))
		}
	}
	return b.String()
}

// layers says which layers hold the agents that are at work, one line a
// combination, so that a thousand agents held alike are one line.
func layers(v view.Status) string {
	var order []view.Layers
	who := map[view.Layers][]string{}
	for _, a := range v.Agents {
		if a.State != "running" {
			continue
		}
		if who[a.Layers] == nil {
			order = append(order, a.Layers)
		}
		who[a.Layers] = append(who[a.Layers], a.ID)
	}
	var b strings.Builder
	for _, l := range order {
		fmt.Fprintf(&b, "held       %s: hook %s, permission %s, sandbox %s, audit %s\n", list(who[l], 5), l.Hook, l.Permission, l.Sandbox, l.Audit)
	}
	return b.String()
}
