package objective

import (
	"fmt"
	"strings"
	"unicode"
)

// DefaultPhases are the phases of an objective that comes without a plan.
func DefaultPhases() []string {
	return []string{"explore", "design", "implement", "test", "document", "review"}
}

// Defaults returns phases with the given names (DefaultPhases when there are
// none), each with one task of the role that fits its name; a phase of an
// unknown name gets an implementer. Explorers, researchers, architects and reviewers
// change no files: what they find reaches the others as summaries and insights.
func Defaults(phaseNames []string) []Phase {
	if len(phaseNames) == 0 {
		phaseNames = DefaultPhases()
	}
	used := map[string]bool{}
	phases := make([]Phase, len(phaseNames))
	for i, name := range phaseNames {
		phases[i] = Phase{Name: name, Tasks: []Task{defaultTask(name, used)}}
	}
	return phases
}

func defaultTask(phase string, used map[string]bool) Task {
	role := RoleOf(phase)
	w := work[role]
	id := slug(phase)
	if CheckID(id) != nil {
		id = role
	}
	for base, n := id, 2; used[id]; n++ {
		id = fmt.Sprintf("%s-%d", base, n)
	}
	used[id] = true
	return Task{
		ID:     id,
		Role:   role,
		Title:  w.title,
		Prompt: w.prompt,
		Tags:   []string{id},
		NoCode: w.noCode,
	}
}

// RoleOf returns the default role for a phase of the given name.
func RoleOf(phase string) string {
	if role, ok := roleOfPhase[strings.ToLower(strings.TrimSpace(phase))]; ok {
		return role
	}
	return "implementer"
}

var roleOfPhase = map[string]string{
	"explore": "explorer", "exploration": "explorer", "research": "researcher", "discover": "explorer",
	"discovery": "explorer", "analyze": "explorer", "analyse": "explorer", "analysis": "explorer",
	"investigate": "explorer", "understand": "explorer", "map": "explorer",
	"design": "architect", "architect": "architect", "architecture": "architect", "plan": "architect",
	"planning": "architect", "spec": "architect", "specify": "architect",
	"implement": "implementer", "implementation": "implementer", "build": "implementer", "code": "implementer",
	"develop": "implementer", "fix": "implementer", "refactor": "implementer", "integrate": "implementer",
	"test": "tester", "tests": "tester", "testing": "tester", "qa": "tester", "verify": "tester", "validate": "tester",
	"document": "documenter", "documentation": "documenter", "docs": "documenter", "doc": "documenter",
	"review": "reviewer", "audit": "reviewer", "check": "reviewer",
}

type roleWork struct {
	title, prompt string
	noCode        bool
}

// work is what the objective asks of each role in a phase of its own. How a role goes
// about it, and what done means, is the role's affair (internal/role).
var work = map[string]roleWork{
	"explorer": {"Explore the code", `Find out what the others have to know before they design and build what the objective asks for: what of it
exists already and where, which conventions hold there, what depends on it, what will be hard. Change no files.`, true},
	"researcher": {"Research the ground", `Find out what is known outside of this repository that decides how the objective is built: documentation,
standards, what others chose and why, with the sources. Change no files.`, true},
	"architect": {"Design the solution", `Decide how the objective is built, on the ground of what was explored: the parts, where each lives, the
interfaces between them, the data they keep, how errors are handled, and how each success criterion is shown. Change no files.`, true},
	"implementer": {"Implement the solution", `Build what the objective asks for, along the design if there is one. Build it and run the existing tests
before you end.`, false},
	"tester": {"Test the solution", `Show by automated tests that each success criterion of the objective holds. A defect that is small you may mend,
and say so; any other is a blocker.`, false},
	"documenter": {"Document the solution", `Bring the documentation in line with what was built for the objective: what it does, how to use it, with an
example that works, how to configure it, what it does not do, and whatever has become wrong elsewhere.`, false},
	"reviewer": {"Review the changes", `Review everything that this run changed, as a whole, against the objective and each of its success criteria.
End with your verdict. Change no files.`, true},
}

// slug makes an ID of words: "Map the code" becomes "map-the-code".
func slug(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		if r < unicode.MaxASCII && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9') {
			b.WriteRune(r)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
	}
	id := strings.TrimRight(b.String(), "-")
	return strings.TrimRight(id[:min(len(id), 40)], "-")
}
