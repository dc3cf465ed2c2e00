package fetch

import (
	"slices"
	"strings"
	"testing"

	"granary"
	"granary/hashes"
	"granary/internal/badweb"
)

func TestCandidates(t *testing.T) {
	r := &run{
		Fetcher: &Fetcher{
			Rewrites: []Rewrite{
				{"https://a.invalid/", "http://127.0.0.1:80/a/"}, {"https://a", "http://never"},
			},
			HashedMirrors: []string{"https://h.invalid/x"},
		},
		mirrors: MirrorMap{
			"m":   {"https://a.invalid", "http://b.invalid/"},
			"kde": {"http://k.invalid/download.php?url="},
		},
	}
	if err := r.openPlaces(); err != nil {
		t.Fatal(err)
	}
	digest := hashes.Sum(hashes.SHA1, nil)
	tests := []struct {
		name   string
		recipe granary.Recipe
		urls   []string
		want   string
	}{
		{"plain", "unpack", []string{"https://x.invalid/a//b+~?c=http://d"},
			"https://x.invalid/a//b+~?c=http://d"},
		{"no scheme", "unpack", []string{"x.invalid:81/a b/c /d"},
			"http://x.invalid:81/a b/c /d"},
		{"several in one", "unpack", []string{" http://x/1  http://x/2\nhttp://x/1", "http://x/3"},
			"http://x/1 http://x/2 http://x/3"},
		{"mirror", "unpack", []string{"mirror://m/p/q"},
			"http://b.invalid/p/q http://127.0.0.1:80/a/p/q"},
		{"query", "unpack", []string{"mirror://kde/p"}, "http://k.invalid/download.php?url=p"},
		{"site alone", "unpack", []string{"mirror://m"}, "http://b.invalid/ http://127.0.0.1:80/a/"},
		{"unknown site", "unpack", []string{"mirror://n/p", "http://x/1"}, "mirror://n/p http://x/1"},
		{"hashed", "flat", []string{"http://x/1"},
			"http://x/1 https://h.invalid/x/sha1/" + digest.Base16()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			ca := hashes.ContentAddress{Hash: digest}
			if test.recipe != granary.RecipeFlat {
				ca.Mode = hashes.Recursive
			}
			for _, c := range r.candidates(&granary.Source{
				Recipe: test.recipe, URLs: test.urls, CA: ca, OutPath: anyPath,
			}) {
				got = append(got, c.url)
			}
			if want := strings.Fields(test.want); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// anyPath is an output path, by which mirrors are shuffled.
const anyPath = "/nix/store/00000000000000000000000000000000-source"

// A hashed mirror may have every file, whatever makes it elsewhere. That it does
// not have one is not what the source fails for.
func TestHashedMirrorOfAnyFile(t *testing.T) {
	for kind, source := range map[string]granary.Source{
		"no recipe": cacheSource(t, true, "source"), "no URL": flat(t, body),
	} {
		t.Run(kind, func(t *testing.T) {
			b := newRig(t, badweb.InMemory(t))
			b.fetcher.HashedMirrors = []string{"http://h.invalid/x", "http://h.invalid/y"}
			if err := b.fetch(t.Context(), source); err != nil {
				t.Fatal(err)
			}
			last, _ := b.last(t)
			if last.Reason != ReasonNoURL && last.Reason != ReasonNeedsBuilder || len(last.Attempts) != 1+2*len(mirrorForms) {
				t.Errorf("got %q of %v", last.Reason, last.Attempts)
			}
			b.Handle("h.invalid/y/sha512/"+source.CA.Hash.Base16(), good)
			if err := b.fetch(t.Context(), source); err != nil {
				t.Fatal(err)
			}
			if last, _ := b.last(t); last.Kind != Held || last.Recipe != granary.RecipeFlat {
				t.Errorf("got %+v", last)
			}
		})
	}
}

func TestBuiltinMirrors(t *testing.T) {
	m := BuiltinMirrors()
	if len(m) < 35 {
		t.Errorf("got %d sites", len(m))
	}
	for site, bases := range m {
		if len(bases) == 0 {
			t.Errorf("%s has no base", site)
		}
		for _, base := range bases {
			if c := urlCandidate(base); c.host == "" {
				t.Errorf("%s: %s: %v", site, base, c.failure)
			}
		}
	}
	want := "https://ftpmirror.gnu.org/hello/hello-2.10.tar.gz"
	if got := m.Expand("mirror://gnu/hello/hello-2.10.tar.gz"); got[0] != want {
		t.Errorf("got %s, want %s", got[0], want)
	}
	delete(m, "gnu")
	if BuiltinMirrors()["gnu"] == nil {
		t.Error("a caller changed the list")
	}
}

func FuzzCandidate(f *testing.F) {
	for _, url := range []string{"http://x/y", "mirror://gnu/x", "ftp://", "%", "http://[::1]:80/"} {
		f.Add(url)
	}
	r := &run{Fetcher: &Fetcher{}, mirrors: BuiltinMirrors()}
	f.Fuzz(func(t *testing.T, url string) {
		for _, c := range r.candidates(&granary.Source{OutPath: anyPath, URLs: []string{url}}) {
			if (c.host == "") == (c.failure == nil) {
				t.Errorf("%q: %+v", url, c)
			}
		}
	})
}
