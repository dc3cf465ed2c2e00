package main

import (
	"fmt"
	"testing"

	"granary"
	"granary/catalog"
	"granary/hashes"
)

func TestThingOf(t *testing.T) {
	for _, row := range []struct{ name, url, thing, form string }{
		{"hello-2.10.tar.gz", "", "hello .tar.gz", "fetchurl .tar.gz"},
		{"hello-2.12.1.tar.gz", "", "hello .tar.gz", "fetchurl .tar.gz"},
		{"hello-2.10.TAR.GZ", "", "hello .tar.gz", "fetchurl .tar.gz"},
		{"hello-2.10.zip", "", "hello .zip", "fetchurl .zip"},
		{"gtk+-3.22", "http://a.test/gtk+-3.22.tar.xz?raw=1", "gtk+ .tar.xz", "fetchurl .tar.xz"},
		{"foo-1.2", "", "foo ", "fetchurl "},
		{"a-b-1-2.patch", "", "a-b .patch", "fetchurl .patch"},
		{"source", "http://a.test/v1.tar.gz", "", "fetchurl .tar.gz"},
		{"1.0.tar.gz", "", "", "fetchurl .tar.gz"},
		{"-1.0.tar.gz", "", "", "fetchurl .tar.gz"},
		{"", "", "", "fetchurl "},
	} {
		s := &catalog.Source{Source: granary.Source{Name: row.name, Kind: granary.KindFetchurl}}
		if row.url != "" {
			s.URLs = []string{row.url}
		}
		if thing, form := thingOf(s), formOf(s); thing != row.thing || form != row.form {
			t.Errorf("%s %s: got %q, %q, want %q, %q", row.name, row.url, thing, form, row.thing, row.form)
		}
	}
}

// learnt returns a sizing that has learnt from so many sources of 100 bytes.
func learnt(n int, kind granary.Kind, extension string) *sizing {
	z := &sizing{
		said: map[int64]catalog.Size{}, objects: map[hashes.Hash]bool{}, things: map[string]mean{},
		forms: map[string]mean{}, kinds: map[string]mean{},
	}
	for i := range n {
		name := fmt.Sprintf("thing%c-1%s", 'a'+i, extension)
		z.learn(&catalog.Source{Source: granary.Source{Name: name, Kind: kind}}, 100)
	}
	return z
}

func TestSizing(t *testing.T) {
	here := hashes.Sum(hashes.SHA256, []byte("here"))
	flat := hashes.ContentAddress{Mode: hashes.Flat, Hash: here}
	nar := hashes.ContentAddress{Mode: hashes.Recursive, Hash: here}
	source := func(name string, change func(*catalog.Source)) *catalog.Source {
		s := &catalog.Source{Source: granary.Source{Name: name, Kind: granary.KindFetchurl}, ID: 7}
		if change != nil {
			change(s)
		}
		return s
	}
	for _, row := range []struct {
		name   string
		learnt int
		said   catalog.Size
		source *catalog.Source
		want   download
	}{
		{"nothing", 0, catalog.Size{}, source("x-1.gz", nil), download{}},
		{"asked, not said", 0, catalog.Size{Bytes: -1}, source("x-1.gz", nil), download{}},
		{"said", 0, catalog.Size{Bytes: 5, Exact: true}, source("x-1.gz", nil), download{5, sizeKnown}},
		{"said by many", 26, catalog.Size{Bytes: 5, Exact: true}, source("x-1.gz", nil),
			download{5, sizeKnown}},
		{"about", 0, catalog.Size{Bytes: 5}, source("x-1.gz", nil), download{5, sizeEstimated}},
		{"about, not by others", 26, catalog.Size{Bytes: 5}, source("thinga-2.gz", nil),
			download{5, sizeEstimated}},
		{"beyond belief", 0, catalog.Size{Bytes: 1 << 60, Exact: true}, source("x-1.gz", nil),
			download{maxBytes, sizeKnown}},
		{"by a want-list", 0, catalog.Size{}, source("x-1.gz", func(s *catalog.Source) {
			s.Download = 6
		}), download{6, sizeKnown}},
		{"was here once", 0, catalog.Size{}, source("x-1.gz", func(s *catalog.Source) {
			s.Size = 8
		}), download{8, sizeKnown}},
		{"object is here", 0, catalog.Size{Bytes: 5, Exact: true},
			source("x-1.gz", func(s *catalog.Source) { s.CA = flat }), download{0, sizeKnown}},
		{"object of that name is no NAR", 0, catalog.Size{Bytes: 5, Exact: true},
			source("x-1.gz", func(s *catalog.Source) { s.CA = nar }), download{5, sizeKnown}},
		{"begins from an object", 0, catalog.Size{}, source("x-1.gz", func(s *catalog.Source) {
			s.CA, s.FromHash = nar, here
		}), download{0, sizeKnown}},
		{"another version", 1, catalog.Size{}, source("thinga-2.gz", nil),
			download{100, sizeEstimated}},
		{"too few", 19, catalog.Size{}, source("x-1.gz", nil), download{}},
		{"same form", 20, catalog.Size{}, source("x-1.gz", nil), download{100, sizeEstimated}},
		{"same kind", 20, catalog.Size{}, source("x-1.zip", nil), download{100, sizeEstimated}},
		{"another kind", 26, catalog.Size{}, source("x-1.gz", func(s *catalog.Source) {
			s.Kind = granary.KindFetchgit
		}), download{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			z := learnt(row.learnt, granary.KindFetchurl, ".gz")
			z.objects[here] = true
			if row.said != (catalog.Size{}) {
				z.said[7] = row.said
			}
			if got := z.of(row.source); got != row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
		})
	}
}

func TestAmount(t *testing.T) {
	k, e, u := download{1024, sizeKnown}, download{2048, sizeEstimated}, download{}
	for _, row := range []struct {
		of   []download
		want string
	}{
		{nil, "0 B"},
		{[]download{k, k}, "2.0 KiB"},
		{[]download{k, e}, "about 3.0 KiB"},
		{[]download{k, e, u}, "at least 3.0 KiB"},
		{[]download{u, u}, "of unknown size"},
	} {
		var m amount
		for _, d := range row.of {
			m.add(d)
		}
		if got := m.String(); got != row.want || m.Sources != len(row.of) {
			t.Errorf("%v: got %q, want %q", row.of, got, row.want)
		}
	}
}
