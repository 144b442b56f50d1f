// Package view makes copies of a state to hand out: what `popkit power status
// --json` prints, what the terminal, power-state.json and insights.json show.
// They are all made here, so they can't disagree. A view shares no memory with
// the state it was made from.
package view
