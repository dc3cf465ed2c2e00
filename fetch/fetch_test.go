package fetch

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"granary"
	"granary/disk"
	"granary/hashes"
	"granary/internal/badweb"
)

func TestAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := noise(2000)
		b := newRig(t, badweb.InMemory(t))
		b.Handle("/wrong", badweb.Body([]byte("wrong")))
		b.Handle("/cut", badweb.Cut(body, "e", 500), badweb.File(body, "e"))
		b.fetcher.Mirrors = MirrorMap{"m": {"http://badweb.invalid"}}
		source := flat(t, body, "gopher://x/y mirror://n/y", "mirror://m/no",
			b.URL+"/wrong", b.URL+"/cut\n"+b.URL+"/never")
		if err := b.fetch(t.Context(), source); err != nil {
			t.Fatal(err)
		}
		held, retries := b.last(t)
		type row struct {
			url    string
			reason Reason
			status int
			bytes  int64
		}
		var got []row
		for _, a := range held.Attempts {
			got = append(got, row{a.URL, a.Reason, a.Status, a.Bytes})
		}
		want := []row{
			{"gopher://x/y", "unsupported scheme", 0, 0},
			{"mirror://n/y", "unknown mirror site", 0, 0},
			{b.URL + "/no", "not found", 404, 0},
			{b.URL + "/wrong", "wrong hash", 200, 5},
			{b.URL + "/cut", "truncated", 200, 500},
			{b.URL + "/cut", "", 206, 1500},
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v\nwant %v", got, want)
		}
		if retries != 1 || held.Kind != Held || held.URL != b.URL+"/cut" || held.Bytes != 1500 ||
			held.Object != (disk.Object{Hash: source.CA.Hash, Size: 2000}) ||
			held.Recipe != granary.RecipeFlat {
			t.Errorf("got %d retries, %+v", retries, held)
		}
		wrong := held.Attempts[3].Detail
		if !strings.Contains(wrong, source.CA.Hash.SRI()) {
			t.Errorf("got %q, want the hashes in it", wrong)
		}
		if got := b.Requests("/cut")[1].Header; got.Get("Range") != "bytes=500-" ||
			got.Get("If-Range") != `"e"` || got.Get("User-Agent") != "granary" {
			t.Errorf("got header %v", got)
		}
		if got := b.fetcher.Progress(); got != (Progress{Bytes: 2005}) {
			t.Errorf("got progress %v", got)
		}
	})
}

func TestNotFetchable(t *testing.T) {
	h := hashes.Sum(hashes.SHA256, nil)
	text := newSource(t, granary.RecipeFlat, h, "http://x/")
	text.CA.Mode = hashes.Text
	git := newSource(t, granary.RecipeUnpack, h, "http://x/")
	git.CA.Mode = hashes.Git
	tests := []struct {
		name   string
		source granary.Source
		want   Reason
	}{
		{"no URL", newSource(t, granary.RecipeFlat, h), "no URL"},
		{"blank URL", newSource(t, granary.RecipeFlat, h, " "), "no URL"},
		{"no recipe", newSource(t, "", h, "http://x/"), "needs a builder"},
		{"text", text, "not found"},
		{"git", git, "needs a builder"},
		{"gopher", newSource(t, granary.RecipeFlat, h, "gopher://x/y"), "unsupported scheme"},
		{"file", newSource(t, granary.RecipeFlat, h, "file:///etc/passwd"), "unsupported scheme"},
		{"path", newSource(t, granary.RecipeFlat, h, "/etc/passwd"), "unsupported scheme"},
		{"bad URL", newSource(t, granary.RecipeFlat, h, "http://%zz/"), "bad URL"},
		{"no host", newSource(t, granary.RecipeFlat, h, "http:///x"), "bad URL"},
		{"site", newSource(t, granary.RecipeFlat, h, "mirror://x/y"), "unknown mirror site"},
		{"no such host", newSource(t, granary.RecipeFlat, h, "http://nxdomain.invalid/"), "dns"},
		{"refused", newSource(t, granary.RecipeFlat, h, "http://refused.invalid/"), "refused"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newRig(t, badweb.InMemory(t))
			if err := b.fetch(t.Context(), test.source); err != nil {
				t.Fatal(err)
			}
			last, _ := b.last(t)
			if last.Kind != Failed || last.Reason != test.want || len(last.Attempts) != 1 {
				t.Errorf("got %s, %q, %v, want %q", last.Kind, last.Reason, last.Attempts, test.want)
			}
			if got := b.tmp(t); got != nil {
				t.Errorf("got %q in tmp", got)
			}
		})
	}
}

