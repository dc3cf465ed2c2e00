package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"
)

// idleFTP is how long a control connection waits for its next use.
const idleFTP = time.Minute

// A dialFunc connects as net.Dialer.DialContext does.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// An ftpTransport answers GET requests for ftp:// URLs as a web server would that
// had the files (RFC 959, 2428, 3659). Ranges "bytes=N-" work where the server
// tells sizes and takes REST, If-Range where it tells times, which are Last-Modified.
// Data connections are passive ones to the very host of the control connection,
// whatever a reply says. The status of a response is what HTTP has for the reply
// of the server, whose own words are in Response.Status.
//
// Control connections are kept for the next file. The end of a request's context
// closes both of its connections.
type ftpTransport struct {
	dial  dialFunc
	proxy ftpProxy

	mu   sync.Mutex
	idle map[ftpAccount][]*ftpConn // the latest last
}

// withFTP lets t answer requests for ftp:// URLs, too, over connections of t's own
// dialer, or through the proxy that the environment names. It returns what closes
// the idle connections of all.
func withFTP(t *http.Transport) (closeIdle func()) {
	f := newFTPTransport(t.DialContext)
	f.proxy = ftpProxyFromEnvironment(t)
	t.RegisterProtocol("ftp", f)
	return func() {
		t.CloseIdleConnections()
		f.closeIdle()
	}
}

func newFTPTransport(dial dialFunc) *ftpTransport {
	return &ftpTransport{dial: dial, idle: map[ftpAccount][]*ftpConn{}}
}

// RoundTrip is that of http.RoundTripper.
func (t *ftpTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	f, err := newFTPFile(req)
	if err != nil {
		return nil, err
	}
	if t.proxy.covers(req.URL.Hostname()) {
		return t.proxy.roundTrip(req)
	}
	for {
		c, used := t.take(f.account), true
		if c == nil {
			used = false
			if c, err = t.connect(req.Context(), f.account); err != nil {
				return ftpResponse(req, err)
			}
		}
		resp, err := t.get(req, f, c)
		if used && err != nil && req.Context().Err() == nil && isStale(err) {
			continue // the server has closed the connection in the meantime
		}
		if err != nil {
			return ftpResponse(req, err)
		}
		return resp, nil
	}
}

// isStale tells whether err may come from the age of the connection alone.
func isStale(err error) bool {
	var lost *lostData
	var reply *textproto.Error
	return !errors.As(err, &lost) && (!errors.As(err, &reply) || reply.Code == 421)
}

// connect logs in at a server.
func (t *ftpTransport) connect(ctx context.Context, a ftpAccount) (*ftpConn, error) {
	conn, err := t.dial(ctx, "tcp", a.address)
	if err != nil {
		return nil, err
	}
	c := newFTPConn(conn)
	defer context.AfterFunc(ctx, c.close)()
	if err := c.login(a.user, a.password); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// get asks for f over c, which the response's body then owns.
func (t *ftpTransport) get(req *http.Request, f *ftpFile, c *ftpConn) (*http.Response, error) {
	x := &ftpTransfer{transport: t, account: f.account, req: req, control: c}
	x.stop = context.AfterFunc(req.Context(), c.close)
	resp, err := x.get(f)
	if err == nil && x.data != nil {
		resp.Body = x
		return resp, nil
	}
	var reply *textproto.Error
	x.ready.Store(err == nil || errors.As(err, &reply) && reply.Code/100 == 5)
	x.Close()
	return resp, err
}

// take returns an idle connection, or nil.
func (t *ftpTransport) take(a ftpAccount) *ftpConn {
	t.mu.Lock()
	defer t.mu.Unlock()
	for all := t.idle[a]; len(all) > 0; {
		c := all[len(all)-1]
		all = all[:len(all)-1]
		t.idle[a] = all
		if c.expiry.Stop() {
			return c
		}
	}
	return nil
}

// put makes c idle.
func (t *ftpTransport) put(a ftpAccount, c *ftpConn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.expiry = time.AfterFunc(idleFTP, c.close)
	t.idle[a] = append(t.idle[a], c)
}

func (t *ftpTransport) closeIdle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, all := range t.idle {
		for _, c := range all {
			c.expiry.Stop()
			c.close()
		}
	}
	clear(t.idle)
	if t.proxy.next != nil {
		t.proxy.next.CloseIdleConnections()
	}
}

// ftpResponse returns the response for a refusal, which is err, and else err.
func ftpResponse(req *http.Request, err error) (*http.Response, error) {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		return nil, err
	}
	words := ftpWords(reply)
	if reply.Code == 425 || reply.Code == 426 {
		return nil, &lostData{words}
	}
	status := ftpStatus(reply)
	if status == 0 {
		return nil, fmt.Errorf("unexpected reply: %s", words)
	}
	return newFTPResponse(req, status, words), nil
}

func newFTPResponse(req *http.Request, status int, words string) *http.Response {
	return &http.Response{
		Status: words, StatusCode: status, ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: http.NoBody, ContentLength: -1, Request: req,
	}
}

// ftpStatus returns HTTP's status for a refusal (RFC 959, 4.2), 0 if it is none.
func ftpStatus(reply *textproto.Error) int {
	switch code := reply.Code; {
	case code == 332, code == 530, code == 532:
		if crowded.MatchString(reply.Msg) {
			return http.StatusServiceUnavailable
		}
		return http.StatusUnauthorized
	case code == 550, code == 553:
		if denied.MatchString(reply.Msg) {
			return http.StatusForbidden
		}
		return http.StatusNotFound
	case code == 120, code/100 == 4:
		return http.StatusServiceUnavailable
	case code/100 == 5:
		return http.StatusNotImplemented
	}
	return 0
}

// What servers say when they refuse a login because of others' logins, and a file
// that is there.
var (
	crowded = regexp.MustCompile(`(?i)too many|maximum|limit|busy|try (again|later)`)
	denied  = regexp.MustCompile(`(?i)denied|not allowed|forbidden`)
)

// ftpWords is the reply in one line that is not too long.
func ftpWords(reply *textproto.Error) string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(reply.Msg, "?"))
	text = strings.Join(strings.Fields(text), " ")
	return fmt.Sprintf("%03d %.200s", reply.Code, text)
}

// A lostData is the failure of a data connection, and a reset to classify.
type lostData struct{ cause string }

func (e *lostData) Error() string { return "data connection: " + e.cause }
func (e *lostData) Unwrap() error { return syscall.ECONNRESET }
