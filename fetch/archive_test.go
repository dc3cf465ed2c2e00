package fetch

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"granary"
	"granary/hashes"
	"granary/internal/badweb"
)

// archiveRewrites name the hosts that are asked instead of the real ones.
var archiveRewrites = []Rewrite{
	{"https://archive.softwareheritage.org/", "http://swh.invalid/"},
	{"https://web.archive.org/", "http://wayback.invalid/"},
	{"https://bordeaux.guix.gnu.org/", "http://bordeaux.invalid/"},
	{"https://ci.guix.gnu.org/", "http://ci.invalid/"},
	{"https://snapshot.debian.org/", "http://debian.invalid/"},
	{"https://distfiles.gentoo.org/", "http://gentoo.invalid/"},
	{"http://distcache.freebsd.org/", "http://freebsd.invalid/"},
}

func newArchiveRig(t testing.TB, archives ...Archive) *rig {
	b := newRig(t, badweb.InMemory(t))
	b.fetcher.Archives, b.fetcher.Rewrites = archives, archiveRewrites
	return b
}

// asked returns what the attempts of the last event asked for, without http://.
func (b *rig) asked(t *testing.T) (urls []string) {
	t.Helper()
	last, _ := b.last(t)
	for _, a := range last.Attempts {
		urls = append(urls, strings.TrimPrefix(a.URL, "http://"))
	}
	return urls
}

// An archiveTest fetches a source whose own URL is gone.
type archiveTest struct {
	name     string
	archives []Archive
	source   granary.Source
	serve    map[string]http.HandlerFunc // by host and path
	asked    []string                    // after the source's URL, in order
	held     bool
}

func (test *archiveTest) run(t *testing.T) {
	b := newArchiveRig(t, test.archives...)
	for path, reply := range test.serve {
		b.Handle(path, reply)
	}
	if err := b.fetch(t.Context(), test.source); err != nil {
		t.Fatal(err)
	}
	last, _ := b.last(t)
	want := append([]string{strings.TrimPrefix(test.source.URLs[0], "http://")}, test.asked...)
	if got := b.asked(t); !slices.Equal(got, want) {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if (last.Kind == Held) != test.held {
		t.Errorf("got %s, %s: %s", last.Kind, last.Reason, last.Detail)
	}
	// What an archive does not have, or has otherwise, says nothing of the source.
	if !test.held && (last.Reason != ReasonNotFound || last.URL != test.source.URLs[0]) {
		t.Errorf("got %s of %s", last.Reason, last.URL)
	}
	objects := b.objects(t)
	if test.held != (len(objects) == 1) || b.tmp(t) != nil {
		t.Errorf("got objects %v, %q in tmp", objects, b.tmp(t))
	}
}

// upstream returns a source called hello-2.10.tar.gz whose URL is gone.
func upstream(t testing.TB, recipe granary.Recipe, want hashes.Hash) granary.Source {
	t.Helper()
	ca := hashes.ContentAddress{Hash: want, Mode: hashes.Recursive}
	if recipe == granary.RecipeFlat {
		ca.Mode = hashes.Flat
	}
	s, err := granary.NewSource("hello-2.10.tar.gz", ca)
	if err != nil {
		t.Fatal(err)
	}
	s.Recipe, s.URLs = recipe, []string{"http://upstream.invalid/hello-2.10.tar.gz"}
	return s
}

func TestArchives(t *testing.T) {
	body, other := []byte("hello"), []byte("jello")
	good, wrong := badweb.Body(body), badweb.Body(other)
	by256 := upstream(t, granary.RecipeFlat, hashes.Sum(hashes.SHA256, body))
	by1 := upstream(t, granary.RecipeFlat, hashes.Sum(hashes.SHA1, body))
	by512 := upstream(t, granary.RecipeFlat, hashes.Sum(hashes.SHA512, body))
	hex256, hex1 := by256.CA.Hash.Base16(), by1.CA.Hash.Base16()
	base32 := by256.CA.Hash.NixBase32()
	tar := tarball(t)
	tree := upstream(t, granary.RecipeUnpack, unpacked(t, tar, false))
	swh := func(algo, hex string) string {
		return "swh.invalid/api/1/content/" + algo + ":" + hex + "/raw/"
	}
	newest := "wayback.invalid/web/2id_/http://upstream.invalid/hello-2.10.tar.gz"
	oldest := strings.Replace(newest, "2id_", "0id_", 1)
	// b2sum of "hello-2.10.tar.gz" begins with eb.
	gentoo, freebsd := "gentoo.invalid/distfiles/eb/hello-2.10.tar.gz",
		"freebsd.invalid/ports-distfiles/hello-2.10.tar.gz"
	guix := func(host string) string {
		return host + ".invalid/file/hello-2.10.tar.gz/sha256/" + base32
	}
	tests := []archiveTest{
		{"none", nil, by256, nil, nil, false},
		{"heritage by sha256", []Archive{SoftwareHeritage}, by256,
			map[string]http.HandlerFunc{swh("sha256", hex256): good},
			[]string{swh("sha256", hex256)}, true},
		{"heritage by sha1", []Archive{SoftwareHeritage}, by1,
			map[string]http.HandlerFunc{swh("sha1", hex1): good}, []string{swh("sha1", hex1)}, true},
		{"heritage lies", []Archive{SoftwareHeritage}, by256,
			map[string]http.HandlerFunc{swh("sha256", hex256): wrong},
			[]string{swh("sha256", hex256)}, false},
		{"heritage knows no sha512", []Archive{SoftwareHeritage}, by512, nil, nil, false},
		{"wayback", []Archive{Wayback}, by512,
			map[string]http.HandlerFunc{newest: good}, []string{newest}, true},
		{"wayback, by redirect", []Archive{Wayback}, by512, map[string]http.HandlerFunc{
			newest:                              badweb.Redirect("http://wayback.invalid/web/20180101id_/x"),
			"wayback.invalid/web/20180101id_/x": good,
		}, []string{newest}, true},
		{"wayback, an old copy", []Archive{Wayback}, by512,
			map[string]http.HandlerFunc{newest: badweb.HTML(), oldest: good},
			[]string{newest, oldest}, true},
		{"wayback has other bytes", []Archive{Wayback}, by512,
			map[string]http.HandlerFunc{newest: wrong, oldest: wrong},
			[]string{newest, oldest}, false},
		{"wayback has nothing", []Archive{Wayback}, by512, nil, []string{newest}, false},
		{"wayback, an archive", []Archive{Wayback}, tree,
			map[string]http.HandlerFunc{newest: badweb.Body(tar)}, []string{newest}, true},
		{"Guix", []Archive{Distfiles}, by256, map[string]http.HandlerFunc{guix("ci"): good},
			[]string{guix("bordeaux"), guix("ci")}, true},
		{"Debian by sha1", []Archive{Distfiles}, by1,
			map[string]http.HandlerFunc{"debian.invalid/file/" + hex1: good},
			[]string{"debian.invalid/file/" + hex1}, true},
		{"Gentoo by name", []Archive{Distfiles}, by512,
			map[string]http.HandlerFunc{gentoo: good}, []string{gentoo}, true},
		{"other files of that name", []Archive{Distfiles}, by512,
			map[string]http.HandlerFunc{gentoo: wrong, freebsd: badweb.HTML()},
			[]string{gentoo, freebsd}, false},
		{"FreeBSD has the archive of a tree", []Archive{Distfiles}, tree,
			map[string]http.HandlerFunc{freebsd: badweb.Body(tar)}, []string{gentoo, freebsd}, true},
		{"all, in the user's order", []Archive{Distfiles, SoftwareHeritage, Wayback}, by256, nil,
			[]string{
				guix("bordeaux"), guix("ci"), gentoo, freebsd, swh("sha256", hex256), newest,
			}, false},
	}
	for _, test := range tests {
		t.Run(test.name, test.run)
	}
}

// An archive is asked after everything else, also after a host that is away.
func TestArchivesAreLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newArchiveRig(t, Wayback)
		b.fetcher.Jobs, b.fetcher.Retries = 1, -1
		b.fetcher.Substituters = []string{"http://cache.invalid"}
		b.fetcher.HashedMirrors = []string{"http://h.invalid/{base16}"}
		sources, bodies := numbered(t, 20, "http://upstream.invalid/%d")
		for i, body := range bodies {
			b.Handle(fmt.Sprintf("upstream.invalid/%d", i), badweb.Status(503), badweb.File(body, ""))
			b.Handle("wayback.invalid/web/2id_/"+sources[i].URLs[0], badweb.File(body, ""))
		}
		if err := b.fetch(t.Context(), sources...); err != nil {
			t.Fatal(err)
		}
		for _, e := range b.events {
			if e.Kind == Retry {
				continue
			}
			if e.Kind != Held {
				t.Errorf("got %s, %v", e.Kind, e.Attempts)
			}
			if i := slices.IndexFunc(e.Attempts, isWayback); i >= 0 && i < 3 {
				t.Errorf("the archive was asked before the others: %v", e.Attempts)
			}
		}
	})
}