// A held object costs no request; a damaged one is downloaded again.
func TestAdopt(t *testing.T) {
	body := noise(100)
	b := newRig(t, badweb.InMemory(t))
	b.Handle("/f", badweb.File(body, ""))
	source := flat(t, body, b.URL+"/f")
	for _, want := range []int{1, 1, 2} {
		if err := b.fetch(t.Context(), source, source); err != nil {
			t.Fatal(err)
		}
		if last, _ := b.last(t); last.Kind != Held || last.Object.Size != 100 {
			t.Errorf("got %+v", last)
		}
		if got := len(b.Requests("/f")); got != want {
			t.Errorf("got %d requests, want %d", got, want)
		}
		if want == 1 && len(b.events[0].Attempts) == 0 {
			path := b.fetcher.Disk.Path(source.CA.Hash)
			if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 100), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.objects(t)
}

// Bytes that break off again and again, but bring something new each time, are
// not limited by the number of retries.
func TestProgressIsNoRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := noise(10*progress + 5)
		b := newRig(t, badweb.InMemory(t))
		b.fetcher.Retries = 1
		b.Handle("/f", badweb.Cut(body, "e", progress))
		if err := b.fetch(t.Context(), flat(t, body, b.URL+"/f")); err != nil {
			t.Fatal(err)
		}
		if last, retries := b.last(t); last.Kind != Held || retries != 10 {
			t.Errorf("got %s, %d retries, want held, 10", last.Kind, retries)
		}
		// A server that ignores ranges brings nothing new.
		body[0]++
		b.Handle("/g", badweb.Length(body[:3*progress], len(body)))
		if err := b.fetch(t.Context(), flat(t, body, b.URL+"/g")); err != nil {
			t.Fatal(err)
		}
		if last, _ := b.last(t); last.Reason != ReasonTruncated || len(last.Attempts) != 2 {
			t.Errorf("got %s, %v", last.Kind, last.Attempts)
		}
	})
}

// When the disk fails, the run ends, and what was finished is told.
func TestMachineFails(t *testing.T) {
	b := newRig(t, badweb.InMemory(t))
	body, other := noise(100), noise(101)
	b.Handle("/f", badweb.File(body, ""))
	tmp := filepath.Join(b.fetcher.Disk.Dir(), "tmp")
	b.Handle("/break", func(w http.ResponseWriter, r *http.Request) {
		if err := errors.Join(os.RemoveAll(tmp), os.WriteFile(tmp, nil, 0o666)); err != nil {
			t.Error(err)
		}
		w.Write(other)
	})
	b.fetcher.Jobs = 1
	err := b.fetch(t.Context(), flat(t, body, b.URL+"/f"), flat(t, other, b.URL+"/break"),
		flat(t, other[1:], b.URL+"/f"))
	if err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("got %v, want an error of the disk", err)
	}
	if last, _ := b.last(t); last.Kind != Held || len(b.objects(t)) != 1 {
		t.Errorf("got %+v", last)
	}
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body, other := noise(2000), noise(2001)[1:]
		b := newRig(t, badweb.InMemory(t))
		b.Handle("/f", badweb.File(body, ""))
		b.Handle("/stall", badweb.Stall(other, "e", 500))
		b.Handle("/busy", badweb.Status(503, "Retry-After", "50"))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Second, cancel)
		start := time.Now()
		err := b.fetch(ctx, flat(t, body, b.URL+"/f"), flat(t, other, b.URL+"/stall"),
			flat(t, nil, "http://busy.invalid/busy"))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
		if last, _ := b.last(t); last.Kind != Held || len(b.objects(t)) != 1 {
			t.Errorf("got %+v", last)
		}
		if got := b.tmp(t); !slices.Equal(got, []string{".note", ".part"}) {
			t.Errorf("got %q in tmp", got)
		}
	})
}
