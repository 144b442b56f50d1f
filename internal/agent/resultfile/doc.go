// Package resultfile reads what an agent wrote to $POPKIT_RESULT: its report, as JSON.
// docs/exec-agents.md is its form.
package resultfile
