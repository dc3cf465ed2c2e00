package fetch

import (
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"granary"
	"granary/internal/badweb"
)

// A narCase is what a substituter says of a source of 3000 bytes.
type narCase struct {
	name    string
	narinfo string // what replaces the good one, or lines that are added to it
	file    bool   // the source is a file, and not a tree
	first   bool   // the substituter is asked first
	url     http.HandlerFunc
	prepare func(s *granary.Source)
	want    Size
	asked   []string
}

var (
	narAsked = []string{"GET narinfo"}
	frame    = int64(112)
)

func ofNAR(n int64) Size { return Size{Bytes: n, NARInfo: true} }

var narCases = []narCase{
	{name: "tree", narinfo: "FileSize: 2000", want: ofNAR(2000), asked: narAsked},
	{name: "tree, size not said", want: unsaid, asked: narAsked},
	{name: "tree, not compressed", narinfo: "Compression: none", want: ofNAR(3000 + frame),
		asked: narAsked},
	{name: "file", narinfo: "FileSize: 2000", file: true, want: ofNAR(3000), asked: narAsked},
	{name: "file, no file", narinfo: "NarSize: 112", file: true, want: unsaid, asked: narAsked},
	{name: "a lie", narinfo: "FileSize: 1125899906842625", want: unsaid, asked: narAsked},
	{name: "another path", narinfo: goodNARInfo, want: unsaid, asked: narAsked},
	{name: "after the URL", narinfo: "FileSize: 2000", url: badweb.Status(200), want: ofNAR(2000),
		asked: []string{"HEAD /f", "GET narinfo"}},
	{name: "after a good URL", narinfo: "FileSize: 2000", url: good, want: atF,
		asked: []string{"HEAD /f"}},
	{name: "first", narinfo: "FileSize: 2000", first: true, url: good, want: ofNAR(2000),
		asked: narAsked},
	{name: "first, but in vain", narinfo: goodNARInfo, first: true, url: good, want: atF,
		asked: []string{"GET narinfo", "HEAD /f"}},
	{name: "checkout", narinfo: "FileSize: 2000", url: good, want: ofNAR(2000), asked: narAsked,
		prepare: func(s *granary.Source) { s.Recipe = granary.RecipeCheckout }},
	{name: "needs a builder", narinfo: "FileSize: 2000", url: good, want: ofNAR(2000),
		asked: narAsked, prepare: func(s *granary.Source) { s.Recipe = "" }},
	{name: "by hand", narinfo: "FileSize: 2000", want: ofNAR(2000), asked: narAsked,
		prepare: func(s *granary.Source) { s.Message = "buy it" }},
}

func TestSizesOfNARs(t *testing.T) {
	for _, test := range narCases {
		t.Run(test.name, func(t *testing.T) { synctest.Test(t, test.run) })
	}
}

func (c narCase) run(t *testing.T) {
	b := newRig(t, badweb.InMemory(t))
	b.fetcher.Substituters, b.fetcher.SubstitutersFirst = []string{goodCache}, c.first
	s := cacheSource(t, c.file, "source")
	if c.url != nil {
		s.Recipe, s.URLs = granary.RecipeUnpack, []string{sizeURL + "/f"}
		b.Handle("/f", c.url)
	}
	if c.prepare != nil {
		c.prepare(&s)
	}
	path := "good.invalid/sub/" + s.OutPath.Digest() + ".narinfo"
	b.Handle(path, badweb.File(describe(s, c.narinfo), ""))
	all, err := b.sizes(t.Context(), s)
	if err != nil || len(all) != 1 {
		t.Fatalf("got %v, %v, want one size", all, err)
	}
	if c.want.NARInfo {
		c.want.URL = "http://" + path
	}
	if diff := cmp.Diff(c.want, all[0], cmpopts.IgnoreFields(Size{}, "Source", "At")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	asked := b.Asked()
	for i := range asked {
		if asked[i] == "GET "+path {
			asked[i] = "GET narinfo"
		}
	}
	if !slices.Equal(asked, c.asked) {
		t.Errorf("got requests %q, want %q", asked, c.asked)
	}
}

// A substituter that does not know many sources in a row, and one that is a folder.
func TestSizesOfSubstituters(t *testing.T) {
	dir := t.TempDir()
	b := newRig(t, badweb.InMemory(t))
	b.fetcher.Substituters = []string{"file://" + dir, goodCache}
	var sources []granary.Source
	for i := range 20 {
		s := cacheSource(t, i%2 == 0, fmt.Sprint("source", i))
		text, name := describe(s, "FileSize: 2000"), s.OutPath.Digest()+".narinfo"
		sources = append(sources, s)
		if i >= 10 {
			b.Handle("good.invalid/sub/"+name, badweb.Body(text))
		} else if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	all, err := b.sizes(t.Context(), sources...)
	if err != nil || len(all) != len(sources) {
		t.Fatalf("got %d sizes, %v, want %d", len(all), err, len(sources))
	}
	for _, s := range all {
		if want := int64(2000); s.Bytes != want && s.Bytes != 3000 {
			t.Errorf("got %+v, want %d or 3000 bytes", s, want)
		}
	}
	if got := b.Total("good.invalid"); got != 10 {
		t.Errorf("got %d requests, want 10", got)
	}
}

// A substituter that fails now and then is not left alone.
func TestSizesBearFailures(t *testing.T) {
	b := newRig(t, badweb.InMemory(t))
	b.fetcher.Substituters, b.fetcher.Retries, b.fetcher.Jobs = []string{goodCache}, -1, 1
	var sources []granary.Source
	for i := range 4 * failuresInARow {
		s := cacheSource(t, false, fmt.Sprint("source", i))
		reply := badweb.Body(describe(s, "FileSize: 2000"))
		if i%2 == 1 {
			reply = badweb.Status(500)
		}
		b.Handle("good.invalid/sub/"+s.OutPath.Digest()+".narinfo", reply)
		sources = append(sources, s)
	}
	all, err := b.sizes(t.Context(), sources...)
	said := 0
	for _, s := range all {
		if s.Bytes > 0 {
			said++
		}
	}
	if err != nil || said != 2*failuresInARow {
		t.Errorf("got %d sizes, %v, want %d", said, err, 2*failuresInARow)
	}
}

// The size that a narinfo gives for a file is at most 7 bytes too large.
func TestSizeOfFile(t *testing.T) {
	for size := range 20 {
		contents := string(noise(size))
		nar := narString("nix-archive-1", "(", "type", "regular", "contents", contents, ")")
		info := narinfo{narSize: int64(len(nar))}
		s := flat(t, []byte(contents))
		if over := info.download(&s) - int64(size); over < 0 || over > 7 {
			t.Errorf("%d bytes: got %d more", size, over)
		}
	}
	if got := credible(math.MinInt64); got != 0 {
		t.Errorf("got %d, want 0", got)
	}
}
