// Package host knows the hosts that a call can be made to: which take money, which
// move it, which hand out the machine's credentials.
package host
