package fetch

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"granary"
)

const (
	// mirrorsAsked is how many mirrors of one mirror:// site are asked for a size.
	mirrorsAsked = 2
	// maxLength is the largest size that anybody is believed, in bytes.
	maxLength = 1 << 50
)

// A Size is how large the download of a source is, as somebody said.
type Size struct {
	Source granary.Source
	Bytes  int64 // less than 0: nobody said it
	// Exact means that a server said it of the file itself; else it is about so many.
	Exact bool
	// NARInfo means that a substituter said it: of the NAR as it lies there, or, if the
	// source is a file, of that, and then up to 7 bytes too much.
	NARInfo bool
	// MayPass means that nobody said it because a host was out of reach, busy or broken.
	MayPass bool
	URL     string // that was asked; "" if nobody said it
	At      time.Time
}

// Sizes asks how large the downloads of sources are, and tells events of each, once:
//
//  1. The source's URLs, in the order of Fetch, by HEAD; of a mirror:// site two
//     mirrors at the most. What Content-Length says counts, but for a web page that
//     was not wanted. A server that does not know HEAD (405, 501) is asked for the
//     first byte, and tells the size with it (RFC 9110, 14.4). FTP has SIZE.
//  2. The hashed mirrors, in the same way.
//  3. The narinfo files of the substituters; before the URLs with SubstitutersFirst.
//
// The first that says it ends the search. Sources that are checkouts, that need a builder
// or have no URL are asked of the others alone. Hosts are asked as by Fetch: the same
// slots, pauses, retries, redirects and passwords. Sources with one output path are one.
//
// events is called by one goroutine at a time. The error is the cause of ctx's end, or
// ErrNoNetwork, or wrong settings; then there are sources of which nothing is said.
func (f *Fetcher) Sizes(
	ctx context.Context, sources []granary.Source, events func(Size),
) error {
	r, err := f.newRun(sources)
	if err != nil {
		return err
	}
	defer r.closeIdle()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, r.queue.close)()
	r.fail = cancel
	r.measure(events)
	r.workAll(ctx, len(sources))
	return context.Cause(ctx)
}

// measure makes sizes the goal of r. They are no bytes: neither a limit of these nor
// what is free on the disk matters.
func (r *run) measure(events func(Size)) {
	z := &sizing{run: r, deliver: events}
	r.goal, r.maxSize, r.room.reserve = z, 0, -1
	for _, m := range r.places.hashed {
		m.ask = z.askServer
	}
}

// A sizing is a run that asks for sizes.
type sizing struct {
	*run

	mu      sync.Mutex
	deliver func(Size) // called with mu held
}

// begin lists whom to ask.
func (z *sizing) begin(_ context.Context, j *job) (bool, error) {
	if z.SubstitutersFirst {
		j.add(z.narinfos(j.source))
	}
	j.add(z.servers(j.source))
	if !z.SubstitutersFirst {
		j.add(z.narinfos(j.source))
	}
	return false, nil
}

func (z *sizing) retried(*job, time.Duration) {}

// exhausted tells that nobody said how large the source of j is.
func (z *sizing) exhausted(j *job) {
	mayPass := slices.ContainsFunc(j.attempts, func(a Attempt) bool {
		return (&failure{reason: a.Reason}).isHosts()
	})
	z.say(j, Size{Bytes: -1, MayPass: mayPass})
}

// say tells of the source of j.
func (z *sizing) say(j *job, s Size) {
	s.Source, s.At = *j.source, time.Now()
	z.mu.Lock()
	defer z.mu.Unlock()
	z.deliver(s)
}

// servers returns the servers that have the file which makes s.
func (z *sizing) servers(s *granary.Source) (all []candidate) {
	if s.Recipe != granary.RecipeCheckout && needsBuilder(s) == "" {
		all = z.files(s)
	}
	if file, ok := fileOf(s); ok {
		for _, m := range z.places.hashed {
			all = appendNew(all, m.candidate(file))
		}
	}
	return all
}

