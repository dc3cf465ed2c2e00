package badweb

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// File serves body as a good server does, with an ETag, ranges, If-Range and
// 416. etag is without quotes; "" means that there is none.
func File(body []byte, etag string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		setETag(w, etag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	}
}

// Body answers 200 with the whole body, whatever range was asked for.
func Body(body []byte, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		setHeader(w, header)
		w.Write(body)
	}
}

// Status answers with an empty body. header is names and values in turn.
func Status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		setHeader(w, header)
		w.WriteHeader(code)
	}
}

// Headless answers code to HEAD, and else as reply does.
func Headless(code int, reply http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.WriteHeader(code)
			return
		}
		reply(w, r)
	}
}

// Redirect answers 302. Status(302) is one that does not say where to.
func Redirect(to string) http.HandlerFunc { return Status(http.StatusFound, "Location", to) }

// RetryAt answers that it should be asked again at a time so much later.
func RetryAt(code int, later time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		at := time.Now().Add(later).UTC().Format(http.TimeFormat)
		Status(code, "Retry-After", at)(w, r)
	}
}

// HTML answers 200 with a page.
func HTML() http.HandlerFunc {
	page := "<!DOCTYPE html>\n<html><head><title>Log in</title></head><body/></html>\n"
	return Body([]byte(page), "Content-Type", "text/html")
}

// Login answers 200 with a page that has a field for a password.
func Login() http.HandlerFunc {
	page := "<html><body><form><input name=p type=\"password\"></form></body></html>\n"
	return Body([]byte(page), "Content-Type", "text/html")
}

// Raw sends text, which should be an answer but need not be one, and ends the
// connection.
func Raw(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		io.WriteString(c, text)
	}
}

// Gzip compresses body once more, and says so if declared.
func Gzip(body []byte, declared bool) http.HandlerFunc {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	z.Write(body)
	z.Close()
	if declared {
		return Body(buf.Bytes(), "Content-Encoding", "gzip")
	}
	return Body(buf.Bytes())
}

// Cut is File, but ends the connection after n bytes of body at the most.
func Cut(body []byte, etag string, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		sendPart(w, r, body, etag, n)
		panic(http.ErrAbortHandler)
	}
}

// Reset is Cut with a connection that is reset.
func Reset(body []byte, etag string, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		sendPart(w, r, body, etag, n)
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			reset(c)
		}
	}
}

// Stall is Cut with a connection that stays and falls silent. With n < 0 not
// even a header is sent.
func Stall(body []byte, etag string, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if n >= 0 {
			sendPart(w, r, body, etag, n)
		}
		<-r.Context().Done()
	}
}

// Trickle sends n bytes at a time, and pauses after each.
func Trickle(body []byte, n int, pause time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		rest := body
		for len(rest) > 1 {
			n := min(n, len(rest)-1)
			w.Write(rest[:n])
			http.NewResponseController(w).Flush()
			rest = rest[n:]
			select {
			case <-time.After(pause):
			case <-r.Context().Done():
				return
			}
		}
		// The last byte leaves when the request counts as done: a client that has
		// all may come again before this function returns.
		w.Write(rest)
	}
}

// Slow is File, but sends n bytes of body at a time, and pauses after each.
func Slow(body []byte, etag string, n int, pause time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		sendPart(w, r, body, etag, 0)
		Trickle(body[rangeStart(r, etag):], n, pause)(w, r)
	}
}

// Private is the reply for those who know the password, 401 for others.
func Private(login, password string, reply http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if l, p, _ := r.BasicAuth(); l != login || p != password {
			Status(http.StatusUnauthorized, "WWW-Authenticate", `Basic realm="x"`)(w, r)
			return
		}
		reply(w, r)
	}
}

// ChunkedCut sends n bytes of body without a length, and ends the connection.
func ChunkedCut(body []byte, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Write(body[:n])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// Length sends all of body but declares n bytes. With n above its size, the
// connection ends too early for the client, else too late.
func Length(body []byte, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		c, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		fmt.Fprintf(buf, "HTTP/1.1 200 OK\r\nConnection: close\r\n"+
			"Content-Length: %d\r\n\r\n%s", n, body)
		buf.Flush()
	}
}

// WrongRange answers 206 to a request for a range, but from another offset.
func WrongRange(body []byte, offset int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Range",
			fmt.Sprintf("bytes %d-%d/%d", offset, len(body)-1, len(body)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(body[offset:])
	}
}

// sendPart sends the header for body, or for the range of it that was asked
// for, and n bytes at the most.
func sendPart(w http.ResponseWriter, r *http.Request, body []byte, etag string, n int) {
	setETag(w, etag)
	rest := body
	if from := rangeStart(r, etag); from > 0 && from < len(body) {
		rest = body[from:]
		w.Header().Set("Content-Range",
			fmt.Sprintf("bytes %d-%d/%d", from, len(body)-1, len(body)))
		w.Header().Set("Content-Length", strconv.Itoa(len(rest)))
		w.WriteHeader(http.StatusPartialContent)
	} else {
		w.Header().Set("Content-Length", strconv.Itoa(len(rest)))
	}
	w.Write(rest[:min(n, len(rest))])
	http.NewResponseController(w).Flush()
}

// rangeStart returns the offset that r asks for, 0 for the whole.
func rangeStart(r *http.Request, etag string) int {
	if c := r.Header.Get("If-Range"); c != "" && c != quote(etag) {
		return 0
	}
	from, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	if !ok {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSuffix(from, "-"))
	return n
}

func setETag(w http.ResponseWriter, etag string) {
	if etag != "" {
		w.Header().Set("ETag", quote(etag))
	}
}

func quote(etag string) string { return `"` + etag + `"` }

func setHeader(w http.ResponseWriter, header []string) {
	for ; len(header) >= 2; header = header[2:] {
		w.Header().Set(header[0], header[1])
	}
}
