// Package shell finds every simple command that a bash script may run, with its
// words as far as they are known without running anything.
//
//	script ─ parse ─ walk ─┬─ words expanded: quotes, braces, variables, ~, globs
//	                       ├─ wrappers taken off: sudo, env, xargs, find -exec …
//	                       ├─ scripts in scripts: sh -c, eval, here-documents, source
//	                       └─ files that redirections and small programs touch
//	                       ▼
//	          Commands, each with its directory and input, and Notes
//
// # What is known
//
// A Word is text in which four runes stand for what is not known: any text
// (Unknown), any text without "/" (Name), one character (Char), any path below
// (Deep). A variable that is set on one of two ways has both values, and a command
// with such words is there once for each. A directory is known as far as cd says.
// What a command writes into the next one is a Flow: text, a list of paths, or what
// came over the network.
//
// # Bounds
//
// Every way that a script can go is walked, loops at most twice; nothing is ever
// left out for being unlikely. The work is bounded: a script that is nested deeper,
// or has more commands, than any person writes is TooMuch, and not to be allowed.
//
// Everything is deterministic, and safe for concurrent use.
package shell
