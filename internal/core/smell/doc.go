// Package smell finds unconventional ways ("cheating") and hard-coded secrets in
// a change of text: tests that are deleted, skipped or emptied, assertions that
// say nothing any more, checks that are silenced, results that are written down
// instead of computed, secrets in the source.
//
//	Change ─ classify ─ scan ─ delta ─┬─ tests, assertions     by test, old against new
//	         which      code, what    ├─ silenced, loosened    by line that is new
//	         language,  comment,  is  ├─ results, bypasses     by line that is new
//	         a test?    string    new └─ secrets               by line that is new
//
// A finding is a smell, no proof: it says what was found and where in one line,
// and a person decides. So what is everyday work is left alone, and only what is
// new is looked at: a file that did not change has no finding, nor has one of
// which only the blanks changed, nor a test that moved to another file.
//
// One judges a single edit and knows nothing else; All judges a whole diff and
// sees more: that a test moved, that it went together with what it tests, that a
// recorded result was rewritten with the code. What One finds may therefore be
// gone in All, and the other way round.
//
// Code is never parsed in full: an edit is a fragment, and what agents write need
// not compile. A scanner tells code, comments and strings apart, so that a word in
// a text is no offence, and tests are told by their heads and their indentation.
//
// Everything here is deterministic and bounded: files that are binary or larger
// than MaxBytes are not looked at, and Unread says so; the work is linear in the
// text. There is no regular expression, because every process that links this
// package would pay for compiling it.
package smell
