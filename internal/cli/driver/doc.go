// Package driver says whether the agents of a plan can be driven on this machine,
// before anything is started: what drives them, and what is missing. It asks the
// Host and keeps nothing.
package driver