func isWayback(a Attempt) bool { return strings.HasPrefix(a.URL, "http://wayback.invalid/") }

func TestDistfileNames(t *testing.T) {
	h := hashes.Sum(hashes.SHA512, nil)
	tests := []struct {
		name, url, want string // the name, that of a flat source, or in the URL of an unpacked one
	}{
		{"hello-2.10.tar.gz", "", "hello-2.10.tar.gz"},
		{"source", "", ""},
		{"2.10.tar.gz", "", ""},
		{"v2.10.tar.gz", "", ""},
		{"0fda-x1.patch", "", ""},
		{"", "https://x/y/boost_1_74_0.tar.bz2?x=y", "boost_1_74_0.tar.bz2"},
		{"", "https://github.com/o/r/archive/v1.2.tar.gz", ""},
		{"", "https://x/y/a%2Fb%20c-1.tar", ""},
		{"", "mirror://gnu/hello/hello-2.10.tar.gz", "hello-2.10.tar.gz"},
	}
	for _, test := range tests {
		s := newSource(t, granary.RecipeUnpack, h, test.url)
		if test.name != "" {
			s = newSource(t, granary.RecipeFlat, h, test.url)
			s.Name = test.name
		}
		got := ""
		if f, ask := distfile(&s); ask != nil {
			got = namePath(f)
		}
		if got != test.want {
			t.Errorf("%q, %q: got %q, want %q", test.name, test.url, got, test.want)
		}
	}
}

func TestUnknownArchive(t *testing.T) {
	b := newArchiveRig(t, "Alexandria")
	if err := b.fetch(t.Context()); err == nil || err.Error() != `archive "Alexandria": not known` {
		t.Errorf("got %v", err)
	}
}
