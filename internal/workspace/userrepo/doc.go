// Package userrepo is the user's repository: where it is, what it has
// configured, its commits and refs. It writes refs below refs/popkit/ and
// refs/heads/popkit/ and nothing else, one process at a time; everything else
// only reads, without refreshing the index. A Repo may be used by many
// goroutines; each call blocks for its git processes. The process that writes refs
// stays for a moment after the last one, and no longer than this process.
package userrepo
