// Package policytest reads the guard's tables of cases, for the tests that judge
// them and for those that run them.
//
// A table in testdata/cases has a case a line: "WANT [RULE]: COMMAND", in which "⏎"
// is a new line, or "WANT [RULE]: @TOOL INPUT". A line "!KEY=VALUE …" holds for the
// lines below it. guardrails.jsonl has one case in JSON a line.
package policytest
