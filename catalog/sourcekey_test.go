package catalog

import (
	"slices"
	"testing"

	"granary"
	"granary/hashes"
)

func TestSourceKeys(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	object := hashes.Sum(hashes.SHA1, []byte("object"))
	check(t, c.RecordOutcomes(t.Context(), []Outcome{{
		OutPath: source("gcc.tar").OutPath, Object: object, Recipe: granary.RecipeFlat, Size: 6,
	}}))
	got, err := c.SourceKeys(t.Context())
	check(t, err)
	var want []SourceKey
	for _, name := range []string{"gcc.tar", "hello.tar", "doc.pdf"} {
		s, ok, err := c.Source(t.Context(), source(name).OutPath)
		check(t, err)
		if !ok {
			t.Fatalf("%s: not there", name)
		}
		want = append(want, SourceKey{s.ID, s.OutPath, s.Name, s.CA.Hash, s.Object})
	}
	if !slices.Equal(got, want) || got[0].Object != object {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSourcesFrom(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	gcc, _, err := c.Source(t.Context(), source("gcc.tar").OutPath)
	check(t, err)
	doc, _, err := c.Source(t.Context(), source("doc.pdf").OutPath)
	check(t, err)
	check(t, c.RecordOutcomes(t.Context(), []Outcome{{
		OutPath: gcc.OutPath, Reason: "not found",
		Attempts: []Attempt{{URL: "http://mirror/gcc.tar", At: noon, Reason: "not found"}},
	}}))
	for _, test := range []struct {
		url  string
		want []int64
	}{
		{"mirror://gnu/gcc.tar", []int64{gcc.ID}},
		{"http://mirror/gcc.tar", []int64{gcc.ID}},
		{"http://a/doc.pdf", []int64{doc.ID}},
		{"http://a/", nil},
		{"", nil},
	} {
		got, err := c.SourcesFrom(t.Context(), test.url)
		check(t, err)
		if !slices.Equal(got, test.want) {
			t.Errorf("%q: got %v, want %v", test.url, got, test.want)
		}
	}
}
