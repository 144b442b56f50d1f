// Package source reads source text of several languages as far as one can without
// parsing it: which language a file is in, whether it holds tests, what of a line
// is code, comment and string, where tests begin and end.
//
// It reads fragments, and text that does not compile: a string that is never
// closed ends with its line, a test ends where the indentation says so. It is
// therefore never certain, always linear in the text, and never fails.
package source
