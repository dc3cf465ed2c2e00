package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"granary"
	"granary/internal/badftp"
	"granary/internal/badweb"
)

// sizes returns what is said of sources.
func (b *rig) sizes(ctx context.Context, sources ...granary.Source) (all []Size, err error) {
	err = b.fetcher.Sizes(ctx, sources, func(s Size) { all = append(all, s) })
	return all, err
}

// says answers with a Content-Length and no body, as servers answer HEAD.
func says(length string, header ...string) http.HandlerFunc {
	return badweb.Status(200, append(header, "Content-Length", length)...)
}

// whole answers a request for a range with the size of the whole.
func whole(size string) http.HandlerFunc {
	return badweb.Status(206, "Content-Range", "bytes 0-0/"+size)
}

// A sizeCase is how servers answer to the question for the size of a source, which is
// body unless the answers say something else.
type sizeCase struct {
	name    string
	replies map[string]script // by path
	urls    []string          // nil: /f
	source  func(t *testing.T, s *granary.Source)
	prepare func(f *Fetcher)
	want    Size
	asked   []string
}

const sizeURL = "http://badweb.invalid"

var (
	unsaid  = Size{Bytes: -1}
	passing = Size{Bytes: -1, MayPass: true}
	twoURLs = []string{sizeURL + "/f", sizeURL + "/g"}
	atF     = Size{Bytes: 3000, Exact: true, URL: sizeURL + "/f"}
	atG     = Size{Bytes: 3000, Exact: true, URL: sizeURL + "/g"}
)

// one is the replies of /f; /g has the file.
func one(replies ...http.HandlerFunc) map[string]script {
	return map[string]script{"/f": replies, "/g": {good}}
}

