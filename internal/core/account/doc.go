// Package account is what came of a run, for the report on it: what was done for
// each task, by whom, in how long and at what cost, with which insights, what was
// denied, what people decided, and why attempts were rejected.
//
// A Book is folded from the run's events, as state.State is, which it holds. What
// only the report needs (who was given which insight, what was denied by which rule,
// when a question was closed) is in the Book alone, so that no engine carries it;
// the report can be made of a log at any time, while the run goes on, too. What a
// Book keeps of one agent is bounded.
package account
