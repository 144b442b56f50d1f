//go:build !race

package filelog_test

const killTrials = 100
