package claudecode

import (
	"fmt"
	"strings"
)

// What popkit says to an agent between its turns. None of it may begin with a slash,
// but for the command.
const (
	compactCommand = "/compact"

	textNoReport = "popkit: you ended your turn without a report, so nobody knows what came of the task. " +
		"Call the tool report of the MCP server popkit now: status done, failed or blocked, and a summary of what you did, how it was checked and what is left. " +
		"If something is still to be done, do it first."
	textNoTurns = "popkit: you have used up your turns. Begin nothing new. Leave the files in a state that builds, " +
		"then call the tool report of the MCP server popkit: done only if all of the task is done and checked, else failed, with what is done, what is left and where to go on."
	textGoOn      = "popkit: go on with your task. When it is done, call the tool report of the MCP server popkit."
	textTryAgain  = "popkit: the model's service failed in the middle of your work. Go on from where you were; what tools had done by then is done."
	textShortened = "popkit: your session was shortened to a summary, since it had become too long. Go on with your task; look at the files again before you change them."
	textHung      = "popkit: nothing was heard of you for so long that you were interrupted. If a command hung, do not run it in that way again: " +
		"give it a time limit, no terminal and no input. Then go on with your task."
	textKilled = "popkit: your process was killed and has been started again, in the same workspace. What you did last may be missing from your session although it happened: " +
		"look at the work tree first (git status, git diff) and at what your last command may have left half done. Then go on with your task."
	textAfresh = "popkit: an earlier session of yours was at this task and can't go on. Its work is in this workspace: " +
		"look at it first (git status, git diff, git log), keep what is good and go on from there."
)

// opening is what a session begins with. It must not pass for a command of the CLI.
func opening(prompt string) string {
	if strings.HasPrefix(prompt, "/") {
		return "\n" + prompt
	}
	return prompt
}

// takeover is what a session begins with that takes over from another.
func takeover(prompt, text string, done []string) string {
	var b strings.Builder
	b.WriteString(opening(prompt))
	b.WriteString("\n\n" + text + "\n")
	if len(done) > 0 {
		b.WriteString("\nWhat the earlier session did and said, as far as it is known, newest last:\n")
		for _, d := range done {
			fmt.Fprintf(&b, "> %s\n", d)
		}
	}
	return b.String()
}

// with adds what waited for the agent to what it is told.
func with(text string, waiting []string) string {
	if len(waiting) == 0 {
		return text
	}
	all := append([]string{}, waiting...)
	if text != "" {
		all = append([]string{text}, all...)
	}
	return strings.Join(all, "\n\n")
}
