// Package sandbox holds what a command and everything below it may do to this
// machine, by the operating system and not by anybody's word. It is entered in
// the init helper of package proc, after the isolation and before the command:
//
//	engine: Place ──Spec()──▶ Spec ──Orders()──▶ proc.Command.Confine
//	helper: Enter(orders): mounts ─▶ capabilities, no_new_privs ─▶ seccomp ─▶ Landlock ─▶ command
//
// # What the command finds
//
// The whole file system read-only, and on top of it, the deeper entry over the
// shallower one: what is hidden (an empty folder, or a file without content), what
// can be read although it lies in something hidden, what can be written. The home
// folder is copy-on-write: what is there can be read, what is written goes to a
// folder of the command's own and is gone with it. So builds find warm caches and
// every tool can write its configuration, and yet nobody else ever reads what an
// agent wrote: a build cache that an agent could poison would be its way out.
//
// # Degrees
//
// "mounts+landlock" is all of it. "mounts" lacks Landlock: abstract sockets can be
// reached, the rest holds, since the command has neither the capabilities nor the
// system calls to change mounts. "landlock" lacks the mount namespace: nothing can
// be laid over anything, so protected paths inside the workspace are not held,
// sockets that have a path can be connected to, and caches are cold. "none" holds
// nothing, and says so.
//
// A command is started in the degree that was asked for or not at all: what can't
// be set up is an error of proc.Start. Nothing here falls back by itself; Detect
// finds the best degree by trying.
//
// # Why not a library
//
// Landlock is three system calls. The library for it restricts all threads of a
// program, which for the helper would mean a domain for each thread, none of
// which could signal the command of another, and its thread code needs cgo. Here
// only the thread that forks the command is restricted, so that the command can't
// reach the helper, which stays outside.
package sandbox
