package engine

import "time"

// Clock makes of the machine's two clocks one that never goes back and never
// stands still: it follows the wall clock (which goes on while the machine is
// suspended), and where that was set back it goes on by the time that elapsed.
// The zero Clock is ready; Last may be set to the log's last time.
type Clock struct{ Last time.Time }

// Now returns the time, given what the wall clock shows and how long ago, by a
// clock that is never set, Now was asked before.
func (c *Clock) Now(wall time.Time, elapsed time.Duration) time.Time {
	t := c.Last.Add(max(0, elapsed))
	if wall = wall.UTC().Round(0); wall.After(t) {
		t = wall
	}
	c.Last = t
	return t
}
