// Package drift finds agents that get off their track: that work outside of their
// scope or on another task, make the same call again and again, get nowhere, or
// are silent. Pure: a Track is folded from what an agent does, and Find compares it
// with what the agent is there for.
//
//	what it calls, changes, says ──► Track ──► Find ──► findings, with evidence
//
// A finding is given once an episode: Find leaves out what was Told, until the
// agent has got back on its track. A Track is bounded, however long the agent runs.
//
// It says nothing of whether drift is bad: an agent may have good reasons. What is
// done about it is configured, and the audit of the diff is what holds.
package drift