// files returns the places that the URLs of s lead to, but few of many mirrors.
func (z *sizing) files(s *granary.Source) (all []candidate) {
	mirrors := map[string]int{}
	for _, c := range z.urls(s) {
		mirrors[c.site]++
		if c.site != "" && mirrors[c.site] > mirrorsAsked {
			continue
		}
		c.ask = z.askServer
		if c.site != "" {
			c = z.learning(c, c.site)
		}
		all = append(all, c)
	}
	return all
}

// askServer asks the server at url how large the file is that it has there.
func (z *sizing) askServer(ctx context.Context, j *job, url string) (bool, error) {
	d := newDownload(z.run, j, url, nil)
	d.method = http.MethodHead
	resp, err := d.ask(ctx)
	if resp != nil && !knowsHead(resp) {
		d.end(nil)
		d.method, d.first = http.MethodGet, true
		resp, err = d.ask(ctx)
	}
	if resp == nil {
		return false, err
	}
	if resp.StatusCode == http.StatusPartialContent {
		io.CopyN(io.Discard, resp.Body, 2) // to the end, so that the connection can be reused
	}
	resp.Body.Close()
	if isUnwanted(resp, j.source) {
		d.end(&failure{reason: ReasonHTML, detail: resp.Status})
		return false, nil
	}
	d.end(nil)
	bytes := announced(resp)
	if bytes == 0 {
		return false, nil
	}
	z.say(j, Size{Bytes: bytes, Exact: isPlain(resp), URL: url})
	return true, nil
}

// knowsHead tells whether resp, to a HEAD request, answers it.
func knowsHead(resp *http.Response) bool {
	return resp.StatusCode != http.StatusMethodNotAllowed &&
		resp.StatusCode != http.StatusNotImplemented
}

// isUnwanted tells whether a server says that what it has for s is a web page, and
// that is not what s is.
func isUnwanted(resp *http.Response, s *granary.Source) bool {
	kind := strings.ToLower(resp.Header.Get("Content-Type"))
	page := strings.HasPrefix(kind, "text/html") || strings.HasPrefix(kind, "application/xhtml")
	return page && !pageName.MatchString(s.Name)
}

// isPlain tells whether the bytes are those of the file, and not compressed on the way.
func isPlain(resp *http.Response) bool { return resp.Header.Get("Content-Encoding") == "" }

// announced returns how many bytes the whole file has that resp is about, as the server
// says; 0 if it does not, or nobody would believe it.
func announced(resp *http.Response) int64 {
	bytes := resp.ContentLength
	if resp.StatusCode != http.StatusOK {
		_, total, _ := strings.Cut(resp.Header.Get("Content-Range"), "/") // RFC 9110, 14.4
		bytes, _ = strconv.ParseInt(total, 10, 64)
	}
	return credible(bytes)
}

// credible returns bytes, or 0 if that is no size to believe.
func credible(bytes int64) int64 {
	if bytes < 0 || bytes > maxLength {
		return 0
	}
	return bytes
}

// narinfos returns the substituters that may know the NAR of s.
func (z *sizing) narinfos(s *granary.Source) []candidate {
	all := z.substituters(s)
	for i, cache := range z.caches { // one candidate each, if there are any
		if i < len(all) {
			all[i].ask = z.askSubstituter(cache)
		}
	}
	return all
}

func (z *sizing) askSubstituter(c *substituter) asker {
	return func(ctx context.Context, j *job, url string) (bool, error) {
		info, err := c.describe(ctx, j, url)
		if err != nil || info == nil {
			return false, err
		}
		c.worked()
		bytes := info.download(j.source)
		if bytes == 0 {
			return false, nil
		}
		z.say(j, Size{Bytes: bytes, NARInfo: true, URL: url})
		return true, nil
	}
}

// fileFrame is what the NAR of a file has besides its contents, in bytes, but for
// zeros up to a multiple of 8 (Nix's src/libutil/archive.cc).
const fileFrame = 112

// download returns about how many bytes are downloaded for s, from the cache, or, if s is
// a file, from anywhere; 0 if n does not say.
func (n *narinfo) download(s *granary.Source) int64 {
	switch {
	case isFile(s.CA) && n.narSize > fileFrame:
		return credible(n.narSize - fileFrame)
	case n.fileSize == 0 && n.compression == "none":
		return credible(n.narSize)
	}
	return credible(n.fileSize)
}
