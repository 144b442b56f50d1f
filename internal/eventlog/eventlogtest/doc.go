// Package eventlogtest is the conformance suite that every event log passes.
//
//	func TestConformance(t *testing.T) {
//		eventlogtest.Run(t, func(t *testing.T) eventlogtest.Opener { … })
//	}
//
// Each test asks for a new, empty log. It closes what it opened. The tests run
// in parallel, wait without sleeping, and decide nothing by a clock: where an
// implementation hangs, the test binary's own timeout says where.
package eventlogtest
