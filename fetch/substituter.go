package fetch

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"

	"granary"
	"granary/disk"
)

const (
	// failuresInARow are so many that a substituter is left alone after them.
	failuresInARow = 5
	// substituterSlots is how many times the slots of another host a substituter
	// has: it is made for many small requests. Nix asks 25 at a time.
	substituterSlots = 4
)

// A substituter is a binary cache during a run.
type substituter struct {
	run       *run
	base      string            // its URL, with a slash at the end
	transport http.RoundTripper // to its folder; nil if it is not one

	mu   sync.Mutex
	bad  int      // sources in a row for which it did not work
	gone *failure // why it is left alone, or nil
}

// CheckSubstituter returns an error unless raw can be a substituter's URL:
// https:, http:, or file: with an absolute path.
func CheckSubstituter(raw string) error {
	_, err := parseSubstituter(raw)
	return err
}

// parseSubstituter drops the query, which holds settings for Nix alone.
func parseSubstituter(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("substituter %q: not a URL", raw)
	case u.Scheme == "file" && (u.Host != "" || !path.IsAbs(u.Path)):
		return nil, fmt.Errorf("substituter %q: it needs an absolute path after file://", raw)
	case u.Scheme != "file" && !isHTTP(u.Scheme):
		return nil, fmt.Errorf("substituter %q: neither https:// nor http:// nor file://", raw)
	case u.Scheme != "file" && u.Host == "":
		return nil, fmt.Errorf("substituter %q: no host", raw)
	case u.User != nil:
		return nil, fmt.Errorf("substituter %q: a password's place is ~/.netrc", u.Redacted())
	}
	u.RawQuery, u.Fragment = "", ""
	return u.JoinPath("/"), nil
}

// openSubstituters prepares the binary caches that r may ask.
func (r *run) openSubstituters() error {
	for _, raw := range r.Substituters {
		u, err := parseSubstituter(raw)
		if err != nil {
			return err
		}
		c := &substituter{run: r, base: u.String()}
		if u.Scheme == "file" {
			c.openFolder(u.Path)
		}
		r.caches = append(r.caches, c)
		r.queue.widen(c.candidate(c.base).host, substituterSlots)
	}
	return nil
}

// substituters returns the binary caches that may have s: whatever its kind is,
// they are asked for its output path.
func (r *run) substituters(s *granary.Source) []candidate {
	if len(r.caches) == 0 || s.CA.Hash.IsZero() {
		return nil
	}
	var all []candidate
	for _, cache := range r.caches {
		c := cache.candidate(cache.base + s.OutPath.Digest() + ".narinfo")
		c.ask = cache.ask
		all = append(all, c)
	}
	return all
}

// candidate returns the candidate at raw, which is below the cache or elsewhere
// on the web. Who asks it is left open.
func (c *substituter) candidate(raw string) candidate {
	if c.transport != nil {
		return candidate{url: raw, host: c.base}
	}
	return urlCandidate(c.run.rewrite(raw))
}

// ask asks for the narinfo at url, after which it is the NAR's turn: next if that
// is on the same host.
func (c *substituter) ask(ctx context.Context, j *job, url string) (bool, error) {
	info, err := c.describe(ctx, j, url)
	if err != nil || info == nil {
		return false, err
	}
	next, f := c.locate(info.url)
	if f != nil {
		c.refuse(j, next.url, f)
		c.judge(j)
		return false, nil
	}
	next.ask = func(ctx context.Context, j *job, url string) (bool, error) {
		return c.substitute(ctx, j, url, info)
	}
	j.candidates = append([]candidate{next}, j.candidates...)
	j.urgent = next.host == c.candidate(c.base).host
	return false, nil
}

// describe returns what the narinfo at url says; nil after a failure, which the cache
// was then judged for.
func (c *substituter) describe(
	ctx context.Context, j *job, url string,
) (info *narinfo, err error) {
	if gone := c.isGone(); gone != nil {
		c.refuse(j, url, gone)
		return nil, nil
	}
	if info, err = c.read(ctx, j, url); info == nil {
		c.judge(j)
	}
	return info, err
}

