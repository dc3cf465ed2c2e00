package fetch

import (
	"context"
	"encoding/binary"
	"net"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
)

// brokenIPv6 has the rig use granary's own transport for a host that has an address
// of IPv6, from which nothing ever comes, and 127.0.0.1.
func brokenIPv6(t *testing.T, b *rig) {
	var tried atomic.Bool
	t.Cleanup(func() {
		if !tried.Load() && hasIPv6() {
			t.Error("IPv6 was not tried")
		}
	})
	dialer := newDialer(b.fetcher.Timeout)
	dialer.Resolver = &net.Resolver{PreferGo: true, Dial: nameServer(t)}
	dialer.ControlContext = func(
		ctx context.Context, network, _ string, _ syscall.RawConn,
	) error {
		if network == "tcp6" {
			tried.Store(true)
			<-ctx.Done() // as when packets are dropped
		}
		return ctx.Err()
	}
	own := newTransport(b.fetcher.Timeout, 1)
	_, port, _ := net.SplitHostPort(b.URL[len("http://"):])
	own.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(address)
		return dialer.DialContext(ctx, network, net.JoinHostPort(host, port))
	}
	t.Cleanup(own.CloseIdleConnections)
	b.fetcher.Transport = own
}

// hasIPv6 tells whether this machine has any: else nobody tries it.
func hasIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// nameServer returns a dialer to a name server that gives each name one address of
// IPv6 and one of IPv4, both of loopback.
func nameServer(t *testing.T) func(context.Context, string, string) (net.Conn, error) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		query := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(query)
			if err != nil {
				return
			}
			server.WriteTo(answer(query[:n]), from)
		}
	}()
	t.Cleanup(func() { server.Close(); <-done })
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", server.LocalAddr().String())
	}
}

// answer answers a query with one question (RFC 1035, 4.1).
func answer(query []byte) []byte {
	const header = 12
	end := header
	for query[end] != 0 {
		end += 1 + int(query[end])
	}
	question := query[header : end+5]
	address := []byte(net.IPv4(127, 0, 0, 1).To4())
	kind := binary.BigEndian.Uint16(query[end+1:])
	if kind == 28 { // AAAA
		address = net.IPv6loopback
	}
	record := []byte{0xc0, header, 0, byte(kind), 0, 1, 0, 0, 0, 0, 0, byte(len(address))}
	flags := []byte{0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0} // recursive; one question, one answer
	return slices.Concat(query[:2], flags, question, record, address)
}
