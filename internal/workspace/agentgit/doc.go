// Package agentgit reads an agent's own .git as plain files. An agent may have
// put anything there, so no git runs in it: HEAD, refs and the stash's log are
// read as text, from regular files only, without following links or waiting
// for pipes, up to a size. What is missing or makes no sense counts as not
// there. Nothing is written.
package agentgit
