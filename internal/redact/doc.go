// Package redact takes secrets out of text before it is kept or shown.
//
// A Redactor knows the secrets' values, not their names: it replaces each
// occurrence of a value by [redacted], whatever is around it. Where two values
// overlap, the whole stretch is replaced once. Values shorter than MinLength
// bytes are not looked for: they would turn ordinary text ("true", "8080") into
// noise and would give nothing away that a guess would not.
//
// Values are found as they are and as they stand in strings of JSON, not in another
// encoding (base64, URL escapes); a value of several lines is also looked for line by line, because tools print
// it so. A Redactor is safe for use by several goroutines; each Writer belongs
// to one.
package redact
