// Package inbox says what waits for an agent, insights and messages, and takes it
// out: each once.
//
//	Part      what it is                                      how it gets to a headless CLI
//	Urgent    blockers; what a person says; what popkit       into its standard input, at the next
//	          calls urgent                                    boundary between tools
//	Quiet     everything else                                 beside the result of a tool
//	Everything  both, where there is one way only             with whatever the agent asks next
//
// What is taken is recorded as given to the agent by the events that Take returns;
// from then on it waits no more. Two that ask at once are answered one after the
// other, from the state, so nothing is given twice.
package inbox
