package server

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// peer is the process at the other end of a connection, as the kernel noted it
// when it connected.
type peer struct {
	pid   int
	uid   int
	pidfd int // -1 where the kernel hands none out (before 6.5)
}

func peerOf(conn net.Conn) (peer, error) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return peer{}, errors.New("no socket")
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return peer{}, err
	}
	p := peer{pidfd: -1}
	var asked error
	err = raw.Control(func(fd uintptr) {
		// First the file, which names one process for ever, then the number.
		if n, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PEERPIDFD); err == nil {
			p.pidfd = n
		}
		var cred *unix.Ucred
		if cred, asked = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); asked == nil {
			p.pid, p.uid = int(cred.Pid), int(cred.Uid)
		}
	})
	if err = errors.Join(err, asked); err == nil && p.pid <= 0 {
		err = errors.New("it runs where this process does not see it")
	}
	if err != nil {
		p.close()
		return peer{}, fmt.Errorf("ask who connected: %w", err)
	}
	return p, nil
}

// alive reports whether the process has not ended.
func (p peer) alive() bool {
	if p.pidfd < 0 {
		err := unix.Kill(p.pid, 0)
		return err == nil || errors.Is(err, unix.EPERM)
	}
	fds := []unix.PollFd{{Fd: int32(p.pidfd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n == 0
}

func (p peer) close() {
	if p.pidfd >= 0 {
		_ = unix.Close(p.pidfd) // it was only looked at
	}
}
