// Package proof proves what a sandbox promises by trying to break it: it makes a
// scratch world (a HOME with made-up keys, workspaces, a repository, sockets, a
// process), runs each attack as a process of its own in the sandbox, and looks
// from outside what became of the victims. What the attacker says counts only
// against the sandbox.
//
//	Run: world ─▶ for each attack: proc.Start(this program, Arg, attack, world) ─▶ look at the victims ─▶ Result
//
// Nothing that an attack does can harm the machine when a sandbox fails: victims
// are files below the world's folder, a process that waits, sockets that nobody
// needs. No real key is ever opened.
//
// main must hand a call whose first argument is Arg to Attack.
package proof
