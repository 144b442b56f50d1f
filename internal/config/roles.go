package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/role"
	"popkit/internal/strictyaml"
)

// roles checks what is special about roles.
func (k *checker) roles(c *Config) {
	for _, name := range slices.Sorted(maps.Keys(c.Roles)) {
		path, r := strictyaml.Join("roles", name), c.Roles[name]
		if err := objective.CheckRole(name); err != nil {
			k.add(path, fmt.Sprintf("%q can't be a role: %v", name, err), "")
		}
		if r.Runtime != "" {
			k.runtime(path+".runtime", r.Runtime)
		}
		if strings.ContainsAny(r.Model, " \t\n") {
			k.add(path+".model", fmt.Sprintf("%q is no model", r.Model), "e.g. sonnet, or inherit")
		}
		for i, tool := range r.Tools {
			if err := role.CheckTool(tool); err != nil {
				k.add(strictyaml.Index(path+".tools", i), err.Error(), "")
			}
		}
	}
}

// RolesOver are those of the files, with the configuration's word on single ones over
// them, for who works without a run.
func (c Config) RolesOver(found map[string]event.Role) map[string]event.Role {
	return c.resolveRoles(Flags{Roles: found})
}

// resolveRoles are the roles that a run works with: those of the files, with the
// configuration's word on single ones over them. --runtime goes before what a role's
// file says.
func (c Config) resolveRoles(f Flags) map[string]event.Role {
	found := f.Roles
	if found == nil {
		found = role.Builtin()
	}
	out := maps.Clone(found)
	for _, name := range slices.Sorted(maps.Keys(c.Roles)) {
		over := c.Roles[name]
		known := name
		if !has(out, name) {
			known = under(found, name)
		}
		r := out[known]
		if r.Origin == "" {
			r.Origin = "the configuration"
		}
		switch over.Model {
		case "":
		case "inherit":
			r.Model = ""
		default:
			r.Model = over.Model
		}
		if over.Tools != nil {
			r.Tools = over.Tools
		}
		if over.PlanRequired != nil {
			r.PlanRequired = *over.PlanRequired
		}
		out[known] = r
	}
	if f.Runtime != "" {
		for name, r := range out {
			r.Runtime = ""
			out[name] = r
		}
	}
	return out
}

// roleRuntimes are the runtimes that the configuration gives roles, each under the name
// that was written and under the role's own.
func (c Config) roleRuntimes(roles map[string]event.Role) map[string]string {
	out := map[string]string{}
	for name, r := range c.Roles {
		if r.Runtime != "" {
			out[name] = r.Runtime
		}
	}
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if known := under(roles, name); out[known] == "" && !has(roles, name) {
			out[known] = out[name]
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// under is the name under which a role is kept; its own where it is another's no more.
func under(roles map[string]event.Role, name string) string {
	for _, known := range slices.Sorted(maps.Keys(roles)) {
		if slices.Contains(roles[known].Names, name) {
			return known
		}
	}
	return name
}

func has(roles map[string]event.Role, name string) bool {
	_, ok := roles[name]
	return ok
}
