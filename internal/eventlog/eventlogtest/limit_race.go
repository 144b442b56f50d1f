//go:build race

package eventlogtest

// limits: see limit.go.
var limits []conformance
