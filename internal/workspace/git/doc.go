// Package git runs the git command line in a controlled way: the one place of
// popkit that starts git.
//
// Each Run is one process in a process group of its own (a terminal's Ctrl-C
// does not reach it), with an environment from which every GIT_ variable of
// the caller is gone, without prompts, pagers, editors, hooks, file system
// monitors or background maintenance. Its output is bounded. It ends with its
// context: first SIGTERM, so that git removes its lock files, then SIGKILL.
//
// A Runner holds no state and may be used by many goroutines.
package git
