// Package badweb is a web server for tests that misbehaves on request: each
// path has a script of replies, from a faithful file to a connection that dies
// half-way.
package badweb

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"syscall"
	"testing"
)

// A Server serves scripts of replies, and remembers what it was asked.
type Server struct {
	// URL is the server's own, without a slash at the end.
	URL string
	// Transport connects to the server, whatever host a URL names, but for those that
	// fail as their names say: "nxdomain.invalid", "servfail.invalid",
	// "refused.invalid", "unreachable.invalid"; and, as to their certificates,
	// "expired.invalid", "wrongname.invalid", "unknown.invalid" and "old.invalid".
	Transport *http.Transport

	replying sync.WaitGroup

	mu       sync.Mutex
	scripts  map[string][]http.HandlerFunc
	requests map[string][]*http.Request
	active   map[string]int // requests under way, by host
	peak     map[string]int // the most there were at a time, by host
	total    map[string]int // requests, by host
}

// New starts a server of HTTP on loopback, which ends with the test.
func New(t testing.TB) *Server {
	return start(t, (*httptest.Server).Start)
}

// NewTLS is New for a server of HTTPS, with HTTP/2.
func NewTLS(t testing.TB) *Server {
	return start(t, func(server *httptest.Server) {
		server.TLS = serverConfig("127.0.0.1")
		server.EnableHTTP2 = true
		server.StartTLS()
	})
}

func start(t testing.TB, start func(*httptest.Server)) *Server {
	s := newServer()
	server := httptest.NewUnstartedServer(s)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	start(server)
	address := server.Listener.Addr().String()
	s.URL = server.URL
	s.connect(func(ctx context.Context, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", address)
	})
	t.Cleanup(func() {
		s.Transport.CloseIdleConnections()
		server.Close()
		s.replying.Wait()
	})
	return s
}

// InMemory starts a server that no network leads to, only its Transport. It
// works in a synctest bubble. Its URL is http://badweb.invalid; it is there for HTTPS
// as well, on port 443.
func InMemory(t testing.TB) *Server {
	s := newServer()
	s.URL = "http://badweb.invalid"
	plain, secure := newListener(), newListener()
	s.connect(func(ctx context.Context, port string) (net.Conn, error) {
		if port == "443" {
			return secure.dial(ctx)
		}
		return plain.dial(ctx)
	})
	server := &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0)}
	var wg sync.WaitGroup
	wg.Go(func() { server.Serve(plain) })
	wg.Go(func() { server.Serve(tls.NewListener(secure, serverConfig("192.0.2.1"))) })
	t.Cleanup(func() {
		s.Transport.CloseIdleConnections()
		server.Close()
		wg.Wait()
		s.replying.Wait()
	})
	return s
}

// NewHandler returns a server that listens nowhere, and so has neither URL nor
// Transport: others serve it.
func NewHandler() *Server { return newServer() }

func newServer() *Server {
	return &Server{
		scripts:  map[string][]http.HandlerFunc{},
		requests: map[string][]*http.Request{},
		active:   map[string]int{},
		peak:     map[string]int{},
		total:    map[string]int{},
	}
}

// connect makes the Transport; dial is given the port.
func (s *Server) connect(dial func(context.Context, string) (net.Conn, error)) {
	s.Transport = &http.Transport{
		DisableCompression:  true,
		TLSClientConfig:     clientConfig(),
		MaxIdleConnsPerHost: 100,
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			host, port, _ := net.SplitHostPort(address)
			if err := dialError(host); err != nil {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
			}
			return dial(ctx, port)
		},
	}
}

// dialError returns why there is no connection to host, or nil.
func dialError(host string) error {
	switch host {
	case "nxdomain.invalid":
		return &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	case "servfail.invalid":
		return &net.DNSError{Err: "server misbehaving", Name: host, IsTemporary: true}
	case "refused.invalid":
		return syscall.ECONNREFUSED
	case "unreachable.invalid":
		return syscall.EHOSTUNREACH
	}
	return nil
}

// Handle sets what path answers: its first request gets the first reply and so
// on, and the last reply is for all that come after. path may begin with a
// host, "example.org/file", and is then for that host alone. A path that was
// never set answers 404.
func (s *Server) Handle(path string, replies ...http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts[path] = replies
}

// Requests returns the requests that path got, in their order.
func (s *Server) Requests(path string) []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[path]
}

// Peak returns how many requests with this host were under way at a time.
func (s *Server) Peak(host string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peak[host]
}

// Total returns how many requests there were with this host.
func (s *Server) Total(host string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total[host]
}

// ServeHTTP answers with the next reply of the path's script.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.replying.Add(1)
	defer s.replying.Done()
	reply := s.begin(r)
	defer s.end(r)
	reply(w, r)
}

func (s *Server) begin(r *http.Request) http.HandlerFunc {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total[r.Host]++
	s.active[r.Host]++
	s.peak[r.Host] = max(s.peak[r.Host], s.active[r.Host])
	path := r.Host + r.URL.Path
	if _, ok := s.scripts[path]; !ok {
		path = r.URL.Path
	}
	n := len(s.requests[path])
	s.requests[path] = append(s.requests[path], r)
	script := s.scripts[path]
	if len(script) == 0 {
		return http.NotFound
	}
	return script[min(n, len(script)-1)]
}

func (s *Server) end(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active[r.Host]--
}