var sizeCases = []sizeCase{
	{name: "good", replies: one(good), want: atF, asked: []string{"HEAD /f"}},
	{name: "not found", replies: one(badweb.Status(404)), want: unsaid, asked: []string{"HEAD /f"}},
	{name: "not found, another URL", replies: one(badweb.Status(404)), urls: twoURLs, want: atG,
		asked: []string{"HEAD /f", "HEAD /g"}},
	{name: "no length", replies: one(badweb.Status(200)), want: unsaid, asked: []string{"HEAD /f"}},
	{name: "no length, another URL", replies: one(badweb.Status(200)), urls: twoURLs, want: atG,
		asked: []string{"HEAD /f", "HEAD /g"}},
	{name: "empty", replies: one(says("0")), urls: twoURLs, want: atG,
		asked: []string{"HEAD /f", "HEAD /g"}},
	{name: "less than nothing", replies: one(says("-5")), urls: twoURLs, want: atG,
		asked: []string{"HEAD /f", "HEAD /g"}},
	{name: "a lie", replies: one(says("1125899906842625")), urls: twoURLs, want: atG,
		asked: []string{"HEAD /f", "HEAD /g"}},
	{name: "just no lie", replies: one(says("1125899906842624")),
		want: Size{Bytes: 1 << 50, Exact: true, URL: sizeURL + "/f"}, asked: []string{"HEAD /f"}},
	{name: "page", replies: one(says("70", "Content-Type", "text/html; charset=utf-8")),
		urls: twoURLs, want: atG, asked: []string{"HEAD /f", "HEAD /g"}},
	{name: "page that is wanted", replies: one(says("70", "Content-Type", "Text/HTML")),
		source: func(t *testing.T, s *granary.Source) { *s = named(t, *s, "manual.html") },
		want:   Size{Bytes: 70, Exact: true, URL: sizeURL + "/f"}, asked: []string{"HEAD /f"}},
	{name: "compressed on the way", replies: one(says("70", "Content-Encoding", "gzip")),
		want: Size{Bytes: 70, URL: sizeURL + "/f"}, asked: []string{"HEAD /f"}},
	{name: "after a redirect", replies: map[string]script{"/f": {badweb.Redirect("/g")}, "/g": {good}},
		want: atF, asked: []string{"HEAD /f", "HEAD /g"}},
	{name: "redirect to a file", replies: one(badweb.Redirect("file:///etc/passwd")),
		want: unsaid, asked: []string{"HEAD /f"}},
	{name: "redirect in a loop", replies: one(badweb.Redirect("/f")), urls: twoURLs, want: atG,
		asked: []string{"HEAD /f", "HEAD /f", "HEAD /f", "HEAD /g"}},

	{name: "HEAD not allowed", replies: one(badweb.Headless(405, good)),
		want: atF, asked: []string{"HEAD /f", "GET /f"}},
	{name: "HEAD not known", replies: one(badweb.Headless(501, good)),
		want: atF, asked: []string{"HEAD /f", "GET /f"}},
	{name: "HEAD not allowed, no ranges",
		replies: one(badweb.Headless(405, badweb.Body(body, "Content-Length", "3000"))),
		want:    atF, asked: []string{"HEAD /f", "GET /f"}},
	{name: "HEAD not allowed, no length",
		replies: one(badweb.Headless(405, badweb.ChunkedCut(body, 3000))), urls: twoURLs,
		want: atG, asked: []string{"HEAD /f", "GET /f", "HEAD /g"}},
	{name: "HEAD not allowed, size not known", replies: one(badweb.Headless(405, whole("*"))),
		want: unsaid, asked: []string{"HEAD /f", "GET /f"}},
	{name: "HEAD not allowed, nonsense", replies: one(badweb.Headless(405, whole("-7"))),
		want: unsaid, asked: []string{"HEAD /f", "GET /f"}},
	{name: "HEAD not allowed, nor GET", replies: one(badweb.Status(405)), urls: twoURLs,
		want: atG, asked: []string{"HEAD /f", "GET /f", "HEAD /g"}},
	{name: "HEAD not allowed, missing", replies: one(badweb.Headless(405, badweb.Status(404))),
		want: unsaid, asked: []string{"HEAD /f", "GET /f"}},

	{name: "rate limited", replies: one(badweb.Status(429, "Retry-After", "7"), good), want: atF,
		asked: []string{"HEAD /f", "HEAD /f"}},
	{name: "busy", replies: one(badweb.Status(503), badweb.Status(503), good), want: atF,
		asked: []string{"HEAD /f", "HEAD /f", "HEAD /f"}},
	{name: "broken", replies: one(badweb.Status(500)), urls: twoURLs, want: atG,
		asked: []string{"HEAD /f", "HEAD /f", "HEAD /f", "HEAD /f", "HEAD /g"}},
	{name: "silent", replies: one(badweb.Stall(body, "", -1)), urls: twoURLs, want: atG,
		asked: []string{"HEAD /f", "HEAD /f", "HEAD /f", "HEAD /f", "HEAD /g"}},
	{name: "host unknown", replies: one(good), urls: []string{"http://nxdomain.invalid/f"},
		want: passing},
	{name: "rate limited always", replies: one(badweb.Status(429)),
		prepare: func(f *Fetcher) { f.Retries = -1 }, want: passing, asked: []string{"HEAD /f"}},
	{name: "host unknown, and not found", replies: one(badweb.Status(404)),
		urls: []string{"http://nxdomain.invalid/f", sizeURL + "/f"}, want: passing,
		asked: []string{"HEAD /f"}},
	{name: "no URL", urls: []string{}, want: unsaid},
	{name: "bad URL", urls: []string{"http://%zz/", sizeURL + "/g"}, replies: one(), want: atG,
		asked: []string{"HEAD /g"}},

	{name: "two mirrors of a site", replies: one(), urls: []string{"mirror://m/x"},
		prepare: func(f *Fetcher) {
			f.Mirrors = MirrorMap{"m": {sizeURL, "http://m2.invalid", "http://m3.invalid"}}
		},
		want: unsaid, asked: []string{"HEAD /x", "HEAD /x"}},
	{name: "rewritten", replies: one(), urls: []string{"https://far.invalid/g"},
		prepare: func(f *Fetcher) { f.Rewrites = []Rewrite{{"https://far.invalid", sizeURL}} },
		want:    atG, asked: []string{"HEAD /g"}},
	{name: "hashed mirror", replies: map[string]script{"/m/bytes": {good}},
		prepare: func(f *Fetcher) { f.HashedMirrors = []string{sizeURL + "/m/bytes?{sri}"} },
		source:  func(_ *testing.T, s *granary.Source) { s.URLs = nil },
		want:    Size{Bytes: 3000, Exact: true}, asked: []string{"HEAD /m/bytes"}},
	{name: "larger than the limit, on a full disk", replies: one(good),
		prepare: func(f *Fetcher) {
			f.MaxSize, f.free = 10, func() (int64, error) { return 0, nil }
		},
		want: atF, asked: []string{"HEAD /f"}},
}