// read asks for the narinfo at url; nil after a failure.
func (c *substituter) read(ctx context.Context, j *job, url string) (*narinfo, error) {
	d := c.download(j, url, nil)
	text, err := d.text(ctx, maxNARInfo)
	if err != nil || text == nil {
		return nil, err
	}
	info, err := parseNARInfo(string(text))
	if err != nil {
		d.end(unlessPage(text, &failure{reason: ReasonBadNARInfo, detail: err.Error()}))
		return nil, nil
	}
	if f := info.check(c.run, j.source.OutPath); f != nil {
		d.end(f)
		return nil, nil
	}
	return &info, nil
}

// locate returns where the NAR is that a narinfo names: below the cache, or,
// unless the cache is a folder, anywhere on the web.
func (c *substituter) locate(ref string) (candidate, *failure) {
	u, err := url.Parse(ref)
	switch {
	case err != nil:
		return candidate{url: c.base}, &failure{reason: ReasonBadURL, detail: err.Error()}
	case c.transport == nil && u.IsAbs():
		next := urlCandidate(c.run.rewrite(ref))
		return next, next.failure
	case u.IsAbs() || u.Host != "" || !below(u.Path):
		detail := fmt.Sprintf("the NAR's URL %.300q leads out of the cache", ref)
		return candidate{url: c.base}, &failure{reason: ReasonBadURL, detail: detail}
	}
	ref, _, _ = strings.Cut(ref, "#") // which is not sent
	next := c.candidate(c.base + strings.TrimLeft(ref, "/"))
	return next, next.failure
}

// below tells whether the path of a reference stays below where it starts.
func below(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return false
		}
	}
	return name != "" && !strings.ContainsAny(name, "\\\x00")
}

// download returns a download from the cache or, if the narinfo said so, from
// elsewhere.
func (c *substituter) download(j *job, url string, temp *disk.Temp) *download {
	d := newDownload(c.run, j, url, temp)
	d.rank = c.rank
	d.stop = func() bool { return c.isGone() != nil }
	if c.transport != nil {
		d.client.Transport = c.transport
	}
	return d
}

// refuse records what cannot be asked for.
func (c *substituter) refuse(j *job, url string, f *failure) {
	j.refuse(url, f)
	c.rank(&j.attempts[len(j.attempts)-1])
}

func (c *substituter) isGone() *failure {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone
}

// judge looks how the attempts at the cache for the source of j ended, and leaves it
// alone for the rest of the run if it did not work one time too many. They may be
// in an event already.
func (c *substituter) judge(j *job) {
	attempts := j.attempts[j.try.first:]
	if j.again || len(attempts) == 0 {
		return
	}
	last := &attempts[len(attempts)-1]
	c.mu.Lock()
	defer c.mu.Unlock()
	if last.ranks != reasonAway {
		c.bad = 0
		return
	}
	if c.bad++; c.bad == failuresInARow && c.gone == nil {
		c.leave(last.Reason, strings.TrimPrefix(last.Detail, c.say("")))
	}
}

// worked notes that the cache did what it is for.
func (c *substituter) worked() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bad = 0
}

// leftAlone begins the detail of why a cache is not asked.
const leftAlone = "left alone: "

// leave makes the cache one that is not asked any more. c.mu is held, or there
// is nobody else yet.
func (c *substituter) leave(reason Reason, detail string) {
	c.gone = &failure{reason: reason, detail: leftAlone + detail}
	c.run.logger.Warn(fmt.Sprintf("substituter %s is left alone for the rest of the run: %s",
		c.base, reason), "error", detail)
}

// rank says how much a's failure tells: that bytes were wrong as much as those of
// a URL, an outage less than what became of the URLs, and nothing at all that
// the cache does not have the source. A cache in S3 says 403 of what it does not
// have, which Nix takes for 404 as well.
func (c *substituter) rank(a *Attempt) {
	switch a.Reason {
	case "":
		return
	case ReasonForbidden, ReasonNotFound:
		a.Reason, a.ranks = ReasonNotFound, reasonMiss
	case ReasonWrongHash, ReasonBadArchive, ReasonUnknownArchive, ReasonTooLarge, ReasonTruncated:
	default:
		a.ranks = reasonAway
	}
	a.Detail = c.say(a.Detail)
}

// say tells whose failure it is: sources are listed with it, among URLs that are
// not to blame.
func (c *substituter) say(detail string) string { return "substituter " + c.base + ": " + detail }
