// Package carry finds what a program's words hold within them: commands that an
// option or a word carries as text (rsync -e, ssh -o ProxyCommand, less +!), and
// names of files that are glued to an option or stand inside a longer word.
//
// It knows programs, not rules: what it returns is judged by the caller.
package carry
