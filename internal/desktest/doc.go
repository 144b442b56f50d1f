// Package desktest is a run for tests of what speaks in an agent's name: a real engine
// on a log in memory, its server, and the real guard with the default rules. Its agents
// run until they are ended, and do nothing by themselves.
//
// The engine can be ended and another one started on the same log, as after a crash.
package desktest
