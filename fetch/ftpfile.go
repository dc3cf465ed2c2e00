package fetch

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
)

var errBadURL = errors.New("bad URL")

// An ftpAccount is where and as whom to log in.
type ftpAccount struct{ address, user, password string }

// An ftpFile is what a request for an ftp:// URL asks for.
type ftpFile struct {
	account ftpAccount
	path    string // decoded; relative to the folder of the login unless it begins with /
}

// newFTPFile reads an ftp:// URL as curl does: %2F and // at the beginning mean
// the root (RFC 1738, 3.2.2), a query is left out. What would be more than an
// argument of a command is refused.
func newFTPFile(req *http.Request) (*ftpFile, error) {
	u := req.URL
	f := &ftpFile{
		account: ftpAccount{ftpAddress(u), "anonymous", "anonymous@example.com"},
		path:    strings.TrimSuffix(strings.TrimPrefix(u.Path, "/"), ";type=i"),
	}
	if user, password, ok := req.BasicAuth(); ok {
		f.account.user, f.account.password = user, password
	}
	switch {
	case u.Hostname() == "":
		return nil, fmt.Errorf("%w: no host", errBadURL)
	case hasControl(f.path + f.account.user + f.account.password):
		return nil, fmt.Errorf("%w: control characters", errBadURL)
	case f.path == "" || strings.HasSuffix(f.path, "/"):
		return nil, fmt.Errorf("%w: a folder", errBadURL)
	case req.Method != http.MethodGet && req.Method != http.MethodHead:
		return nil, fmt.Errorf("%w: %s of ftp", errBadURL, req.Method)
	}
	return f, nil
}

func ftpAddress(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "21"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// hasControl tells whether s could end a command, or do something to a terminal.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// folders returns those to enter one after the other, and the name in the last.
func (f *ftpFile) folders() (dirs []string, name string) {
	dir, name := path.Split(f.path)
	if strings.HasPrefix(dir, "/") {
		dirs = append(dirs, "/")
	}
	for part := range strings.SplitSeq(dir, "/") {
		if part != "" {
			dirs = append(dirs, part)
		}
	}
	return dirs, name
}

// wantedStart returns the offset that a request is for; 0, the whole, also if what
// it has the beginning of is another file than the server's.
func wantedStart(h http.Header, file ftpFacts) int64 {
	from, ok := strings.CutPrefix(h.Get("Range"), "bytes=")
	n, err := strconv.ParseInt(strings.TrimSuffix(from, "-"), 10, 64)
	if !ok || err != nil || n < 0 || file.size < 0 {
		return 0
	}
	if same := h.Get("If-Range"); same != "" && same != file.modified {
		return 0
	}
	return n
}
