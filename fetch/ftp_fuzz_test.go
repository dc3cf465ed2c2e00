package fetch

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestParsePort(t *testing.T) {
	tests := []struct{ text, want string }{
		{"Entering Extended Passive Mode (|||6446|)", "6446"},
		{"ok (!!!1!)", "1"},
		{"(|||65535|)", "65535"},
		{"(|||65536|)", ""},
		{"(|||0|)", ""},
		{"(|||-1|)", ""},
		{"(||||)", ""},
		{"|||6446|", ""},
		{"Entering Passive Mode (10,0,0,1,195,80).", "50000"},
		{"Passive mode on, 10,0,0,1,195,80", "50000"},
		{"(10,0,0,1,256,1)", ""},
		{"(10,0,0,1,0,0)", ""},
		{"(10,0,0,1,255)", ""},
		{"", ""},
	}
	for _, test := range tests {
		if got := parsePort(test.text); got != test.want {
			t.Errorf("%s: got %q, want %q", test.text, got, test.want)
		}
	}
}

func FuzzParsePort(f *testing.F) {
	f.Add("Entering Extended Passive Mode (|||6446|)")
	f.Add("Entering Passive Mode (10,0,0,1,195,80).")
	f.Fuzz(func(t *testing.T, text string) {
		port := parsePort(text)
		if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
			t.Errorf("%q: got %q", text, port)
		}
	})
}

func TestParseFTPFacts(t *testing.T) {
	sizes := map[string]int64{
		"0": 0, "123": 123, " 123 bytes": 123, "-1": -1, "+1": -1, "": -1, "x": -1,
		"9223372036854775807": 1<<63 - 1, "9223372036854775808": -1,
	}
	for text, want := range sizes {
		if got := parseFTPSize(text); got != want {
			t.Errorf("size %q: got %d, want %d", text, got, want)
		}
	}
	times := map[string]string{
		"20180501123059":     "Tue, 01 May 2018 12:30:59 GMT",
		"20180501123059.999": "Tue, 01 May 2018 12:30:59 GMT",
		"19118050112305":     "", // a year 2000 problem
		"20181301123059":     "", "": "", "x": "",
	}
	for text, want := range times {
		if got := parseFTPTime(text); got != want {
			t.Errorf("time %q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzParseFTPFacts(f *testing.F) {
	f.Add("20180501123059.999")
	f.Fuzz(func(t *testing.T, text string) {
		if size := parseFTPSize(text); size < -1 {
			t.Errorf("%q: got %d bytes", text, size)
		}
		if when := parseFTPTime(text); when != "" {
			if _, err := time.Parse(http.TimeFormat, when); err != nil {
				t.Error(err)
			}
		}
	})
}

// No URL makes a file that could end a command, or has no name.
func FuzzFTPFile(f *testing.F) {
	for _, raw := range []string{"/pub/f", "//f", "/%2Fpub/f;type=i", "/f%0d%0aDELE f", "/a/./../f"} {
		f.Add(raw, "user", "word")
	}
	f.Fuzz(func(t *testing.T, path, user, password string) {
		u, err := url.Parse("ftp://ftp.invalid" + path)
		if err != nil {
			return
		}
		req := &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}}
		req.SetBasicAuth(user, password)
		file, err := newFTPFile(req)
		if err != nil {
			return
		}
		dirs, name := file.folders()
		words := append(dirs, name, file.path, file.account.user, file.account.password)
		if name == "" || strings.ContainsAny(strings.Join(words, ""), "\r\n\x00") {
			t.Errorf("%q: got %q", path, words)
		}
	})
}

// Whatever a server says, a request ends, and the server hears lines of commands.
func FuzzFTPServer(f *testing.F) {
	login := "220 a\r\n331 b\r\n230 c\r\n200 d\r\n"
	f.Add([]byte("220-x\r\n220 y\r\n530 too many\r\n"), []byte{})
	f.Add([]byte(login+"213 3\r\n213 20180501123059\r\n229 (|||9|)\r\n150 e\r\n226 f\r\n"),
		[]byte("abc"))
	f.Add([]byte(login+"550 x\r\n500 x\r\n227 1,2,3,4,5,6\r\n150 e\r\n426 f\r\n"), []byte("abc"))
	f.Add([]byte(login+"213 9\r\n550 x\r\n229 (|||9|)\r\n550 e\r\n250 f\r\n213 1\r\n"), []byte{})
	f.Fuzz(func(t *testing.T, replies, data []byte) {
		var told bytes.Buffer
		tr := newFTPTransport(func(_ context.Context, _, address string) (net.Conn, error) {
			if strings.HasSuffix(address, ":21") {
				return &fuzzConn{bytes.NewReader(replies), &told}, nil
			}
			return &fuzzConn{bytes.NewReader(data), io.Discard}, nil
		})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ftpURL, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := tr.RoundTrip(req)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if f := classify(resp, err); f != nil && hasControl(f.detail) {
			t.Errorf("got %q", f.detail)
		}
		tr.closeIdle()
		for line := range strings.SplitSeq(strings.TrimSuffix(told.String(), "\r\n"), "\r\n") {
			if verb, _, _ := strings.Cut(line, " "); len(verb) > 4 {
				t.Errorf("the server was told %q", line)
			}
		}
	})
}

// A fuzzConn reads from one thing and writes to another.
type fuzzConn struct {
	io.Reader
	io.Writer
}

func (*fuzzConn) Close() error                     { return nil }
func (*fuzzConn) LocalAddr() net.Addr              { return nil }
func (*fuzzConn) RemoteAddr() net.Addr             { return &net.TCPAddr{Port: 21} }
func (*fuzzConn) SetDeadline(time.Time) error      { return nil }
func (*fuzzConn) SetReadDeadline(time.Time) error  { return nil }
func (*fuzzConn) SetWriteDeadline(time.Time) error { return nil }
