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
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// A Server serves scripts of replies, and remembers what it was asked.
type Server struct {
	// URL and SecureURL, of HTTPS, are the server's own, without a slash at the end.
	URL, SecureURL string
	// Transport connects to the server, whatever host a URL names, but for those that
	// fail as their names say: "nxdomain.invalid", "servfail.invalid",
	// "refused.invalid", "unreachable.invalid", each with all below it; and, as to certificates,
	// "expired.invalid", "wrongname.invalid", "unknown.invalid" and "old.invalid".
	Transport *http.Transport

	replying sync.WaitGroup

	mu       sync.Mutex
	scripts  map[string][]http.HandlerFunc
	requests map[string][]*http.Request
	asked    []string       // methods and paths
	active   map[string]int // requests under way, by host
	peak     map[string]int // the most there were at a time, by host
	total    map[string]int // requests, by host
}

// New starts a server on loopback, which ends with the test. It is there for HTTPS
// as well, with HTTP/2 for those who offer it.
func New(t testing.TB) *Server {
	s := newServer()
	plain, secure := httptest.NewUnstartedServer(s), httptest.NewUnstartedServer(s)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.TLS, secure.EnableHTTP2 = serverConfig("127.0.0.1"), true
	plain.Start()
	secure.StartTLS()
	s.URL, s.SecureURL = plain.URL, secure.URL
	s.connect(func(ctx context.Context, port string) (net.Conn, error) {
		address := plain.Listener.Addr().String()
		if port == "443" || strings.HasSuffix(s.SecureURL, ":"+port) {
			address = secure.Listener.Addr().String()
		}
		var d net.Dialer
		return d.DialContext(ctx, "tcp", address)
	})
	t.Cleanup(func() {
		s.Transport.CloseIdleConnections()
		plain.Close()
		secure.Close()
		s.replying.Wait()
	})
	return s
}

// InMemory starts a server that no network leads to, only its Transport. It
// works in a synctest bubble. Its URLs are http://badweb.invalid and https://badweb.invalid.
// A pipe has no buffer, so that bad certificates are for New alone.
func InMemory(t testing.TB) *Server {
	s := newServer()
	s.URL, s.SecureURL = "http://badweb.invalid", "https://badweb.invalid"
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
	labels := strings.Split(host, ".")
	switch strings.Join(labels[max(0, len(labels)-2):], ".") {
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

// Asked returns the method and the path of each request, "HEAD /f", in their order;
// before a path that was set for a host alone stands that host.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// Count returns how many requests there were.
func (s *Server) Count() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, requests := range s.requests {
		n += len(requests)
	}
	return n
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
	s.asked = append(s.asked, r.Method+" "+path)
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
