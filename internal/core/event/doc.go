// Package event is the closed set of facts that a run's log is made of, and
// their versioned codec.
//
//	{"v":1,"seq":7,"time":"2026-11-22T10:30:18.123456789Z","type":"agent.started","data":{…}}
//
// An event says what happened, never what should be done; it is never changed
// once appended. Each event is meaningful alone: a log cut after any event is a
// valid state from which decide goes on, so no two events of a batch depend on
// being written together.
//
// An effect (something popkit does outside) is asked for by EffectRequested.
// The event that says how it ended carries the effect's key in its Effect
// field, so the end and its result are one fact.
package event
