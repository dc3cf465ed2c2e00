package fetch

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"granary"
	"granary/hashes"
	"granary/internal/badweb"
)

// formURL returns what a mirror is asked for s, in the form number n.
func formURL(base string, n int, s *granary.Source) string {
	f, _ := fileOf(s)
	return (&mirrorForm{template: withSlash(base) + mirrorForms[n]}).url(f)
}

// The digests are those of `nix-hash --type sha256 --flat` and `nix-hash --to-base32`,
// and of `nix-hash --to-sri`.
func TestMirrorForms(t *testing.T) {
	h := hashes.Sum(hashes.SHA256, []byte("hello"))
	want := []string{
		"http://h/sha256/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
		"http://h/sha256/094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic",
		"http://h//sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
		"http://h/sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
		"http://h/file/a%3Fb/sha256/094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic",
	}
	for i, form := range mirrorForms {
		got := (&mirrorForm{template: "http://h/" + form}).url(file{"a?b", h})
		if got != want[i] {
			t.Errorf("got %s, want %s", got, want[i])
		}
	}
}

// TestHashedMirrorLearns fetches 60 sources, which have no other URL, from a mirror
// that knows one form, and counts the requests in each.
func TestHashedMirrorLearns(t *testing.T) {
	const n, patience = 60, formPatience
	tests := []struct {
		name string
		form int                   // that the mirror knows
		has  func(source int) bool // or not
		want [5]int                // requests by form
	}{
		{"base16", 0, always, [...]int{n, 0, 0, 0, 0}},
		{"nixbase32", 1, always, [...]int{1, n, 0, 0, 0}},
		{"two slashes", 2, always, [...]int{1, 1, n, 0, 0}},
		{"SRI", 3, always, [...]int{1, 1, 1, n, 0}},
		{"Guix", 4, always, [...]int{1, 1, 1, 1, n}},
		{"nothing", 0, never, [...]int{n, patience, patience, patience, patience}},
		{"Guix, but half", 4, func(i int) bool { return i%2 == 0 },
			[...]int{patience, patience, patience, patience, n}},
		{"few", 0, func(i int) bool { return i == n-1 },
			[...]int{n, patience, patience, patience, patience}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newRig(t, badweb.InMemory(t))
			b.fetcher.Jobs = 1
			b.fetcher.HashedMirrors = []string{"http://h.invalid/x"}
			sources, bodies := numbered(t, n, "")
			held := 0
			for i := range sources {
				sources[i].URLs = nil
				if test.has(i) {
					held++
					url := formURL("h.invalid/x", test.form, &sources[i])
					b.Handle(url, badweb.File(bodies[i], ""))
				}
			}
			if err := b.fetch(t.Context(), sources...); err != nil {
				t.Fatal(err)
			}
			for _, e := range b.events {
				if e.Kind == Held {
					held--
				}
			}
			if held != 0 {
				t.Errorf("%d sources fewer held than the mirror has", held)
			}
			for form, want := range test.want {
				got := 0
				for i := range sources {
					url := formURL("http://h.invalid/x", form, &sources[i])
					got += requests(b.events, url)
				}
				if got != want {
					t.Errorf("form %s: got %d requests, want %d", mirrorForms[form], got, want)
				}
			}
		})
	}
}

func always(int) bool { return true }
func never(int) bool  { return false }

// requests returns how often url was asked.
func requests(events []Event, url string) (n int) {
	for _, e := range events {
		for _, a := range e.Attempts {
			if e.Kind != Retry && a.URL == url {
				n++
			}
		}
	}
	return n
}

