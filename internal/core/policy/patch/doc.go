// Package patch reads which files a patch changes, in git's form and in Codex's.
package patch
