package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"granary/internal/badweb"
	"granary/internal/sampleweb"
)

// web serves the sample's sources, and the files that a script puts into
// $WORK/www below /www/. It misbehaves as the script asks, and remembers what
// it was asked for.
type web struct {
	url    string
	work   string
	sample http.Handler
	files  http.Handler

	mu      sync.Mutex
	asked   []string // host, path and range; before a host that HEAD was asked of "HEAD "
	replies map[string][]http.HandlerFunc
}

type webKey struct{}

func newWeb(env *testscript.Env) *web {
	work := env.WorkDir
	w := &web{
		work:    work,
		sample:  sampleweb.Handler(filepath.Join(sampleDir, "files")),
		files:   http.StripPrefix("/www/", http.FileServer(http.Dir(filepath.Join(work, "www")))),
		replies: map[string][]http.HandlerFunc{},
	}
	server := httptest.NewServer(w)
	env.Defer(func() {
		server.CloseClientConnections()
		server.Close()
		if found := w.take("cache.nixos.org"); len(found) > 0 {
			env.T().Fatal("asked the substituter on the internet: " + found[0])
		}
	})
	w.url = server.URL
	return w
}

// ServeHTTP answers with the next reply that the script asked for, or well.
func (w *web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.handler(r).ServeHTTP(rw, r)
}

func (w *web) handler(r *http.Request) http.Handler {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, askedFor(r))
	name := filepath.Base(r.URL.Path)
	if queue := w.replies[name]; len(queue) > 0 {
		w.replies[name] = queue[1:]
		return queue[0]
	}
	if strings.HasPrefix(r.URL.Path, "/www/") {
		return w.files
	}
	return w.sample
}

func askedFor(r *http.Request) string {
	text := strings.TrimSpace(r.Host + r.URL.Path + " " + r.Header.Get("Range"))
	if r.Method == http.MethodHead {
		text = "HEAD " + text
	}
	return text
}

func webOf(ts *testscript.TestScript) *web { return ts.Value(webKey{}).(*web) }

// cmdReply is `reply FILE REPLY...`: the next requests for a file of that name
// get these replies. A reply is an HTTP status, "stall" (the file $WORK/stalled
// appears, and no answer), "half" (the same after some bytes), or
// "login:password" (401 without these).
func cmdReply(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: reply FILE REPLY...")
	}
	w := webOf(ts)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, word := range args[1:] {
		w.replies[args[0]] = append(w.replies[args[0]], w.reply(ts, word))
	}
}

func (w *web) reply(ts *testscript.TestScript, word string) http.HandlerFunc {
	if word == "stall" || word == "half" {
		return func(rw http.ResponseWriter, r *http.Request) { w.stall(rw, r, word == "half") }
	}
	if login, password, ok := strings.Cut(word, ":"); ok {
		return func(rw http.ResponseWriter, r *http.Request) {
			l, p, _ := r.BasicAuth()
			if l != login || p != password {
				badweb.Status(http.StatusUnauthorized)(rw, r)
				return
			}
			w.sample.ServeHTTP(rw, r)
		}
	}
	code, err := strconv.Atoi(word)
	ts.Check(err)
	return badweb.Status(code)
}

// stall falls silent, with or without the first 100 bytes of a source.
func (w *web) stall(rw http.ResponseWriter, r *http.Request, begun bool) {
	if begun {
		good := httptest.NewRecorder()
		w.sample.ServeHTTP(good, r)
		rw.Header().Set("ETag", good.Header().Get("ETag"))
		rw.Header().Set("Content-Length", strconv.Itoa(good.Body.Len()))
		_, _ = rw.Write(good.Body.Bytes()[:100])
		_ = http.NewResponseController(rw).Flush()
		time.Sleep(timeToRead) // from here nobody sees when it was read
	}
	_ = os.WriteFile(filepath.Join(w.work, "stalled"), nil, 0o666)
	<-r.Context().Done()
}

// timeToRead is enough for a client to read some bytes, also on a busy machine.
const timeToRead = 300 * time.Millisecond

// cmdRequests is `requests N [TEXT]`: since the last such command for the same
// TEXT there were N requests whose host and path hold it. N may be "some".
func cmdRequests(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: requests N [TEXT]")
	}
	text := ""
	if len(args) == 2 {
		text = args[1]
	}
	found := webOf(ts).take(text)
	if args[0] == "some" && len(found) > 0 {
		return
	}
	if strconv.Itoa(len(found)) != args[0] {
		ts.Fatalf("%d requests for %q, want %s:\n%s", len(found), text, args[0],
			strings.Join(found, "\n"))
	}
}

// take removes the requests that hold text from those remembered.
func (w *web) take(text string) (found []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	rest := w.asked[:0]
	for _, asked := range w.asked {
		if strings.Contains(asked, text) {
			found = append(found, asked)
		} else {
			rest = append(rest, asked)
		}
	}
	w.asked = rest
	return found
}
