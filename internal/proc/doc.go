// Package proc runs commands so that ending one ends everything below it.
//
//	engine ──control pipe (configuration, 'T' = terminate, 'I' = interrupt; its end = kill, or the engine died)──▶ init helper ──▶ command
//	   ▲───────────────────status pipe (started, error, exit)───────────────────────────────┘            └─▶ whatever it starts
//
// Every command runs under an init helper: this same program, re-executed with
// the argument "__init". main (and TestMain of a test that starts commands)
// must call MaybeInit first; Start refuses to work otherwise, because the
// re-executed program would do its own work again instead of being a helper.
//
// # Isolation
//
// "pid-namespace": the helper is process 1 of a PID namespace of its own, with
// a mount namespace for a /proc that fits, and, where this program is not
// allowed to make these directly, a user namespace that maps the caller to
// itself. When the helper ends, for whatever reason, the kernel kills all that
// is left in the namespace: setsid, double forks and cleared environments make
// no difference, neither does kill -9 of the engine or of the helper. Inside a
// user namespace set-user-ID programs (sudo) have no effect, and files of other
// users appear as owned by nobody.
//
// "subreaper", where namespaces are refused: orphans below the helper become
// its children, and it freezes and kills all its descendants before it ends.
// That holds when the engine is killed. When the helper itself is killed with
// SIGKILL (only something that runs as the same user can do that) the command
// dies with it, and for what is below the engine falls back on the mark in the
// environment: a descendant that cleared its environment is then not found. A
// helper that is stopped by SIGSTOP does not notice the end of the engine.
//
// In none of them does a process count as below a command that somebody else
// started for it: a container of a daemon, a unit of the service manager.
//
// "process-group", on systems other than Linux: the helper kills the command's
// process group before it ends.
//
// # Order and blocking
//
// Start returns once the command runs, or could not be executed, which is an
// Exit with code 127 or 126 as a shell says it; an error of Start means that
// the helper did not get that far. Wait returns after the helper and everything
// below it is gone and after all output that was written has been given to the
// writers; who else may hold an output pipe (it can be passed to a process
// elsewhere) delays nothing. A writer that blocks does block Wait; a Stdin whose
// Read blocks does not, its goroutine ends when Read returns.
//
// Interrupt, Stop, Kill and Wait may be called at any time, from any goroutine, any number
// of times. A process ends at the latest with its context and with the engine.
// Configuration travels over a pipe: nothing of the environment shows in ps.
package proc
