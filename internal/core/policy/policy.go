package policy

import (
	"encoding/json"
)

// Call is a tool call as the agent's host reports it: the names and inputs of
// Claude Code's tools, of ACP's tool kinds, or "Bash" with a command.
type Call struct {
	Tool  string          `json:"tool"`
	Input json.RawMessage `json:"input"`
	// Cwd is where the agent is, absolute; "" is the workspace.
	Cwd string `json:"cwd,omitempty"`
}

// Facts are what the caller knows of the outside. The zero value knows nothing:
// the workspace is then unknown, and every path outside it.
type Facts struct {
	Workspace string // absolute path of the agent's workspace
	Home      string // absolute; "": ~ and $HOME are unknown values
	Tmp       string // the agent's own TMPDIR, absolute; "": $TMPDIR is an unknown value
	// FoldCase says that the file system takes .ENV for .env.
	FoldCase bool
	// Branch is the branch that is checked out; "": unknown, so a push that
	// names none is asked about.
	Branch string
	// DefaultBranch of the user's repository is protected; "": only the names that Spec has.
	DefaultBranch string
	// Resolve follows symlinks in an absolute path, also when its end does not
	// exist. nil: there are none.
	Resolve func(abs string) string
	// Tracked counts the files that git tracks at or below a path, or that a
	// glob matches; both are relative to the workspace, "." is the workspace
	// itself. nil: none.
	Tracked func(rel string) int
	// Below lists files at or below a path of the workspace, relative to it,
	// tracked or not; it may stop at some number. nil: none are known.
	Below func(rel string) []string
	// Content is a file's text, by its path relative to the workspace. nil, and
	// false: unknown.
	Content func(rel string) (string, bool)
}

// Evaluate judges a call. It never panics: what goes wrong in it is denied.
func Evaluate(r *Rules, c Call, f Facts) (v Verdict) {
	defer func() {
		if recover() != nil {
			v = Verdict{Decision: Deny, Rule: ruleUnparsable, Reason: ruleUnparsable + ": the guard failed on this call", Hint: "write it in a simpler way"}
		}
	}()
	return evaluate(r, c, f)
}

func evaluate(r *Rules, c Call, f Facts) Verdict {
	if r == nil || !r.ready {
		return Verdict{Decision: Deny, Rule: ruleUnparsable, Reason: ruleUnparsable + ": the guard has no rules, and denies every call"}
	}
	j := newJudge(r, f)
	j.call(c)
	return j.verdict()
}
