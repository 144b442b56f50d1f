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
// unknown name gets an implementer. Explorers, architects and reviewers change
// no files: what they find reaches the others as summaries and insights.
func Defaults(obj Objective, phaseNames []string) []Phase {
	if len(phaseNames) == 0 {
		phaseNames = DefaultPhases()
	}
	used := map[string]bool{}
	phases := make([]Phase, len(phaseNames))
	for i, name := range phaseNames {
		phases[i] = Phase{Name: name, Tasks: []Task{defaultTask(obj, name, used)}}
	}
	return phases
}

func defaultTask(obj Objective, phase string, used map[string]bool) Task {
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
		Prompt: defaultPrompt(obj, phase, w),
		Tags:   []string{id},
		NoCode: w.noCode,
	}
}

func defaultPrompt(obj Objective, phase string, w roleWork) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Objective: %s\n\n", strings.TrimSpace(obj.Description))
	if len(obj.SuccessCriteria) > 0 {
		b.WriteString("It is met when:\n")
		for _, c := range obj.SuccessCriteria {
			fmt.Fprintf(&b, "- %s\n", c.Text)
		}
		b.WriteString("\n")
	}
	if p := obj.Boundaries.FilePatterns; len(p) > 0 && !w.noCode {
		fmt.Fprintf(&b, "Change only files that match: %s\n\n", strings.Join(p, ", "))
	}
	fmt.Fprintf(&b, "Your part, the phase %q: %s\n", phase, w.prompt)
	return b.String()
}

// RoleOf returns the default role for a phase of the given name.
func RoleOf(phase string) string {
	if role, ok := roleOfPhase[strings.ToLower(strings.TrimSpace(phase))]; ok {
		return role
	}
	return "implementer"
}

var roleOfPhase = map[string]string{
	"explore": "explorer", "exploration": "explorer", "research": "explorer", "discover": "explorer",
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

var work = map[string]roleWork{
	"explorer": {"Explore the code", `find out what the others need to know before they design and build.
Read the code, the tests, the build and the documentation around the objective: what exists already and where, which
conventions it follows, what depends on it, what will be hard. Share each finding as an insight with the paths it is
about and fitting tags, as soon as you have it. Change no files. End with a summary: what exists, what is missing, the
risks, and the questions that are open.`, true},
	"architect": {"Design the solution", `decide how the objective is built, on the ground of what was explored.
Name the parts, where each lives, the interfaces between them, the data they keep, how errors are handled and how each
success criterion is tested. Prefer what the project does already; say what you decided against, and why. Share each
decision that others must follow as an insight. Change no files. End with the design as your summary, short enough to
be read by everyone who builds it.`, true},
	"implementer": {"Implement the solution", `build what the objective asks for, along the design if there is one.
Follow the conventions of the project. Keep changes to what is needed; leave nothing half done, no dead code, no
placeholder. Build it and run the existing tests before you end. Share what others must know (a new interface, a trap,
a decision that differs from the design) as an insight. End with a summary of what you changed and what is left.`, false},
	"tester": {"Test the solution", `show by automated tests that each success criterion holds.
Write the tests in the project's own style and framework: the normal case, the edges, the failures. A test must be able
to fail: check that it does when the code is wrong. Run the whole test suite. Where a test finds a defect, fix it if it
is small and say so, otherwise share it as a blocker. Never weaken or skip a test to get it green. End with a summary:
what is covered, what is not, what you found.`, false},
	"documenter": {"Document the solution", `bring the documentation in line with what was built.
Say what it does, how to use it with an example that works, how to configure it, and what it does not do. Update what
has become wrong, in the places where the project keeps its documentation. Check every command and path that you write.
End with a summary of the pages that you changed.`, false},
	"reviewer": {"Review the changes", `review everything that this run changed, as a whole.
Go through the success criteria one by one and say for each whether it is met, and by which evidence. Look for defects,
missing error handling, security problems, tests that prove nothing, and documentation that is wrong. Name file and
line for each finding, the worst first. Share what must not be merged as it is as a blocker. Change no files. End with
your verdict.`, true},
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
