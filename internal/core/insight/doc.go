// Package insight holds what agents found that others should know: it says
// which two are the same, who should be told which, and in what order.
//
//	report ─ Validate ─ Find ──► the same: the agent confirms it
//	                      └────► new: Similar, then Add
//	                                           │
//	              Index ◄──────────────────────┘
//	               │  Pull: a few, now, to an agent that works
//	               └─ Rank: many, up to a size, into a new agent's prompt
//
// Routing, with Reader.FullRouting; newest first within each line:
//
//  1. blockers, to everyone
//  2. what answers a need that the reader stated
//  3. questions that touch the reader's topics
//  4. patterns, to everyone
//  5. anything else that touches the reader's topics
//  6. what has no topic at all, to everyone; and, to a reader without topics,
//     everything but others' questions
//  7. from lines 2 to 6, near-duplicates of what the reader has
//
// A reader's topics are its tags, its role, its task's ID, its own ID and the
// paths of its scope; an insight's are its tags and the paths it mentions.
// Without FullRouting the newest insights go to everyone. Nobody is given its
// own insight, one it confirmed, or one it was given before.
//
// Ownership: an Index is not safe for concurrent use while Add or Confirm run;
// all other methods only read. An *Insight handed out is never changed again:
// Confirm puts a changed copy in its place. Everything here is deterministic:
// the same calls give the same results.
//
// Cost: Find is one map look-up. Similar looks at a bounded number of
// candidates, found by their rarest words. Pull walks the lists of the reader's
// topics from the newest end and stops when it has enough; what it skips costs
// one bit test each. Only Rank looks at every insight, once for each prompt.
package insight
