// Package nearest finds the known word that a misspelt one was meant to be, for
// hints such as `unknown key "promt" (did you mean "prompt"?)`. It is pure.
package nearest
