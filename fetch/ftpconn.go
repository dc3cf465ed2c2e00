package fetch

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxFTPReply is the longest reply that is read, in bytes. Welcomes are long.
const maxFTPReply = 32 << 10

var errLongReply = errors.New("a reply without end")

// An ftpConn is a control connection.
type ftpConn struct {
	conn    net.Conn
	limited *io.LimitedReader
	replies *textproto.Reader
	noEPSV  bool
	moved   bool        // the folder is not that of the login
	expiry  *time.Timer // while it is idle
}

func newFTPConn(conn net.Conn) *ftpConn {
	limited := &io.LimitedReader{R: conn}
	return &ftpConn{
		conn: conn, limited: limited, replies: textproto.NewReader(bufio.NewReader(limited)),
	}
}

func (c *ftpConn) close() { c.conn.Close() }

// reusable tells whether c is as it was after the login.
func (c *ftpConn) reusable() bool { return !c.moved && c.replies.R.Buffered() == 0 }

// reply reads a reply. It must be in the class want, a first digit, or be want
// itself; otherwise it is the error, a *textproto.Error. 0 lets pass each one.
func (c *ftpConn) reply(want int) (code int, text string, err error) {
	c.limited.N = maxFTPReply
	code, text, err = c.replies.ReadResponse(want)
	var garbage textproto.ProtocolError
	switch {
	case err != nil && c.limited.N <= 0:
		err = errLongReply
	case errors.As(err, &garbage):
		err = fmt.Errorf("no reply of FTP: %.100q", garbage)
	}
	return code, text, err
}

// command sends a command and reads the reply, as reply does. All that is ever
// sent goes through it.
func (c *ftpConn) command(want int, words ...string) (code int, text string, err error) {
	line := strings.Join(words, " ")
	if hasControl(line) {
		return 0, "", errBadURL
	}
	if _, err := io.WriteString(c.conn, line+"\r\n"); err != nil {
		return 0, "", err
	}
	return c.reply(want)
}

// login takes the server's greeting, and sets up what holds for all files.
func (c *ftpConn) login(user, password string) error {
	if _, _, err := c.reply(2); err != nil {
		return err
	}
	code, text, err := c.command(0, "USER", user)
	switch {
	case err != nil:
	case code == 331:
		_, _, err = c.command(2, "PASS", password)
	case code/100 != 2:
		err = &textproto.Error{Code: code, Msg: text}
	}
	if err == nil {
		_, _, err = c.command(2, "TYPE", "I")
	}
	return err
}

// refused tells whether err is one of these replies; of any if none is named.
func refused(err error, codes ...int) bool {
	var reply *textproto.Error
	return errors.As(err, &reply) && (len(codes) == 0 || slices.Contains(codes, reply.Code))
}

// fact returns what the server tells of a file, "" if it does not.
func (c *ftpConn) fact(verb, name string) (string, error) {
	_, text, err := c.command(213, verb, name)
	if refused(err) && !refused(err, 421) {
		return "", nil
	}
	return text, err
}

// ftpFacts are what a server tells of a file.
type ftpFacts struct {
	size     int64  // bytes; -1: not known
	modified string // in HTTP's form; "": not known
}

func (c *ftpConn) describe(name string) (ftpFacts, error) {
	text, err := c.fact("SIZE", name)
	size := parseFTPSize(text)
	if err != nil || size < 0 { // it may be missing; and a range needs a size
		return ftpFacts{size: -1}, err
	}
	text, err = c.fact("MDTM", name)
	return ftpFacts{size, parseFTPTime(text)}, err
}

// enter goes into folders, one after the other.
func (c *ftpConn) enter(dirs []string) error {
	for _, dir := range dirs {
		if _, _, err := c.command(2, "CWD", dir); err != nil {
			return err
		}
		c.moved = true
	}
	return nil
}

// restart makes the next transfer begin at an offset in bytes, and tells whether it
// will.
func (c *ftpConn) restart(offset int64) (bool, error) {
	_, _, err := c.command(3, "REST", strconv.FormatInt(offset, 10))
	if refused(err) && !refused(err, 421) {
		return false, nil
	}
	return err == nil, err
}

// passive asks with verb for an address to which data connections are made.
func (c *ftpConn) passive(verb string, want int) (string, error) {
	_, text, err := c.command(want, verb)
	if err != nil {
		return "", err
	}
	port := parsePort(text)
	host, _, err := net.SplitHostPort(c.conn.RemoteAddr().String())
	if err != nil || port == "" {
		return "", &lostData{fmt.Sprintf("%s: no port in %.100q", verb, text)}
	}
	return net.JoinHostPort(host, port), nil
}

// parseFTPSize reads the text of a reply to SIZE (RFC 3659, 4): bytes; -1 if it is none.
func parseFTPSize(text string) int64 {
	words := strings.Fields(text)
	if len(words) == 0 {
		return -1
	}
	size, err := strconv.ParseUint(words[0], 10, 63)
	if err != nil {
		return -1
	}
	return int64(size)
}

// parseFTPTime reads the text of a reply to MDTM (RFC 3659, 2.3 and 3), and
// returns it in HTTP's form; "" if it is none.
func parseFTPTime(text string) string {
	words := strings.Fields(text)
	if len(words) == 0 {
		return ""
	}
	when, err := time.Parse("20060102150405", words[0]) // takes a fraction, too
	if err != nil {
		return ""
	}
	return when.Format(http.TimeFormat)
}

// What ends the replies to EPSV (RFC 2428, 3) and PASV (RFC 959, 4.1.2).
var (
	extendedPort = regexp.MustCompile(`\([!-~]{3}([0-9]{1,5})[!-~]\)`)
	passivePort  = regexp.MustCompile(`[0-9]{1,3}(?:,[0-9]{1,3}){3},([0-9]{1,3}),([0-9]{1,3})`)
)

// parsePort returns the port in a reply to EPSV or PASV, or "". The address in that
// to PASV does not count: a server could send its clients anywhere with it.
func parsePort(text string) string {
	port := 0
	if m := extendedPort.FindStringSubmatch(text); m != nil {
		port, _ = strconv.Atoi(m[1])
	} else if m := passivePort.FindStringSubmatch(text); m != nil {
		high, _ := strconv.Atoi(m[1])
		low, _ := strconv.Atoi(m[2])
		if high > 255 || low > 255 {
			return ""
		}
		port = high<<8 + low
	}
	if port == 0 || port > 65535 {
		return ""
	}
	return strconv.Itoa(port)
}
