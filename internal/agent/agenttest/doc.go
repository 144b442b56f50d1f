// Package agenttest is the conformance suite of agent runtimes: every
// implementation of agent.Runtime runs it.
//
// A Harness says how to make agents do the few things that the suite needs; the
// suite checks what the runtime must make of it. The test binary's TestMain has
// to call proc.MaybeInit.
package agenttest
