package fetch

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

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

// A fault is one of a server, or of what an earlier run left behind.
type fault struct {
	name     string
	prior    prior
	replies  script
	want     Reason // "" if the source is held
	requests int
	tmp      []string
	waits    time.Duration // at least; 0 also says that there is no retry
}

var faults = []fault{
	{"good", prior{}, script{good}, "", 1, nil, 0},
	{"not found", prior{}, script{badweb.Status(404)}, "not found", 1, nil, 0},
	{"gone", prior{}, script{badweb.Status(410)}, "not found", 1, nil, 0},
	{"forbidden", prior{}, script{badweb.Status(403)}, "forbidden", 1, nil, 0},
	{"unauthorized", prior{}, script{badweb.Status(401)}, "unauthorized", 1, nil, 0},
	{"odd status", prior{}, script{badweb.Status(418)}, "unexpected status", 1, nil, 0},
	{"range unasked for", prior{}, script{badweb.WrongRange(body, 0)},
		"unexpected status", 1, nil, 0},
	{"rate limited", prior{}, script{badweb.Status(429, "Retry-After", "20"), good},
		"", 2, nil, 20 * time.Second},
	{"rate limited for long", prior{}, script{badweb.Status(429, "Retry-After", "86400"), good},
		"", 2, nil, time.Minute},
	{"rate limited for ever", prior{}, script{badweb.Status(429)},
		"rate limited", 4, nil, 7 * time.Second},
	{"busy twice", prior{}, script{badweb.Status(503), badweb.Status(502), good},
		"", 3, nil, 3 * time.Second},
	{"broken", prior{}, script{badweb.Status(500)}, "server error", 4, nil, 7 * time.Second},
	{"not implemented", prior{}, script{badweb.Status(501)}, "server error", 1, nil, 0},
	{"wrong bytes", prior{}, script{badweb.File(other, "e")}, "wrong hash", 1, nil, 0},
	{"html", prior{}, script{badweb.HTML()}, "html instead of an archive", 1, nil, 0},
	{"empty", prior{}, script{badweb.Body(nil)}, "wrong hash", 1, nil, 0},
	{"cut once", prior{}, script{badweb.Cut(body, "e", 1000), good},
		"", 2, nil, time.Second},
	{"cut always", prior{}, script{badweb.Cut(body, "e", 100)},
		"truncated", 4, partial, 7 * time.Second},
	{"cut before the body", prior{}, script{badweb.Cut(body, "e", 0)},
		"truncated", 4, nil, 7 * time.Second},
	{"reset once", prior{}, script{badweb.Reset(body, "e", 1000), good},
		"", 2, nil, time.Second},
	{"reset always", prior{}, script{badweb.Reset(body, "e", 100)},
		"reset", 4, partial, 7 * time.Second},
	{"chunks end early", prior{}, script{badweb.ChunkedCut(body, 1000), good},
		"", 2, nil, time.Second},
	{"length too short", prior{}, script{badweb.Length(body, 2000)}, "wrong hash", 1, nil, 0},
	{"length too long", prior{}, script{badweb.Length(body, 4000), badweb.Status(416)},
		"truncated", 3, nil, time.Second},
	{"stall in the body", prior{}, script{badweb.Stall(body, "e", 1000), good},
		"", 2, nil, 31 * time.Second},
	{"stall before the header", prior{}, script{badweb.Stall(body, "e", -1)},
		"timeout", 4, nil, 127 * time.Second},
	{"trickle", prior{}, script{badweb.Trickle(body, 1, 29*time.Second)},
		"", 1, nil, 24 * time.Hour},
	{"redirect", prior{}, script{badweb.Redirect("/f?2"), good}, "", 2, nil, 0},
	{"redirect to another host", prior{},
		script{badweb.Redirect("http://b.invalid/f"), good}, "", 2, nil, 0},
	{"redirect in a loop", prior{}, script{badweb.Redirect("/f")}, "redirect", 21, nil, 0},
	{"redirect to nowhere", prior{}, script{badweb.Status(302)}, "redirect", 1, nil, 0},
	{"redirect to a file", prior{}, script{badweb.Redirect("file:///f")},
		"unsupported scheme", 1, nil, 0},
	{"gzip declared", prior{}, script{badweb.Gzip(body, true)}, "", 1, nil, 0},
	{"gzip of other bytes", prior{}, script{badweb.Gzip(other, true)},
		"wrong hash", 1, nil, 0},
	{"gzip not declared", prior{}, script{badweb.Gzip(body, false)},
		"wrong hash", 1, nil, 0},
	{"resumed", prior{noteOf(`"e"`), half}, script{good}, "", 1, nil, 0},
	{"resumed without note", prior{"", half}, script{good}, "", 1, nil, 0},
	{"resumed, bad note", prior{"{", half}, script{good}, "", 1, nil, 0},
	{"resumed, range ignored", prior{noteOf(`"e"`), half}, script{badweb.Body(body)},
		"", 1, nil, 0},
	{"resumed, changed etag", prior{noteOf(`"d"`), "junk"}, script{good}, "", 1, nil, 0},
	{"resumed, junk", prior{noteOf(`"e"`), "junk"}, script{good}, "", 2, nil, 0},
	{"resumed, other bytes now", prior{noteOf(`"e"`), half}, script{badweb.File(other, "e")},
		"wrong hash", 2, nil, 0},
	{"resumed, 416", prior{noteOf(`"e"`), half}, script{badweb.Status(416), good},
		"", 2, nil, 0},
	{"resumed, all there", prior{noteOf(`"e"`), string(body)}, script{good}, "", 1, nil, 0},
	{"resumed, more than there is", prior{noteOf(`"e"`), string(body) + "x"}, script{good},
		"", 2, nil, 0},
	{"resumed, same length", prior{noteOf(`"e"`), string(other)}, script{good}, "", 2, nil, 0},
	{"resumed, wrong range", prior{noteOf(`"e"`), half},
		script{badweb.WrongRange(body, 1499), good}, "", 2, nil, 0},
	{"resumed, not found", prior{noteOf(`"e"`), half}, script{badweb.Status(404)},
		"not found", 1, partial, 0},
}

func TestFaults(t *testing.T) {
	for _, test := range faults {
		t.Run(test.name, func(t *testing.T) { synctest.Test(t, test.run) })
	}
}

func (f fault) run(t *testing.T) {
	b := newRig(t, badweb.InMemory(t))
	b.Handle("/f", f.replies...)
	source := flat(t, body, faultURL)
	if f.prior.content != "" {
		b.partial(t, source, f.prior.note, f.prior.content)
	}
	start := time.Now()
	if err := b.fetch(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	waited := time.Since(start)
	last, retries := b.last(t)
	if last.Reason != f.want || (last.Kind == Held) != (f.want == "") {
		t.Errorf("got %s, %q (%s), want %q", last.Kind, last.Reason, last.Detail, f.want)
	}
	var objects []hashes.Hash
	if f.want == "" {
		objects = append(objects, source.CA.Hash)
	}
	if got := b.objects(t); !slices.Equal(got, objects) {
		t.Errorf("got objects %v, want %v", got, objects)
	}
	if got := b.tmp(t); !slices.Equal(got, f.tmp) {
		t.Errorf("got %q in tmp, want %q", got, f.tmp)
	}
	if got := len(b.Requests("/f")); got != f.requests {
		t.Errorf("got %d requests, want %d", got, f.requests)
	}
	if waited < f.waits || f.waits == 0 && retries > 0 {
		t.Errorf("waited %s, %d retries, want %s", waited, retries, f.waits)
	}
}