// A form that stands in the URL is the only one that is asked.
func TestHashedMirrorForm(t *testing.T) {
	body := []byte("hello")
	s := newSource(t, granary.RecipeFlat, hashes.Sum(hashes.SHA256, body))
	f, _ := fileOf(&s)
	for template, path := range map[string]string{
		"http://h.invalid/x/{algo}/{base16}":    "/x/sha256/" + f.hash.Base16(),
		"http://h.invalid/{nixbase32}-{name}":   "/" + f.hash.NixBase32() + "-source",
		"http://h.invalid/get?hash={sri}&n=1":   "/get",
		"http://h.invalid/{sri}":                "/" + f.hash.SRI(),
		"http://other.invalid/{algo}/{base16}/": "/sha256/" + f.hash.Base16() + "/",
	} {
		t.Run(template, func(t *testing.T) {
			b := newRig(t, badweb.InMemory(t))
			b.fetcher.HashedMirrors = []string{template}
			b.fetcher.Rewrites = []Rewrite{{"http://other.invalid/", "http://h.invalid/"}}
			for _, reply := range []http.HandlerFunc{badweb.Status(404), badweb.File(body, "")} {
				b.Handle("h.invalid"+path, reply)
				if err := b.fetch(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			}
			last, _ := b.last(t)
			if last.Kind != Held || len(b.Requests("h.invalid"+path)) != 2 {
				t.Errorf("got %s %s, %d requests", last.Kind, last.Reason, len(b.Requests(path)))
			}
		})
	}
}

// An outage is no miss: the other forms are not asked, and nothing is learned.
func TestHashedMirrorAway(t *testing.T) {
	b := newRig(t, badweb.InMemory(t))
	b.fetcher.HashedMirrors = []string{"http://h.invalid/"}
	b.fetcher.Retries = -1
	s := newSource(t, granary.RecipeFlat, hashes.Sum(hashes.SHA256, nil), "http://gone.invalid/f")
	b.Handle(formURL("h.invalid", 0, &s), badweb.Status(500))
	if err := b.fetch(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	last, _ := b.last(t)
	if last.Reason != ReasonServerError || len(last.Attempts) != 2 {
		t.Errorf("got %s, %v", last.Reason, last.Attempts)
	}
}

// What a mirror gives is taken only if its hash is right: the next one is asked.
func TestHashedMirrorLies(t *testing.T) {
	b := newRig(t, badweb.InMemory(t))
	b.fetcher.HashedMirrors = []string{"http://h.invalid/{base16}", "http://i.invalid/{base16}"}
	body := []byte("hello")
	s := newSource(t, granary.RecipeFlat, hashes.Sum(hashes.SHA256, body))
	b.Handle("h.invalid/"+s.CA.Hash.Base16(), badweb.Body([]byte("jello")))
	b.Handle("i.invalid/"+s.CA.Hash.Base16(), badweb.Body(body))
	if err := b.fetch(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	last, _ := b.last(t)
	if last.Kind != Held || len(last.Attempts) != 3 || last.Attempts[1].Reason != ReasonWrongHash {
		t.Errorf("got %s, %v", last.Kind, last.Attempts)
	}
	if got := b.objects(t); !slices.Equal(got, []hashes.Hash{s.CA.Hash}) || b.tmp(t) != nil {
		t.Errorf("got objects %v, %q in tmp", got, b.tmp(t))
	}
}

// Of a tree a mirror may have the archive, if its hash is known, and is not asked
// otherwise.
func TestHashedMirrorOfTree(t *testing.T) {
	archive, file, made := fromTarball(t, "http://gone.invalid/f")
	unknown := made
	unknown.From, unknown.FromHash = "", hashes.Hash{}
	for name, s := range map[string]granary.Source{"known": made, "not known": unknown} {
		t.Run(name, func(t *testing.T) {
			b := newRig(t, badweb.InMemory(t))
			b.fetcher.HashedMirrors = []string{"http://h.invalid/{base16}"}
			path := "h.invalid/" + file.CA.Hash.Base16()
			b.Handle(path, badweb.Body(archive))
			if err := b.fetch(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			last, _ := b.last(t)
			if s.FromHash.IsZero() {
				if last.Reason != ReasonNotFound || len(last.Attempts) != 1 {
					t.Errorf("got %s, %v", last.Reason, last.Attempts)
				}
				return
			}
			if last.Kind != Held || last.Recipe != granary.RecipeUnpack ||
				last.Object.Hash != file.CA.Hash || len(b.Requests(path)) != 1 {
				t.Errorf("got %+v", last)
			}
		})
	}
}

func TestCheckHashedMirror(t *testing.T) {
	tests := []struct{ url, want string }{
		{"https://h.invalid", ""},
		{"http://h.invalid:80/x/?y=", ""},
		{"https://h.invalid/{algo}/{sri}/{name}", ""},
		{"h.invalid", "neither https:// nor http:// nor ftp://"},
		{"file:///srv", "neither https:// nor http:// nor ftp://"},
		{"http:///x", "not a URL"},
		{"http://%zz/", "not a URL"},
		{"http://h/{sha256}", "no placeholder is called {sha256}"},
		{"http://h/{base16", "none of {base16}, {nixbase32} and {sri} is in it"},
		{"http://h/{algo}/{name}", "none of {base16}, {nixbase32} and {sri} is in it"},
	}
	for _, test := range tests {
		want := ""
		if test.want != "" {
			want = fmt.Sprintf("hashed mirror %q: %s", test.url, test.want)
		}
		got := ""
		if err := CheckHashedMirror(test.url); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		b := newRig(t, badweb.InMemory(t))
		b.fetcher.HashedMirrors = []string{test.url}
		if err := b.fetch(t.Context()); (err == nil) != (want == "") {
			t.Errorf("Fetch: got %v, want %q", err, want)
		}
	}
}

func FuzzCheckHashedMirror(f *testing.F) {
	for _, url := range []string{
		"https://h/{algo}/{base16}", "h", "http://h/{", "http://{name}/{sri}",
	} {
		f.Add(url)
	}
	digest := hashes.Sum(hashes.SHA512, nil)
	f.Fuzz(func(t *testing.T, raw string) {
		if CheckHashedMirror(raw) != nil {
			return
		}
		m, err := newHashedMirror(&run{Fetcher: new(Fetcher)}, raw)
		if err != nil {
			t.Fatal(err)
		}
		got := m.candidate(file{"name", digest})
		if got.failure != nil || !strings.Contains(got.url, digest.Base16()[:4]) &&
			!strings.Contains(got.url, digest.NixBase32()) && !strings.Contains(got.url, digest.SRI()) {
			t.Errorf("%q: got %s, %v", raw, got.url, got.failure)
		}
	})
}
