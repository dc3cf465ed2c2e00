package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"granary"
)

// TestSizes records sizes, and says less and more of them later.
func TestSizes(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	gcc, hello := source("gcc.tar"), source("hello.tar")
	at := noon.Truncate(1e9)
	first := Size{gcc.OutPath, 100, false, SizeOfNARInfo, at}
	better := Size{gcc.OutPath, 90, true, SizeOfHead, at}
	silent := Size{gcc.OutPath, -1, false, SizeOfHead, at}
	unknown := Size{hello.OutPath, -1, false, SizeOfHead, at}
	for _, sizes := range [][]Size{{first, unknown}, {better}, {silent}, nil} {
		check(t, c.RecordSizes(t.Context(), sizes))
	}
	check(t, c.RecordSizes(t.Context(), []Size{{source("other").OutPath, 1, true, SizeOfHead, at}}))
	got, err := c.Sizes(t.Context())
	check(t, err)
	want := map[int64]Size{}
	for _, s := range []Size{better, unknown} {
		id, err := c.sourceRow(t.Context(), s.OutPath)
		check(t, err)
		want[id] = s
		source, _, err := c.Source(t.Context(), s.OutPath)
		check(t, err)
		if got := source.Download; got != max(s.Bytes, 0) {
			t.Errorf("got %d bytes to download, want %d", got, max(s.Bytes, 0))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestSizesOfAttempts records what attempts saw: of those in vain alone.
func TestSizesOfAttempts(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	gcc, hello := source("gcc.tar"), source("hello.tar")
	at := noon.Truncate(1e9)
	check(t, c.RecordOutcomes(t.Context(), []Outcome{
		{OutPath: gcc.OutPath, Reason: "timeout", Attempts: []Attempt{
			{URL: "http://a/", At: at, Reason: "timeout", Length: 70},
			{URL: "http://b/", At: at, Reason: "not found"}}},
		{OutPath: hello.OutPath, Object: hello.CA.Hash, Recipe: granary.RecipeFlat, Size: 9,
			Attempts: []Attempt{{URL: "http://a/", At: at, Reason: "reset", Length: 80}, {At: at}}},
	}))
	got, err := c.Sizes(t.Context())
	check(t, err)
	id, err := c.sourceRow(t.Context(), gcc.OutPath)
	check(t, err)
	want := map[int64]Size{id: {gcc.OutPath, 70, true, SizeOfAttempt, at}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
