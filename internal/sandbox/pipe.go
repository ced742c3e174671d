package sandbox

import (
	"context"
	"net"
	"sync"
	"syscall"
)

// pipeListener accepts connections that live in memory. Unlike a TCP listener it works in a synctest bubble.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	close sync.Once // guards the closing of done, which never blocks
	open
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.close.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

func (l *pipeListener) dial(ctx context.Context, addr string) (net.Conn, error) {
	client, server := net.Pipe()
	if !l.add(server) {
		return nil, &net.OpError{Op: "dial", Net: "pipe", Addr: pipeAddr{addr}, Err: syscall.ECONNREFUSED}
	}
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		l.forget(server)
		return nil, &net.OpError{Op: "dial", Net: "pipe", Addr: pipeAddr{addr}, Err: net.ErrClosed}
	case <-ctx.Done():
		l.forget(server)
		return nil, &net.OpError{Op: "dial", Net: "pipe", Addr: pipeAddr{addr}, Err: ctx.Err()}
	}
}

type pipeAddr struct{ to string }

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return "sandbox " + a.to }
