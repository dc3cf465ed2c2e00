// Package simweb simulates the internet's hosts by one handler, which a client takes
// for its HTTP proxy: each host has a latency of its own, some limit how often they
// are asked, and a few requests in a hundred fail. What happens to a request depends
// on its host, its URL and how often that was asked before, not on luck.
package simweb

import (
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"granary/internal/corpus"
)

// A Content is what is at a URL: bytes of a seed, as [corpus.Bytes] makes them.
type Content struct {
	Seed uint64
	Size int64
}

// A Web is all hosts.
type Web struct {
	// Contents is what there is to fetch, by [Key].
	Contents map[string]Content
	// Profile says how a host is; nil means [ProfileOf].
	Profile func(host string) Profile

	mu    sync.Mutex
	hosts map[string]*host
	asked map[string]int // requests, by key
}

// A Profile is how a host behaves.
type Profile struct {
	Latency time.Duration // to the first byte
	Limit   float64       // requests a second, beyond which it answers 429; 0: no limit
	Failing float64       // share of the requests that fail
}

// Stats are what a host saw.
type Stats struct {
	Requests int
	Limited  int // of these, answered by 429
	Failed   int // of these, failed on purpose
	Peak     int // the most requests at a time
	// Busy is how long all requests took together.
	Busy time.Duration
}

type host struct {
	Stats
	Profile
	active  int
	limiter *rate.Limiter
}

// Key returns how Contents names a URL, whatever its scheme; "" if it is none.
func Key(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return ""
	}
	return key(u.Host, u)
}

func key(host string, u *url.URL) string { return strings.ToLower(host) + u.RequestURI() }

// ProfileOf returns a latency of 5 to 300 ms, mostly short, for any host; one in ten
// has a limit of 5 requests a second. github.com has 60 ms and a limit of 30. 3 % of the
// requests fail.
func ProfileOf(name string) Profile {
	n := hash(name)
	share := float64(n%1000) / 1000
	p := Profile{
		Latency: 5*time.Millisecond + time.Duration(share*share*295)*time.Millisecond,
		Failing: 0.03,
	}
	switch {
	case name == "github.com":
		p.Latency, p.Limit = 60*time.Millisecond, 30
	case n/1000%10 == 0:
		p.Limit = 5
	}
	return p
}

func hash(text string) uint64 {
	h := fnv.New64a()
	io.WriteString(h, text)
	n := h.Sum64() // whose low bits hardly change with the last letter
	n ^= n >> 33
	n *= 0xff51afd7ed558ccd
	return n ^ n>>33
}

// Hosts returns what each host saw.
func (w *Web) Hosts() map[string]Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string]Stats{}
	for name, h := range w.hosts {
		all[name] = h.Stats
	}
	return all
}

// ServeHTTP answers a request to a proxy.
func (w *Web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	name := key(r.Host, r.URL)
	begin := time.Now()
	h, reply := w.begin(strings.ToLower(r.Host), name)
	defer w.end(h, begin)
	select {
	case <-r.Context().Done():
		return
	case <-time.After(h.Latency):
	}
	reply(rw, r)
}

func (w *Web) end(h *host, begin time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h.active--
	h.Busy += time.Since(begin)
}

// begin counts a request and says what is to become of it.
func (w *Web) begin(hostName, key string) (*host, http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.host(hostName)
	h.Requests++
	h.active++
	h.Peak = max(h.Peak, h.active)
	if h.limiter != nil && !h.limiter.Allow() {
		h.Limited++
		return h, limited
	}
	w.asked[key]++
	content, ok := w.Contents[key]
	if !ok {
		return h, http.NotFound
	}
	n := hash(strconv.Itoa(w.asked[key]) + key)
	if float64(n%1000) < 1000*h.Failing {
		h.Failed++
		return h, []http.HandlerFunc{unavailable, content.reset, silent}[n/1000%3]
	}
	return h, content.serve
}

func (w *Web) host(name string) *host {
	if w.hosts == nil {
		w.hosts, w.asked = map[string]*host{}, map[string]int{}
	}
	h := w.hosts[name]
	if h == nil {
		profile := w.Profile
		if profile == nil {
			profile = ProfileOf
		}
		h = &host{Profile: profile(name)}
		if h.Limit > 0 {
			h.limiter = rate.NewLimiter(rate.Limit(h.Limit), int(h.Limit))
		}
		w.hosts[name] = h
	}
	return h
}

func limited(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusTooManyRequests)
}

func unavailable(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusServiceUnavailable)
}

func silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func (c Content) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", strconv.FormatInt(c.Size, 10))
	io.CopyN(w, corpus.Bytes(c.Seed), c.Size)
}

// reset sends a half, and then resets the connection.
func (c Content) reset(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", strconv.FormatInt(c.Size, 10))
	io.CopyN(w, corpus.Bytes(c.Seed), c.Size/2)
	control := http.NewResponseController(w)
	control.Flush()
	conn, _, err := control.Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}
