// Package code reads the small programs that stand on command lines: python -c,
// node -e, perl -e. It does not run or parse them in full: it finds their calls, with
// the texts that these are given. What writes, deletes or starts something whose
// name is not there in the text does so to the unknown.
//
// Everything is deterministic, and linear in the text.
package code
