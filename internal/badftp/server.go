// Package badftp is an FTP server within the process, for tests, that misbehaves
// on request: each command has a script of faults.
package badftp

import (
	"bufio"
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Address is where the server is, whatever the name of the host asked for.
const Address = "192.0.2.1"

// Greeting is the command, as it were, that a new connection stands for.
const Greeting = "GREETING"

// A Server serves files, and remembers what it was told. It has EPSV, PASV, REST,
// SIZE and MDTM, and lets in anybody.
type Server struct {
	ctx      context.Context
	sessions sync.WaitGroup

	mu       sync.Mutex
	files    map[string]file
	faults   map[string][]Fault
	commands []string
	dialled  []string
	ports    map[string]chan net.Conn
	next     int // port
	open     int // control connections
}

type file struct {
	body     []byte
	modified time.Time
}

// New returns a server that ends with the test.
func New(t testing.TB) *Server {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		ctx: ctx, next: 40000, files: map[string]file{}, faults: map[string][]Fault{},
		ports: map[string]chan net.Conn{},
	}
	t.Cleanup(func() {
		cancel()
		s.sessions.Wait()
	})
	return s
}

// File adds a file, or changes it. Its path is absolute; logins begin in "/".
func (s *Server) File(path string, body []byte, modified time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = file{body, modified}
}

// On sets what happens when a command comes for the first time, the second and so
// on; the last is for all later ones. nil is what a good server does.
func (s *Server) On(verb string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[verb] = faults
}

// Commands returns those that came, but for logins.
func (s *Server) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// Dialled returns the addresses that Dial was asked for.
func (s *Server) Dialled() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.dialled)
}

// Open returns how many control connections there are.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// Dial connects to port 21, or to one that a reply has named, at any host. Port 7
// never answers, the others are refused.
func (s *Server) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if port == "7" {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	client, server := net.Pipe()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dialled = append(s.dialled, address)
	switch listener := s.ports[port]; {
	case port == "21":
		s.open++
		s.sessions.Go(func() { s.serve(server) })
	case listener != nil:
		delete(s.ports, port)
		listener <- server
	default:
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	return remote{client, port}, nil
}

// listen returns a new port, and where its one connection comes.
func (s *Server) listen() (int, chan net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	c := make(chan net.Conn, 1)
	s.ports[strconv.Itoa(s.next)] = c
	return s.next, c
}

func (s *Server) serve(control net.Conn) {
	x := &Session{server: s, control: control}
	defer context.AfterFunc(s.ctx, func() { control.Close() })()
	defer x.end()
	x.do(Greeting, "")
	lines := bufio.NewReader(control)
	for !x.over {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\r\n")
		s.record(line)
		verb, arg, _ := strings.Cut(line, " ")
		x.do(verb, arg)
	}
}

func (s *Server) record(line string) {
	if strings.HasPrefix(line, "PASS ") || strings.HasPrefix(line, "TYPE ") {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, line)
}

// fault returns the next for a command, or nil.
func (s *Server) fault(verb string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.faults[verb]
	if len(all) == 0 {
		return nil
	}
	if len(all) > 1 {
		s.faults[verb] = all[1:]
	}
	return all[0]
}

func (s *Server) file(path string) (file, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[path]
	return f, ok
}

// isFolder tells whether there is a file below.
func (s *Server) isFolder(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.files {
		if strings.HasPrefix(name, strings.TrimSuffix(path, "/")+"/") {
			return true
		}
	}
	return false
}

// A remote is the client's end of a connection to the server.
type remote struct {
	net.Conn
	port string
}

func (r remote) RemoteAddr() net.Addr { return address(net.JoinHostPort(Address, r.port)) }

type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }
