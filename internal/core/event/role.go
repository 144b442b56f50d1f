package event

import (
	"maps"
	"slices"
)

// Role is what the agents of one role work with, as it was when the run was
// created: a file that changes later changes no run.
type Role struct {
	// Names are other names under which plans may give the role.
	Names       []string `json:"names,omitempty"`
	Description string   `json:"description,omitempty"` // one line: when to use it
	// Prompt says what the role is for, how to work, and what proof of done is. How
	// to talk to the others and how to report is not in it: that depends on the
	// runtime, and is part of the agent's own prompt (core/brief).
	Prompt string `json:"prompt,omitempty"`
	// Tools are those that the runtime offers, by Claude Code's names; null is all,
	// an empty list none.
	Tools []string `json:"tools"`
	Model string   `json:"model,omitempty"` // "" is the runtime's own choice
	// Runtime of the role's agents where neither the task nor the configuration says
	// another; "" is the run's.
	Runtime string `json:"runtime,omitempty"`
	// PlanRequired: its agents present a plan, which a person approves, before they
	// may change anything.
	PlanRequired bool `json:"plan_required,omitempty"`
	// Reviews: its agents look at what others changed, and are shown the range.
	Reviews bool `json:"reviews,omitempty"`
	// Origin is where it comes from: "popkit", or a file of the repository.
	Origin string `json:"origin,omitempty"`
}

// RoleOf returns what a role's agents work with, under any of its names. A role
// that the run does not know has nothing of its own.
func (s Settings) RoleOf(name string) Role {
	r, _ := s.role(name)
	return r
}

// role finds a role by its own name before it looks at the other names.
func (s Settings) role(name string) (r Role, known string) {
	if r, ok := s.Roles[name]; ok {
		return r, name
	}
	for _, known := range slices.Sorted(maps.Keys(s.Roles)) {
		if r := s.Roles[known]; slices.Contains(r.Names, name) {
			return r, known
		}
	}
	return Role{}, ""
}

// RuntimeOf returns the runtime of a role's agents.
func (s Settings) RuntimeOf(role string) string {
	if r := s.RoleRuntime(role); r != "" {
		return r
	}
	return s.Runtime
}

// RoleRuntime is the runtime that was chosen for a role, "" where none was.
func (s Settings) RoleRuntime(role string) string {
	if r := s.RoleRuntimes[role]; r != "" {
		return r
	}
	r, known := s.role(role)
	if under := s.RoleRuntimes[known]; under != "" {
		return under
	}
	return r.Runtime
}
