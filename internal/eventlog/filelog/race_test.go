//go:build race

package filelog_test

// killTrials: each starts a process, which costs a quarter of a second under the
// race detector; what is tested is the file that it leaves.
const killTrials = 15
