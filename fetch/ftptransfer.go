package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// ftpConnect is how long a data connection may take to open, so that PASV gets
	// its turn where a firewall swallows what it does not know.
	ftpConnect = 10 * time.Second
	// ftpFarewell is how long the reply that ends a transfer is waited for, once its
	// data connection has ended.
	ftpFarewell = 5 * time.Second
)

// An ftpTransfer is the work on one request, and then the body of its response.
type ftpTransfer struct {
	transport *ftpTransport
	account   ftpAccount
	req       *http.Request
	control   *ftpConn
	data      net.Conn // nil until it is open
	// stop and stopData end the watch on the request's context. The first returns
	// false if that has closed the control connection.
	stop, stopData func() bool

	size int64 // bytes to come; -1: not known
	got  int64 // bytes that came
	done error // what ended the body

	ready  atomic.Bool // for another command: the server has said all of this file
	closed sync.Once
}

// get asks for f by its path and, since there are servers that do not know paths,
// from within its folder.
func (x *ftpTransfer) get(f *ftpFile) (*http.Response, error) {
	resp, err := x.retrieve(f.path)
	dirs, name := f.folders()
	if len(dirs) == 0 || !refused(err, 501, 550, 553) {
		return resp, err
	}
	x.closeData()
	x.data = nil
	if err := x.control.enter(dirs); err != nil {
		return nil, err
	}
	return x.retrieve(name)
}

// retrieve makes the server send a file, or the rest of it if that is wanted and
// there is one.
func (x *ftpTransfer) retrieve(name string) (*http.Response, error) {
	if x.req.Method == http.MethodHead {
		return x.head(name)
	}
	file, err := x.control.describe(name)
	if err != nil {
		return nil, err
	}
	start := wantedStart(x.req.Header, file)
	if start > 0 && start >= file.size {
		return outOfRange(x.req, file.size), nil
	}
	if err := x.openData(); err != nil {
		return nil, err
	}
	if start > 0 {
		ok, err := x.control.restart(start)
		if err != nil {
			return nil, err
		}
		if !ok {
			start = 0
		}
	}
	code, text, err := x.control.command(1, "RETR", name)
	if err != nil {
		return nil, err
	}
	return x.response(ftpWords(&textproto.Error{Code: code, Msg: text}), file, start), nil
}

// head asks how large a file is. A server may not know SIZE, and then does not say it.
func (x *ftpTransfer) head(name string) (*http.Response, error) {
	code, text, err := x.control.command(213, "SIZE", name)
	unknown := refused(err) && !refused(err, 421, 450, 501, 550, 553)
	if err != nil && !unknown {
		return nil, err
	}
	resp := newFTPResponse(x.req, http.StatusOK, ftpWords(&textproto.Error{Code: code, Msg: text}))
	if !unknown {
		resp.ContentLength = parseFTPSize(text)
	}
	return resp, nil
}

// response is that to a request for a file which now comes, from start.
func (x *ftpTransfer) response(words string, file ftpFacts, start int64) *http.Response {
	resp := newFTPResponse(x.req, http.StatusOK, words)
	if file.modified != "" {
		resp.Header.Set("Last-Modified", file.modified)
	}
	x.size = file.size
	if start > 0 {
		x.size -= start
		resp.StatusCode = http.StatusPartialContent
		resp.Header.Set("Content-Range",
			fmt.Sprintf("bytes %d-%d/%d", start, file.size-1, file.size))
	}
	resp.ContentLength = x.size
	return resp
}

func outOfRange(req *http.Request, size int64) *http.Response {
	resp := newFTPResponse(req, http.StatusRequestedRangeNotSatisfiable,
		"213 "+strconv.FormatInt(size, 10))
	resp.Header.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
	return resp
}

// openData makes the server listen, by EPSV if that works, and connects.
func (x *ftpTransfer) openData() error {
	c := x.control
	if !c.noEPSV {
		err := x.connect("EPSV", 229)
		if err == nil || !isPassiveTrouble(err) || x.req.Context().Err() != nil {
			return err
		}
		c.noEPSV = true
	}
	return x.connect("PASV", 227)
}

// isPassiveTrouble tells whether another kind of passive mode may do better.
func isPassiveTrouble(err error) bool {
	var lost *lostData
	var reply *textproto.Error
	return errors.As(err, &lost) || errors.As(err, &reply) && reply.Code/100 == 5
}

func (x *ftpTransfer) connect(verb string, want int) error {
	address, err := x.control.passive(verb, want)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(x.req.Context(), ftpConnect)
	defer cancel()
	data, err := x.transport.dial(ctx, "tcp", address)
	if err != nil {
		return &lostData{err.Error()}
	}
	x.data = data
	x.stopData = context.AfterFunc(x.req.Context(), func() { data.Close() })
	return nil
}

func (x *ftpTransfer) closeData() {
	if x.data != nil {
		x.stopData()
		x.data.Close()
	}
}

// Read is that of io.Reader. The error of a body that is too short is
// io.ErrUnexpectedEOF.
func (x *ftpTransfer) Read(p []byte) (int, error) {
	if x.done != nil {
		return 0, x.done
	}
	n, err := x.data.Read(p)
	x.got += int64(n)
	switch {
	case err == io.EOF:
		err = x.finish()
	case err != nil && x.got == x.size: // silence after the last byte
		err = io.EOF
	}
	x.done = err
	return n, err
}

// finish hears what the server says at the end, and says whether it was one: io.EOF.
func (x *ftpTransfer) finish() error {
	x.data.Close()
	x.control.conn.SetReadDeadline(time.Now().Add(ftpFarewell))
	_, _, err := x.control.reply(2)
	x.control.conn.SetReadDeadline(time.Time{})
	x.ready.Store(err == nil)
	var reply *textproto.Error
	switch {
	case x.size >= 0 && x.got >= x.size, x.size < 0 && err == nil:
		return io.EOF
	case errors.As(err, &reply):
		return &lostData{ftpWords(reply)}
	}
	return io.ErrUnexpectedEOF
}

// Close ends the transfer. The control connection goes on only if the server has
// nothing more to say. Close may be called at any time.
func (x *ftpTransfer) Close() error {
	x.closed.Do(func() {
		x.closeData()
		if x.stop() && x.ready.Load() && x.control.reusable() {
			x.transport.put(x.account, x.control)
		} else {
			x.control.close()
		}
	})
	return nil
}
