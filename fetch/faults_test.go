package fetch

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"granary"
	"granary/hashes"
	"granary/internal/badweb"
)

const faultURL = "http://badweb.invalid/f"

var (
	body, other = noise(3000), noise(3001)[1:]
	half        = string(body[:1500])
	good        = badweb.File(body, "e")
	partial     = []string{".note", ".part"}
)

type script []http.HandlerFunc

// A prior is what an earlier run left in tmp/.
type prior struct{ note, content string }

func noteOf(etag string) string { return newNote(faultURL, http.Header{"Etag": {etag}}) }

// A fault is one of a server, of the way to it, or of what an earlier run left
// behind. Each is a row of the table in docs/fetching.md, under the same name.
type fault struct {
	name    string
	body    []byte                     // that is wanted; nil: body
	file    string                     // the name of the source, if it matters
	urls    []string                   // nil: faultURL
	prior   prior                      // of the source
	replies script                     // of /f on any host
	hosts   map[string]script          // of /f on one
	prepare func(t *testing.T, b *rig) // what else there is to do before
	check   func(t *testing.T, b *rig) // and to look at afterwards
	real    bool                       // over loopback, and not in memory

	want     Reason // "" if the source is held
	err      error  // of Fetch
	requests int
	tmp      []string
	waits    time.Duration // at least, as there is a retry
	takes    time.Duration // at least, without one
}

var faults = slices.Concat(statusFaults, bodyFaults, contentFaults, redirectFaults, tlsFaults,
	networkFaults, resumeFaults)

func TestFaults(t *testing.T) {
	for _, test := range faults {
		t.Run(test.name, func(t *testing.T) {
			if test.real {
				test.run(t, badweb.New(t))
				return
			}
			synctest.Test(t, func(t *testing.T) { test.run(t, badweb.InMemory(t)) })
		})
	}
}

func (f fault) run(t *testing.T, server *badweb.Server) {
	b := newRig(t, server)
	source := f.wanted(t)
	b.Handle("/f", f.replies...)
	for host, replies := range f.hosts {
		b.Handle(host+"/f", replies...)
	}
	if f.prior.content != "" {
		b.partial(t, source, f.prior.note, f.prior.content)
	}
	if f.prepare != nil {
		f.prepare(t, b)
	}
	start := time.Now()
	if err := b.fetch(t.Context(), source); !errors.Is(err, f.err) {
		t.Fatalf("got error %v, want %v", err, f.err)
	}
	f.compare(t, b, source, time.Since(start))
	if f.check != nil {
		f.check(t, b)
	}
}

// wanted returns the source that is asked for.
func (f fault) wanted(t *testing.T) granary.Source {
	s := flat(t, body)
	if f.body != nil {
		s = flat(t, f.body)
	}
	if f.file != "" {
		s = named(t, s, f.file)
	}
	s.URLs = f.urls
	if s.URLs == nil {
		s.URLs = []string{faultURL}
	}
	return s
}

func (f fault) compare(t *testing.T, b *rig, source granary.Source, waited time.Duration) {
	t.Helper()
	last, retries := b.last(t)
	held := f.want == "" && f.err == nil
	if last.Reason != f.want || (last.Kind == Held) != held {
		t.Errorf("got %s, %q (%s), want %q", last.Kind, last.Reason, last.Detail, f.want)
	}
	var objects []hashes.Hash
	if held {
		objects = append(objects, source.CA.Hash)
	}
	if got := b.objects(t); !slices.Equal(got, objects) {
		t.Errorf("got objects %v, want %v", got, objects)
	}
	if got := b.tmp(t); !slices.Equal(got, f.tmp) {
		t.Errorf("got %q in tmp, want %q", got, f.tmp)
	}
	if got := b.Count(); got != f.requests {
		t.Errorf("got %d requests, want %d", got, f.requests)
	}
	if waited < f.waits+f.takes || f.waits > 0 != (retries > 0) {
		t.Errorf("waited %s, %d retries, want %s", waited, retries, f.waits+f.takes)
	}
	for _, a := range last.Attempts {
		if a.Detail != shown(a.Detail) {
			t.Errorf("got detail %q, which moves the cursor", a.Detail)
		}
	}
}
