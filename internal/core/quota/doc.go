// Package quota reads, from the last words of an agent that failed, that the service
// it works with refuses to go on, and until when: pure, text in, answer out.
//
// It is a last resort, for programs that have no other way to say so: an agent
// that knows popkit reports status quota. So it errs on the side of not finding
// anything: only the last lines are looked at, only phrases that a service says
// of itself count, and a time that is past or further away than the longest quota
// there is counts as none.
package quota
