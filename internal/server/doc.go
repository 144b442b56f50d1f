// Package server answers the calls of package api: the people's socket of a run
// and one socket for each agent.
//
// Which socket a connection came through is who calls: an agent's socket takes
// the agent calls only, and for that agent; nothing in a request can say
// otherwise. Calls are answered concurrently, each in a goroutine of its own,
// at most MaxCalls at once on a socket; one more is refused.
//
// Close ends all connections and returns when their goroutines have.
package server
