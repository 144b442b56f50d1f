package command

import (
	"context"
	"io"

	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/planner"
	"popkit/internal/runs"
)

// Host is what the commands need of the machine: the daemon's functions, which
// main plugs in, so that no command knows an adapter or the engine.
type Host struct {
	// Version is the program's.
	Version string
	// Repo finds the repository around a directory; its error is a user's.
	Repo func(ctx context.Context, dir string) (RepoInfo, error)
	// Create makes a run: its ID, its folder and the first event of its log. The
	// run is not begun yet.
	Create func(ctx context.Context, n NewRun) (runs.Run, error)
	// Spawn begins or resumes a run in an engine process of its own, detached
	// from this terminal, and returns once its socket answers. Its error says
	// why the engine did not start.
	Spawn func(ctx context.Context, r runs.Run, by string) (runs.Holder, error)
	// Serve is the engine process itself. It writes "ready\n" or "error: …\n" to
	// ready (then closes it), and returns when the run has ended.
	Serve func(ctx context.Context, r runs.Run, by string, ready io.WriteCloser) (event.Outcome, error)
	// Offline makes calls on a run that has no engine: what people may still
	// say (answer, retry, skip, edit) is appended to its log.
	Offline func(ctx context.Context, r runs.Run) (api.Caller, error)
	// MakePlan has a planning agent make a plan, telling say what goes on. Planning
	// that comes to no plan is a *planner.Failure. It ends with ctx, and leaves
	// nothing behind.
	MakePlan func(ctx context.Context, o PlanOrder, say func(string)) (planner.Made, error)
	// TryChecks runs each of a plan's checks once, as MakePlan does.
	TryChecks func(ctx context.Context, o PlanOrder, p objective.Plan, say func(string)) ([]planner.Trial, error)
	// Git runs git in the user's repository for commands that show or merge a
	// result, with the terminal's streams, and returns its exit code.
	Git func(ctx context.Context, s Streams, dir string, args ...string) (int, error)
	// GC says what can be removed of runs that are over, and removes it unless
	// dry.
	GC func(ctx context.Context, repo string, dry bool) ([]Removal, error)
	// CheckSandbox tries to break what the sandbox promises; dir need not be in a
	// repository.
	CheckSandbox func(ctx context.Context, dir string) (SandboxCheck, error)
	// FindSandbox says what would hold agents of a run that begins in dir, without
	// trying it; its error is that of a run that may not begin.
	FindSandbox func(ctx context.Context, dir string) (SandboxCheck, error)
	// FindClaude says which Claude Code would drive agents of a run in dir.
	FindClaude func(ctx context.Context, dir string) (Claude, error)
	// PlayScript is `popkit __script FILE`.
	PlayScript func(ctx context.Context, file string, s Streams) int
}

// RepoInfo is the user's repository as the commands see it.
type RepoInfo struct {
	Top    string // top level, or the bare repository itself
	Bare   bool
	Empty  bool   // has no commits
	Dirty  int    // changed files, which no agent will see
	Branch string // checked out, "" when detached
	User   string // the user's name, for "by"
	// Nameless says why git does not know who the user is; without a name no run commits.
	Nameless string
}

// PlanOrder is what a plan is made for.
type PlanOrder struct {
	Repo      string
	BaseRef   string // "" = HEAD
	Runtime   string // what drives the planning agent: claude or exec:COMMAND
	Objective objective.Objective
	MaxAgents int
}

// NewRun is what a run is made of.
type NewRun struct {
	Repo       string
	Plan       objective.Plan
	PlanSource string
	BaseRef    string // "" = HEAD
	Settings   event.Settings
}

// Removal is one thing that gc removes.
type Removal struct {
	Kind string `json:"kind"` // remove or keep
	Path string `json:"path"`
	Run  string `json:"run"`
	Why  string `json:"why"`
}

// SandboxCheck is what the sandbox of this machine is worth.
type SandboxCheck struct {
	Configured string           `json:"configured"`    // auto, required or off
	Degree     string           `json:"degree"`        // mounts+landlock, mounts, landlock, none
	Why        string           `json:"why,omitempty"` // it is not the best
	Promises   []SandboxPromise `json:"promises"`
}

// Claude is the Claude Code of this machine, as agents would be driven by it.
type Claude struct {
	Path, Version string
	Features      string   // what depends on its version, in words; "" for nothing worth a word
	Why           string   // it can't drive agents; "" if it can
	Install       string   // the command that mends that, if one does
	Login         string   // how the user is logged in; "" where nobody knows a way
	Settings      string   // isolated or inherit
	Weakens       []string // what inherited settings take away from the guard
}

// SandboxPromise is how one promise fared.
type SandboxPromise struct {
	Promise string `json:"promise"`
	State   string `json:"state"` // held, broken, not available
	Tries   int    `json:"tries"` // how often it was tried to break it
	Detail  string `json:"detail,omitempty"`
}

// Broken reports whether a promise is.
func (s SandboxCheck) Broken() bool {
	for _, p := range s.Promises {
		if p.State == "broken" {
			return true
		}
	}
	return false
}

// Streams are a command's standard streams.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}
