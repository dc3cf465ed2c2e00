package badweb

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
)

// A listener accepts connections within the process.
type listener struct {
	conns chan net.Conn
	done  chan struct{}
	close sync.Once
}

func newListener() *listener {
	return &listener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *listener) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	reset := new(atomic.Bool)
	select {
	case l.conns <- &conn{server, reset}:
		return &conn{client, reset}, nil
	case <-l.done:
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.close.Do(func() { close(l.done) })
	return nil
}

func (l *listener) Addr() net.Addr { return addr{} }

type addr struct{}

func (addr) Network() string { return "memory" }
func (addr) String() string  { return "memory" }

// A conn is one end of a connection that can be reset.
type conn struct {
	net.Conn
	reset *atomic.Bool
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil && c.reset.Load() {
		err = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	return n, err
}

// reset ends a connection, of either kind of server, without a farewell.
func reset(c net.Conn) {
	switch c := c.(type) {
	case *conn:
		c.reset.Store(true)
	case *net.TCPConn:
		c.SetLinger(0)
	}
	c.Close()
}
