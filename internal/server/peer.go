package server

import (
	"context"
	"errors"
	"fmt"
	"net"

	"popkit/internal/api"
)

// Admit says whether a process of this machine may speak over a socket: agent is
// whose socket it is, "" the people's. It is asked for each connection, and may
// wait until it knows.
type Admit func(ctx context.Context, agent string, who Peer) error

// Peer is the process at the other end of a connection.
type Peer struct{ PID, UID int }

// Admit makes the server ask for each connection who is at its other end. It
// must be called before any socket is opened; without it, whoever can reach a
// socket may speak over it.
func (s *Server) Admit(admit Admit) { s.admit = admit }

// errUnknownPeer: the other end can't be known, so it is nobody.
var errUnknownPeer = errors.New("who calls is not known")

// admitted refuses a connection of somebody who may not speak over its socket.
// The process that connected must still be there afterwards: else its number
// could be another's by now.
func (s *Server) admitted(ctx context.Context, conn net.Conn, who caller) error {
	if s.admit == nil {
		return nil
	}
	p, err := peerOf(conn)
	if err != nil {
		return forbidden(fmt.Errorf("%w: %w", errUnknownPeer, err))
	}
	defer p.close()
	if p.pid == 0 {
		return nil // a system that does not say who calls: see peer_other.go
	}
	if err := s.admit(ctx, string(who), Peer{PID: p.pid, UID: p.uid}); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return forbidden(err)
	}
	if !p.alive() {
		return forbidden(errUnknownPeer)
	}
	return nil
}

func forbidden(err error) error {
	return &api.Error{Kind: api.KindForbidden, Text: err.Error()}
}
