package fetch

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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

// replies are answers by host and path.
type replies map[string]http.HandlerFunc

// An archiveTest fetches a source whose own URL is gone.
type archiveTest struct {
	name     string
	archives []Archive
	source   granary.Source
	serve    replies
	asked    []string // after the source's URL, in order
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

// What the tests of archives fetch, and where archives may have it.
var (
	archiveBody  = []byte("hello")
	archiveGood  = badweb.Body(archiveBody)
	archiveWrong = badweb.Body([]byte("jello"))

	waybackNewestHello = "wayback.invalid/web/2id_/http://upstream.invalid/hello-2.10.tar.gz"
	waybackOldestHello = "wayback.invalid/web/0id_/http://upstream.invalid/hello-2.10.tar.gz"
	// b2sum of "hello-2.10.tar.gz" begins with eb.
	gentooHello  = "gentoo.invalid/distfiles/eb/hello-2.10.tar.gz"
	freebsdHello = "freebsd.invalid/ports-distfiles/hello-2.10.tar.gz"
)

func hello(t testing.TB, algo hashes.Algorithm) granary.Source {
	return upstream(t, granary.RecipeFlat, hashes.Sum(algo, archiveBody))
}

func heritageHello(algo hashes.Algorithm) string {
	digest := hashes.Sum(algo, archiveBody).Base16()
	return "swh.invalid/api/1/content/" + algo.String() + ":" + digest + "/raw/"
}

func guixHello(host string) string {
	digest := hashes.Sum(hashes.SHA256, archiveBody).NixBase32()
	return host + ".invalid/file/hello-2.10.tar.gz/sha256/" + digest
}

func TestHeritageFile(t *testing.T) {
	heritage := []Archive{SoftwareHeritage}
	sha256, sha1 := heritageHello(hashes.SHA256), heritageHello(hashes.SHA1)
	for _, test := range []archiveTest{
		{"not wanted", nil, hello(t, hashes.SHA256), nil, nil, false},
		{"by sha256", heritage, hello(t, hashes.SHA256),
			replies{sha256: archiveGood}, []string{sha256}, true},
		{"by sha1", heritage, hello(t, hashes.SHA1),
			replies{sha1: archiveGood}, []string{sha1}, true},
		{"other bytes", heritage, hello(t, hashes.SHA256),
			replies{sha256: archiveWrong}, []string{sha256}, false},
		{"nothing", heritage, hello(t, hashes.SHA256), nil, []string{sha256}, false},
		{"sha512", heritage, hello(t, hashes.SHA512), nil, nil, false},
	} {
		t.Run(test.name, test.run)
	}
}

func TestWayback(t *testing.T) {
	wayback, s := []Archive{Wayback}, hello(t, hashes.SHA512)
	tar := tarball(t)
	tree := upstream(t, granary.RecipeUnpack, unpacked(t, tar, false))
	built := tree
	built.Recipe = ""
	newest, oldest := waybackNewestHello, waybackOldestHello
	copied := "wayback.invalid/web/20180101id_/x"
	for _, test := range []archiveTest{
		{"newest", wayback, s, replies{newest: archiveGood}, []string{newest}, true},
		{"by redirect", wayback, s, replies{
			newest: badweb.Redirect("http://" + copied), copied: archiveGood,
		}, []string{newest}, true},
		{"oldest", wayback, s, replies{newest: badweb.HTML(), oldest: archiveGood},
			[]string{newest, oldest}, true},
		{"other bytes", wayback, s, replies{newest: archiveWrong, oldest: archiveWrong},
			[]string{newest, oldest}, false},
		{"nothing", wayback, s, nil, []string{newest}, false},
		{"an archive", wayback, tree, replies{newest: badweb.Body(tar)}, []string{newest}, true},
	} {
		t.Run(test.name, test.run)
	}
	r := newTestRun(t, &Fetcher{Archives: wayback})
	if got := r.archivesOf(&built); got != nil {
		t.Errorf("asked for what a builder makes: %v", got)
	}
}

// Of many URLs and mirrors a few are asked for, and no password is told.
func TestWaybackAsksLittle(t *testing.T) {
	r := newTestRun(t, &Fetcher{Archives: []Archive{Wayback}, Mirrors: MirrorMap{
		"m": {"http://m1/", "http://m2/", "http://m3/"},
	}})
	s := newSource(t, granary.RecipeFlat, hashes.Sum(hashes.SHA1, nil), "mirror://m/x",
		"http://user:password@secret/x", "ftp://f/x", "http://a/x?y=z http://b/x", "http://c/x")
	var got []string
	for _, c := range r.archivesOf(&s) {
		got = append(got, strings.TrimPrefix(c.url, waybackNewest))
	}
	if want := []string{"http://m1/x", "http://m2/x", "http://a/x?y=z"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDistfiles(t *testing.T) {
	distfiles := []Archive{Distfiles}
	tar := tarball(t)
	tree := upstream(t, granary.RecipeUnpack, unpacked(t, tar, false))
	debian := "debian.invalid/file/" + hashes.Sum(hashes.SHA1, archiveBody).Base16()
	bordeaux, ci := guixHello("bordeaux"), guixHello("ci")
	for _, test := range []archiveTest{
		{"Guix", distfiles, hello(t, hashes.SHA256), replies{ci: archiveGood},
			[]string{bordeaux, ci}, true},
		{"Debian", distfiles, hello(t, hashes.SHA1), replies{debian: archiveGood},
			[]string{debian}, true},
		{"Gentoo", distfiles, hello(t, hashes.SHA512), replies{gentooHello: archiveGood},
			[]string{gentooHello}, true},
		{"other files of that name", distfiles, hello(t, hashes.SHA512),
			replies{gentooHello: archiveWrong, freebsdHello: badweb.HTML()},
			[]string{gentooHello, freebsdHello}, false},
		{"the archive of a tree", distfiles, tree, replies{freebsdHello: badweb.Body(tar)},
			[]string{gentooHello, freebsdHello}, true},
		{"all archives in the user's order", []Archive{Distfiles, SoftwareHeritage, Wayback},
			hello(t, hashes.SHA256), nil, []string{
				bordeaux, ci, gentooHello, freebsdHello,
				heritageHello(hashes.SHA256), waybackNewestHello,
			}, false},
	} {
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
		away := func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Second)
			badweb.Status(500)(w, r)
		}
		for i, body := range bodies {
			b.Handle(fmt.Sprintf("upstream.invalid/%d", i), away, badweb.File(body, ""))
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
