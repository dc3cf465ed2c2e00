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

// Each row is one fault of a server, or of what an earlier run left behind.
func TestFaults(t *testing.T) {
	body, other := noise(3000), noise(3001)[1:]
	half := string(body[:1500])
	const url = "http://badweb.invalid/f"
	note := func(etag string) string { return newNote(url, http.Header{"Etag": {etag}}) }
	type script []http.HandlerFunc
	type prior struct{ note, content string }
	partial := []string{".note", ".part"}
	good := badweb.File(body, "e")
	tests := []struct {
		name     string
		prior    prior
		replies  script
		want     Reason // "" if the source is held
		requests int
		tmp      []string
		waits    time.Duration
	}{
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
		{"redirect to ftp", prior{}, script{badweb.Redirect("ftp://x/f")},
			"unsupported scheme", 1, nil, 0},
		{"gzip declared", prior{}, script{badweb.Gzip(body, true)}, "", 1, nil, 0},
		{"gzip of other bytes", prior{}, script{badweb.Gzip(other, true)},
			"wrong hash", 1, nil, 0},
		{"gzip not declared", prior{}, script{badweb.Gzip(body, false)},
			"wrong hash", 1, nil, 0},
		{"resumed", prior{note(`"e"`), half}, script{good}, "", 1, nil, 0},
		{"resumed without note", prior{"", half}, script{good}, "", 1, nil, 0},
		{"resumed, bad note", prior{"{", half}, script{good}, "", 1, nil, 0},
		{"resumed, range ignored", prior{note(`"e"`), half}, script{badweb.Body(body)},
			"", 1, nil, 0},
		{"resumed, changed etag", prior{note(`"d"`), "junk"}, script{good}, "", 1, nil, 0},
		{"resumed, junk", prior{note(`"e"`), "junk"}, script{good}, "", 2, nil, 0},
		{"resumed, other bytes now", prior{note(`"e"`), half}, script{badweb.File(other, "e")},
			"wrong hash", 2, nil, 0},
		{"resumed, 416", prior{note(`"e"`), half}, script{badweb.Status(416), good},
			"", 2, nil, 0},
		{"resumed, all there", prior{note(`"e"`), string(body)}, script{good}, "", 1, nil, 0},
		{"resumed, more than there is", prior{note(`"e"`), string(body) + "x"}, script{good},
			"", 2, nil, 0},
		{"resumed, same length", prior{note(`"e"`), string(other)}, script{good}, "", 2, nil, 0},
		{"resumed, wrong range", prior{note(`"e"`), half},
			script{badweb.WrongRange(body, 1499), good}, "", 2, nil, 0},
		{"resumed, not found", prior{note(`"e"`), half}, script{badweb.Status(404)},
			"not found", 1, partial, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newRig(t, badweb.InMemory(t))
				b.Handle("/f", test.replies...)
				source := flat(t, body, url)
				if test.prior.content != "" {
					b.partial(t, source, test.prior.note, test.prior.content)
				}
				start := time.Now()
				if err := b.fetch(t.Context(), source); err != nil {
					t.Fatal(err)
				}
				last, retries := b.last(t)
				if last.Reason != test.want || (last.Kind == Held) != (test.want == "") {
					t.Errorf("got %s, %q (%s), want %q", last.Kind, last.Reason, last.Detail, test.want)
				}
				var objects []hashes.Hash
				if test.want == "" {
					objects = append(objects, source.CA.Hash)
				}
				if got := b.objects(t); !slices.Equal(got, objects) {
					t.Errorf("got objects %v, want %v", got, objects)
				}
				if got := b.tmp(t); !slices.Equal(got, test.tmp) {
					t.Errorf("got %q in tmp, want %q", got, test.tmp)
				}
				if got := len(b.Requests("/f")); got != test.requests {
					t.Errorf("got %d requests, want %d", got, test.requests)
				}
				if waited := time.Since(start); waited < test.waits {
					t.Errorf("waited %s, want %s", waited, test.waits)
				} else if test.waits == 0 && retries > 0 {
					t.Errorf("got %d retries, waited %s", retries, waited)
				}
			})
		})
	}
}
