package fetch

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"granary"
	"granary/hashes"
)

// Caches are the substituters of a Fetcher, asked which store paths they have.
type Caches struct{ run *run }

// A CacheError means that a binary cache did not answer as one does, so that nobody knows
// what it has.
type CacheError struct {
	URL    string // that was asked
	Reason Reason
	Detail string // the server's words, or ""
}

// Error names the URL and the reason.
func (e *CacheError) Error() string {
	text := fmt.Sprintf("ask binary cache: %s: %s", e.URL, e.Reason)
	if e.Detail != "" {
		text += " (" + e.Detail + ")"
	}
	return text
}

// OpenCaches asks each of f.Substituters whether it is a binary cache for /nix/store. The
// caller closes them, and does not change f meanwhile. The error may be a *CacheError.
func (f *Fetcher) OpenCaches(ctx context.Context) (*Caches, error) {
	r, err := f.newRun(nil)
	if err != nil {
		return nil, err
	}
	r.maxSize, r.room.reserve = 0, -1 // nothing is written
	c := &Caches{r}
	var jobs []*job
	for _, cache := range r.caches {
		greeted := cache.candidate(cache.base + "nix-cache-info")
		greeted.ask = cache.greet
		jobs = append(jobs, newLookup("nix-cache-info", greeted))
	}
	if err := c.do(ctx, &lookup{run: r, must: true}, jobs); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close closes idle connections.
func (c *Caches) Close() { c.run.closeIdle() }

// Lookup returns those of paths that a cache has, with the paths that they refer to,
// but for themselves. A cache has what its narinfo file names; it is asked for what
// those before it do not have. No answer is older than the call. Hosts are asked as by
// Fetch: the same slots, pauses, retries and passwords. The error is the cause of ctx's
// end, or a *CacheError: a cache that does not answer is not one that does not have it.
// After it the caches are of no more use.
func (c *Caches) Lookup(
	ctx context.Context, paths []hashes.StorePath,
) (map[hashes.StorePath][]hashes.StorePath, error) {
	l := &lookup{run: c.run, found: map[hashes.StorePath][]hashes.StorePath{}}
	var jobs []*job
	for _, path := range paths {
		var candidates []candidate
		for _, cache := range c.run.caches {
			described := cache.candidate(cache.base + path.Digest() + ".narinfo")
			described.ask = l.asker(cache, path)
			candidates = append(candidates, described)
		}
		jobs = append(jobs, newLookup(path.Name(), candidates...))
	}
	return l.found, c.do(ctx, l, jobs)
}

func newLookup(name string, candidates ...candidate) *job {
	return &job{source: &granary.Source{Name: name}, begun: true, candidates: candidates}
}

// do does jobs of l.
func (c *Caches) do(ctx context.Context, l *lookup, jobs []*job) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, c.run.queue.close)()
	c.run.goal, c.run.fail = l, cancel
	for _, j := range jobs {
		c.run.queue.add(j)
	}
	c.run.workAll(ctx, len(jobs))
	return context.Cause(ctx)
}

// A lookup is the goal of a run that asks binary caches for narinfo files.
type lookup struct {
	run  *run
	must bool // what is not there is an error

	mu    sync.Mutex
	found map[hashes.StorePath][]hashes.StorePath
}

func (l *lookup) begin(context.Context, *job) (bool, error) { return false, nil }

func (l *lookup) retried(*job, time.Duration) {}

// exhausted looks whether the caches that were asked in vain said no.
func (l *lookup) exhausted(j *job) {
	last := map[string]*Attempt{}
	for i := range j.attempts {
		last[j.attempts[i].URL] = &j.attempts[i]
	}
	for _, a := range last {
		if a.Reason != "" && (a.Reason != ReasonNotFound || l.must) {
			l.run.fail(&CacheError{a.URL, a.Reason, l.plain(a.Detail)})
		}
	}
}

// plain returns a detail without whose it is.
func (l *lookup) plain(detail string) string {
	for _, cache := range l.run.caches {
		detail = strings.TrimPrefix(detail, cache.say(""))
	}
	return strings.TrimPrefix(detail, leftAlone)
}

// asker returns what asks a cache for path.
func (l *lookup) asker(cache *substituter, path hashes.StorePath) asker {
	return func(ctx context.Context, j *job, url string) (bool, error) {
		text, d, err := cache.text(ctx, j, url)
		if text == nil {
			return false, err
		}
		info, err := parseNARInfo(string(text))
		var references []hashes.StorePath
		if err == nil {
			references, err = info.describes()
		}
		if err != nil {
			d.end(unlessPage(text, &failure{reason: ReasonBadNARInfo, detail: err.Error()}))
			return false, nil
		}
		d.end(nil)
		if info.storePath != string(path) {
			return false, nil // of another name: Nix takes it for nothing, too
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.found[path] = references
		return true, nil
	}
}

// text returns what is at url of the cache, nil after a failure.
func (c *substituter) text(ctx context.Context, j *job, url string) ([]byte, *download, error) {
	if gone := c.isGone(); gone != nil {
		c.refuse(j, url, gone)
		return nil, nil, nil
	}
	d := c.download(j, url, nil)
	text, err := d.text(ctx, maxNARInfo)
	if text == nil {
		c.judge(j)
	}
	return text, d, err
}

// greet reads nix-cache-info, as BinaryCacheStore::init in Nix's
// src/libstore/binary-cache-store.cc does.
func (c *substituter) greet(ctx context.Context, j *job, url string) (bool, error) {
	text, d, err := c.text(ctx, j, url)
	if text == nil {
		return false, err
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		dir := strings.TrimSpace(value)
		if key == "StoreDir" && dir != string(hashes.DefaultStoreDir) {
			d.end(&failure{reason: ReasonBadNARInfo, detail: "it is for the store " + dir})
			return false, nil
		}
	}
	d.end(nil)
	return true, nil
}

// describes returns the paths that n's path refers to, but for itself. The error says what
// Nix would call corrupt: src/libstore/nar-info.cc.
func (n *narinfo) describes() (references []hashes.StorePath, err error) {
	if n.narHash == "" || n.narSize == 0 {
		return nil, fmt.Errorf("no NarHash or no NarSize in it")
	}
	for base := range strings.FieldsSeq(n.references) {
		path, err := hashes.DefaultStoreDir.ParseStorePath(string(hashes.DefaultStoreDir) + "/" + base)
		if err != nil {
			return nil, err
		}
		if string(path) != n.storePath && !slices.Contains(references, path) {
			references = append(references, path)
		}
	}
	return references, nil
}
