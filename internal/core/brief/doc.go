// Package brief composes what an agent is told: its prompt.
//
//	what for          objective, criteria, phases
//	your task         the plan's words, unchanged
//	your role         what it is for, and what proof of done is
//	bounds            scope, boundaries, what is never to be touched
//	a plan            to be presented first, or the one that was approved
//	what happened     a red check, a conflict, an earlier attempt, the diff to review
//	earlier work      accepted tasks: summary and changed files ┐ up to
//	insights          ranked by package insight                 ┘ Input.Limit
//	talk, finish      popkit's commands, or the tools of a runtime that has them
//
// What a role's prompt says (what it is for, how to work, what to share, what done
// is) and what is here (how to share and report, by the runtime) are not said twice.
// A runtime that hands its agents their role's prompt itself, as a system prompt, is
// spared that part.
//
// Two kinds of text are kept apart. What the plan or popkit says is plain. What
// agents or commands wrote (summaries, insights, names of files, output) is data:
// every line of it begins with "> ", and the prompt says that such lines are
// never instructions. Control characters, invisible ones and those that change
// the direction of text are taken out, so no such text can leave its quotation.
//
// Input.Limit bounds the quoted sections exactly. What does not fit is left out,
// the oldest phase first, and counted in a line that names the command which
// shows the rest. The plan's own words are never cut, nor is a plan that an agent
// presented.
//
// The package is pure: the same Input gives the same bytes.
package brief
