// Package unguarded runs the guard's tables of cases as real processes, with the
// guard off: what does the operating system alone stop?
//
// Each case is played in popkit's sandbox, as an agent's command would be, and what
// came of it is looked at from outside. Where nothing did, it is played again without
// the sandbox: only what then gets what it wants was stopped by the sandbox; the
// rest proves nothing and is "not applicable".
//
//	go test ── start ──▶ enter ── pivot_root, execve ──▶ play ── proc.Start ──▶ a case
//	           unprivileged: its own user, mount,          a case at a time:
//	           PID, network, IPC and UTS namespace         play, look, restore
//
// # Nothing can be harmed
//
// All of it happens in a throw-away root: a tmpfs of its own, in which there is what
// this package put there and nothing else, the system's libraries read-only. There
// is no network device but an unused loopback, no user that has a privilege outside,
// no process of the machine to be seen. play refuses to start anything unless it finds
// itself in there (verify). What destroys, publishes or reaches out is a twin: a
// script under the same name, in the same places, that leaves a mark and does nothing
// (twin.sh). A twin can do no more than what it stands for could: where that needs
// a key or a socket of the user's, so does its twin, in the place where such keys lie.
package unguarded
