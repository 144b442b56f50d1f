// Package budget compares what was used with what is allowed: pure, numbers in,
// lines out. Whose numbers they are, and what is done about a line that is passed,
// is package decide's affair.
package budget
