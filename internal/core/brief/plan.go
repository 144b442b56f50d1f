package brief

import (
	"fmt"
	"strings"

	"popkit/internal/core/event"
)

// Plan is what stands about the plan that the role has to present before it may
// change anything. A plan is never cut, and takes no room of Input.Limit.
type Plan struct {
	Approved bool   // Text may be gone by
	Agent    string // who presented it; "": nobody did yet
	Text     string
	By, Note string // who answered, and what they added
}

// plan says what an agent has to do before it may change anything, or by which plan
// it goes.
func (in *Input) plan() string {
	p := in.Plan
	if p == nil || in.Task.NoCode && !in.repairs() {
		return ""
	}
	var b strings.Builder
	if p.Approved {
		fmt.Fprintf(&b, "## The approved plan\n\n%s has approved the plan below, which %s presented. It is quoted, as an agent wrote it, and you go by "+
			"it all the same; what has to be otherwise is a question to a person.\n\n%s%s\n", p.who(), line(p.Agent), p.noted(), quote(p.Text))
		return b.String()
	}
	fmt.Fprintf(&b, "## First a plan\n\nYou may change nothing before a person has approved your plan: read and search, then present it. %s. "+
		"Until then every call that is more than reading is denied, and work without an approved plan is not taken.\n\n"+
		"Say what you will change, in which files, in which order, what you decided against, what may go wrong, and which commands will "+
		"show that it works. A person reads it: no more than a page. The answer is approve, perhaps with a note to heed; revise, with what "+
		"is to be changed, after which you present it again; or no, and you are stopped.\n\n", in.ways().plan)
	if p.Agent != "" {
		fmt.Fprintf(&b, "%s presented this plan before you, and %s did not approve it.\n\n%s%s\n", line(p.Agent), p.who(), p.noted(), quote(p.Text))
	}
	return b.String()
}

// who answered: a person, or the policy that one configured.
func (p *Plan) who() string {
	if p.By == event.ByPolicy {
		return "the run's policy"
	}
	return line(p.By)
}

// noted is what who answered added: their word, not an agent's.
func (p *Plan) noted() string {
	if strings.TrimSpace(p.Note) == "" || p.By == event.ByPolicy {
		return ""
	}
	return fmt.Sprintf("They add: %s\n\n", line(p.Note))
}
