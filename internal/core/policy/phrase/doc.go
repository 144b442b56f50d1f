// Package phrase knows what programs are told in words that needs a person's yes:
// deployments, deletions of data, credentials. It is a table, with the functions that
// read it; it knows nothing of files.
package phrase
