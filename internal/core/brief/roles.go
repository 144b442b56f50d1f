package brief

import (
	"fmt"
	"strings"

	"popkit/internal/core/event"
)

// guidance is what each known role is for and what proves that it is done.
var guidance = map[string]string{
	"explorer": "Find out what is there: where things are, how they fit, what is in the way. Read and run; do not change the code. " +
		"Share each finding as an insight at once, with the path it is about, since others act on it while you go on. " +
		"You are done when somebody who has read only your report can start the next phase without searching again.",
	"researcher": "Find out what is known: documentation, standards, what others chose and why. Tell apart what you read, with its source, " +
		"from what you conclude. You are done when the question has an answer with its reasons and its risks, " +
		"or when you can say what is missing to answer it.",
	"architect": "Decide how it is to be built so that several agents can build it at once: the parts, their names, the interfaces between " +
		"them, the files each part owns. Prefer what the code base does already. You are done when every part can be built " +
		"from your report alone, and each decision that somebody may want to revisit has its reason.",
	"implementer": "Build what the task says, in the style of the code around it, no more than that. Share names and interfaces that others " +
		"need as soon as they are there. You are done when the change is in the workspace, the project builds, its tests pass and " +
		"you have run what you built; say which commands showed it.",
	"tester": "Write tests that would fail if the behaviour were wrong: the ordinary case, the edges, the errors. Test what the objective " +
		"asks for, not what the code happens to do. You are done when the tests are in the workspace and you have seen each one run; " +
		"a failure that shows a real defect is a result: share it as a blocker, and never bend a test to make it pass.",
	"reviewer": "Look for what is wrong or missing: errors in behaviour, unhandled cases, security, broken promises to callers, tests that " +
		"can't fail. Read the whole diff and the code it touches, and run it. You are done when each finding is in your report with file, " +
		"line, what goes wrong and how bad it is, and when what you could not check is named too. No finding is a result as well.",
	"documenter": "Write what a reader needs to use and change this: what it is for, how to run it, what surprises. Describe what the code does " +
		"now, and try every command you write down. You are done when the documents are in the workspace and every example in them was run.",
	"security-auditor": "Look for what an attacker could use: input that is trusted, secrets that leak, rights that are too wide, dependencies with " +
		"known holes. Show how each could be used; do not use it. You are done when each finding has its place, its consequence and its " +
		"remedy, ordered by severity, and when what you did not look at is named. Share a severe one as a blocker at once.",
	"resolver": "Bring two changes together so that both do what they were meant to do. Understand both before you edit; taking one side is " +
		"right only when it holds all of the other. You are done when no conflict marker is left, the project builds and the tests of both sides pass.",
	"fixer": "Find the cause before you change anything, and repair the cause. Keep the change small. You are done when you have " +
		"run the failing command yourself and seen it pass, with nothing taken out of it.",
}

// general is for roles that popkit does not know.
const general = "Do what the task says, no more than that. You are done when the result is in the workspace, or in your report where the task " +
	"changes no file, and you have seen it work; say how."

// sameAs are other names for the known roles.
var sameAs = map[string]string{
	"code-explorer": "explorer", "analyst": "explorer", "code-architect": "architect", "designer": "architect", "planner": "architect",
	"rapid-prototyper": "implementer", "developer": "implementer", "builder": "implementer", "coder": "implementer",
	"test-writer": "tester", "qa": "tester", "code-reviewer": "reviewer", "auditor": "reviewer",
	"docs-maintainer": "documenter", "writer": "documenter", "security": "security-auditor", "merger": "resolver", "debugger": "fixer",
}

func (in *Input) role() string {
	role := in.Role
	switch in.Purpose {
	case event.PurposeFix:
		role = "fixer"
	case event.PurposeResolve:
		role = "resolver"
	}
	return fmt.Sprintf("## Your role: %s\n\n%s\n\n", line(role), guide(role))
}

// known returns the name under which a role is known here.
func known(role string) string {
	role = strings.ToLower(role)
	if name, ok := sameAs[role]; ok {
		return name
	}
	return role
}

// Reviews reports whether agents of the role look at what others changed, and so
// are shown the range.
func Reviews(role string) bool {
	name := known(role)
	return name == "reviewer" || name == "security-auditor"
}

func guide(role string) string {
	if text, ok := guidance[known(role)]; ok {
		return text
	}
	return general
}

func (in *Input) talk() string {
	tags := strings.Join(in.Task.Tags, ",")
	if tags == "" {
		tags = "api,database"
	}
	return fmt.Sprintf("## Talking to the others\n\n"+
		"- Share what others should know, when you find it: `popkit insight add --tags %s --confidence 0.8 \"Found existing User model at src/models\"`.\n"+
		"  With `--type blocker` it reaches everyone first, `--type question` those whose task touches the tags, `--type pattern` everyone.\n"+
		"- See what others found: `popkit insight list --for-me`.\n"+
		"- Say where you are every few steps: `popkit check-in --progress 0.4 \"created login route\"`;\n"+
		"  with `--need \"user model location\"` you get the answer as soon as somebody knows.\n"+
		"- Ask a person only what you can't decide: `popkit ask \"Which database?\" --options postgres,sqlite` waits for the answer and prints it.\n\n",
		line(tags))
}

func (in *Input) finish() string {
	proof := "popkit looks at what changed in the workspace: done without a change is taken for a failure. You need not commit."
	report := "popkit report --status done --summary \"what you did, and what showed that it works\""
	if in.Task.NoCode && !in.repairs() {
		proof = "The plan says that this task changes no file, so the summary is what others will work from: make it complete."
		report = "popkit report --status done --no-code --summary \"what you found\""
	}
	return fmt.Sprintf("## When you are done\n\n%s\n\nEnd with `%s`.\n"+
		"Use `--status blocked` when somebody else must act first and `--status failed` when it can't be done, with the reason as summary.\n",
		proof, report)
}