func TestSizes(t *testing.T) {
	for _, test := range sizeCases {
		t.Run(test.name, func(t *testing.T) { synctest.Test(t, test.run) })
	}
}

func (c sizeCase) run(t *testing.T) {
	b := newRig(t, badweb.InMemory(t))
	for path, replies := range c.replies {
		b.Handle(path, replies...)
	}
	if c.urls == nil {
		c.urls = twoURLs[:1]
	}
	s := flat(t, body, c.urls...)
	if c.source != nil {
		c.source(t, &s)
	}
	if c.prepare != nil {
		c.prepare(b.fetcher)
	}
	all, err := b.sizes(t.Context(), s, s)
	if err != nil || len(all) != 1 {
		t.Fatalf("got %v, %v, want one size", all, err)
	}
	got := all[0]
	if got.Source.OutPath != s.OutPath || !got.At.Equal(time.Now()) {
		t.Errorf("got %s at %s", got.Source.OutPath, got.At)
	}
	if c.name == "hashed mirror" { // the hash is in it
		got.URL = ""
	}
	got.Source, got.At = granary.Source{}, time.Time{}
	if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(Size{}, "Source", "At")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if asked := b.Asked(); !slices.Equal(asked, c.asked) {
		t.Errorf("got requests %q, want %q", asked, c.asked)
	}
	for _, r := range b.Requests("/f") {
		if got := r.Header.Get("Range"); (got == "bytes=0-0") != (r.Method == http.MethodGet) {
			t.Errorf("%s: got Range %q", r.Method, got)
		}
	}
	if read := b.fetcher.Progress().Bytes; read != 0 || len(b.tmp(t)) > 0 {
		t.Errorf("read %d bytes, left %q", read, b.tmp(t))
	}
}

func TestSizesByFTP(t *testing.T) {
	tests := []struct {
		name, url, verb string
		replies         ftpScript
		want            Size
		asked           []string // after the login
	}{
		{"good", ftpURL, "", nil, Size{Bytes: 3000, Exact: true, URL: ftpURL}, []string{"SIZE pub/f"}},
		{"missing", "ftp://ftp.invalid/pub/g", "", nil, unsaid,
			[]string{"SIZE pub/g", "CWD pub", "SIZE g"}},
		{"paths not known", ftpURL, "SIZE", ftpScript{badftp.Say("550 what?"), nil},
			Size{Bytes: 3000, Exact: true, URL: ftpURL}, []string{"SIZE pub/f", "CWD pub", "SIZE f"}},
		{"SIZE not known", ftpURL, "SIZE", ftpScript{badftp.Say("500 12 what?")}, unsaid,
			[]string{"SIZE pub/f"}},
		{"odd", ftpURL, "SIZE", ftpScript{badftp.Say("213 -1")}, unsaid, []string{"SIZE pub/f"}},
		{"busy", ftpURL, "SIZE", ftpScript{badftp.Say("450 Busy."), nil},
			Size{Bytes: 3000, Exact: true, URL: ftpURL}, []string{"SIZE pub/f", "SIZE pub/f"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, server := newFTPRig(t, body)
				if test.verb != "" {
					server.On(test.verb, test.replies...)
				}
				all, err := b.sizes(t.Context(), flat(t, body, test.url))
				if err != nil || len(all) != 1 {
					t.Fatalf("got %v, %v, want one size", all, err)
				}
				diff := cmp.Diff(test.want, all[0], cmpopts.IgnoreFields(Size{}, "Source", "At"))
				if diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
				asked := slices.DeleteFunc(server.Commands(), func(line string) bool {
					return !slices.Contains([]string{"SIZE", "CWD ", "RETR", "EPSV"}, line[:4])
				})
				if !slices.Equal(asked, test.asked) {
					t.Errorf("got commands %q, want %q", asked, test.asked)
				}
			})
		})
	}
}

