// Package wrapper knows the programs that start the one that their words name: sudo,
// env, timeout, npm exec. It takes them off.
package wrapper
