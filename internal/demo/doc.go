// Package demo is what `popkit demo` shows: a small Go project with a feature
// that does not work, a plan of four phases, and scripted agents that really
// make it work. It needs no model, no key and no server; only git and Go.
//
// Write makes it in an empty folder:
//
//	DIR/project/      the repository, one commit, tests red
//	DIR/plan.yaml     the plan
//	DIR/agents.yaml   what each task's agent does
//	DIR/resolver.yaml what the agent does that resolves the merge conflict
package demo