// A host is asked by as many at a time as it has slots, and not while it pauses.
func TestSizesArePolite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		b.fetcher.JobsPerHost = 3
		var mu sync.Mutex
		begin, paused, early := time.Now(), time.Time{}, 0
		var sources []granary.Source
		for i := range 60 {
			path := fmt.Sprintf("host.invalid/%d", i)
			b.Handle(path, func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(time.Second)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case i == 20 && paused.IsZero():
					paused = time.Now().Add(40 * time.Second)
					badweb.Status(429, "Retry-After", "40")(w, r)
					return
				case paused.After(time.Now().Add(time.Second)):
					early++
				}
				says("17")(w, r)
			})
			sources = append(sources, named(t, flat(t, body, "http://"+path), fmt.Sprint("s", i)))
		}
		all, err := b.sizes(t.Context(), sources...)
		if err != nil || len(all) != len(sources) {
			t.Fatalf("got %d sizes, %v, want %d", len(all), err, len(sources))
		}
		for _, s := range all {
			if s.Bytes != 17 || !s.Exact {
				t.Errorf("got %+v", s)
			}
		}
		if peak := b.Peak("host.invalid"); peak != 3 {
			t.Errorf("got %d requests at a time, want 3", peak)
		}
		if took := time.Since(begin); early > 2 || took < 60*time.Second {
			t.Errorf("%d answers in the pause, took %s", early, took)
		}
		if got := b.Total("host.invalid"); got != len(sources)+1 {
			t.Errorf("got %d requests, want %d", got, len(sources)+1)
		}
	})
}

// What was said before an interrupt was told, and nothing else.
func TestSizesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		b.fetcher.JobsPerHost = 1
		b.Handle("/f", func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(time.Second):
			case <-r.Context().Done():
			}
			says("17")(w, r)
		})
		var sources []granary.Source
		for i := range 10 {
			s := named(t, flat(t, body, b.URL+"/f"), fmt.Sprint("s", i))
			sources = append(sources, s)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(4500*time.Millisecond, cancel)
		begin := time.Now()
		all, err := b.sizes(ctx, sources...)
		if !errors.Is(err, context.Canceled) || len(all) != 4 {
			t.Errorf("got %d sizes, %v, want 4, %v", len(all), err, context.Canceled)
		}
		if took := time.Since(begin); took != 4500*time.Millisecond {
			t.Errorf("took %s", took)
		}
		for _, s := range all {
			if s.Bytes != 17 {
				t.Errorf("got %+v", s)
			}
		}
	})
}

func TestSizesWithoutNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		b.fetcher.Transport = roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, &net.DNSError{Err: "server misbehaving", IsTemporary: true}
		})
		var sources []granary.Source
		for i := range 200 {
			s := flat(t, body, fmt.Sprintf("http://host%d.invalid/f", i/10))
			sources = append(sources, named(t, s, fmt.Sprint("s", i)))
		}
		begin := time.Now()
		if _, err := b.sizes(t.Context(), sources...); !errors.Is(err, ErrNoNetwork) {
			t.Errorf("got %v, want %v", err, ErrNoNetwork)
		}
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("took %s", took)
		}
	})
}
