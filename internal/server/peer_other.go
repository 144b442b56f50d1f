//go:build !linux

package server

import "net"

// peer is unknown here: agents are held by process groups only, and who can
// reach the people's socket is a person.
type peer struct{ pid, uid int }

func peerOf(net.Conn) (peer, error) { return peer{}, nil }

func (peer) alive() bool { return true }

func (peer) close() {}
