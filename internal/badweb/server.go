// Package badweb is a web server for tests that misbehaves on request: each
// path has a script of replies, from a faithful file to a connection that dies
// half-way.
package badweb

import (
	"context"
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
	// Transport connects to the server, whatever host a URL names, but for
	// "nxdomain.invalid" and "refused.invalid", which fail as their names say.
	Transport *http.Transport

	replying sync.WaitGroup

	mu       sync.Mutex
	scripts  map[string][]http.HandlerFunc
	requests map[string][]*http.Request
	active   map[string]int // requests under way, by host
	peak     map[string]int // the most there were at a time, by host
}

// New starts a server on loopback, which ends with the test.
func New(t testing.TB) *Server {
	s := newServer()
	server := httptest.NewServer(s)
	address := server.Listener.Addr().String()
	s.URL = server.URL
	s.connect(func(ctx context.Context) (net.Conn, error) {
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
// works in a synctest bubble. Its URL is http://badweb.invalid.
func InMemory(t testing.TB) *Server {
	s := newServer()
	s.URL = "http://badweb.invalid"
	l := newListener()
	s.connect(l.dial)
	server := &http.Server{Handler: s}
	var wg sync.WaitGroup
	wg.Go(func() { server.Serve(l) })
	t.Cleanup(func() {
		s.Transport.CloseIdleConnections()
		server.Close()
		wg.Wait()
		s.replying.Wait()
	})
	return s
}

func newServer() *Server {
	return &Server{
		scripts:  map[string][]http.HandlerFunc{},
		requests: map[string][]*http.Request{},
		active:   map[string]int{},
		peak:     map[string]int{},
	}
}

func (s *Server) connect(dial func(context.Context) (net.Conn, error)) {
	s.Transport = &http.Transport{
		DisableCompression:  true,
		MaxIdleConnsPerHost: 100,
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			switch host, _, _ := net.SplitHostPort(address); host {
			case "nxdomain.invalid":
				err := &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
			case "refused.invalid":
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
			}
			return dial(ctx)
		},
	}
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
