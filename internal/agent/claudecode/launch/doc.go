// Package launch says what has to be started for an agent of Claude Code: which
// program, with which arguments, environment, settings and folders. It starts
// nothing and knows nothing of popkit.
//
//	Find ──▶ CLI{Path, Version} ── Features   the one place for what depends on the version
//	New(CLI, Options) ──▶ Launcher ── Prepare(Spec) ──▶ Command{Path, Args, Env, Secrets, Notes}
//	                              └─ Gate: how many may start at once, and whether memory is left
//
// # What the CLI is given, and why
//
// The guard's answer is to be the only grant: the permission mode is the default
// one, there are no allow rules and no list of allowed tools, so that a hook that
// fails, in whatever way, leaves a call refused. Whatever could grant more, or turn
// hooks off, is kept from the CLI: the user's and the project's settings (unless
// they are inherited on purpose), MCP servers of theirs, and variables that change
// how it decides.
//
// # Folders
//
// Spec.State is the CLI's own: sessions, caches, what it writes. The agent's tools
// can write there, so nothing that the CLI is to obey may lie in it. That lies in
// Spec.Given, which the agent can read only: settings, the user's skills and
// instructions.
//
// Prepare writes below State and Given and nowhere else, reads the user's
// configuration of Claude Code, and blocks on nothing but files and, where the user
// has one, the command that prints their key.
package launch
