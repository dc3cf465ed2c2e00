package catalog

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"granary"
	"granary/hashes"
)

// TestSourcesAt compares each source, and some at a time, with what Sources returns.
func TestSourcesAt(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	tarball := source("a.tar.xz", "http://x/a.tar.xz")
	made := source("a")
	made.CA.Mode, made.Recipe, made.From = hashes.Recursive, granary.RecipeUnpack, tarball.OutPath
	recordSteps(t, c, []any{made, tarball}, true)
	all, err := c.Sources(t.Context())
	check(t, err)
	if len(all) != 5 {
		t.Fatalf("got %d sources", len(all))
	}
	var ids []int64
	for i := range all {
		ids = append(ids, all[i].ID)
		expectSources(t, c, all[i:i+1], all[i].ID, 1000)
	}
	slices.Reverse(ids)
	expectSources(t, c, all, ids...)
	expectSources(t, c, nil)
	expectSources(t, c, nil, 1000)
}

func expectSources(t *testing.T, c *Catalog, want []Source, ids ...int64) {
	t.Helper()
	got, err := c.SourcesAt(t.Context(), ids)
	check(t, err)
	exact := cmp.AllowUnexported(hashes.Hash{})
	if diff := cmp.Diff(want, got, exact, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%v (-want +got):\n%s", ids, diff)
	}
}

// TestSourcesAtUnwanted has a source that an interrupted evaluation left.
func TestSourcesAtUnwanted(t *testing.T) {
	c := newCatalog(t)
	e := small("a", "x86_64-linux")
	r, err := c.Record(t.Context())
	check(t, err)
	check(t, r.Add(t.Context(), e.derivations, e.attributes, nil))
	got, err := c.SourcesAt(t.Context(), []int64{1})
	check(t, err)
	if len(got) != 1 || got[0].Systems != nil || got[0].InClosure {
		t.Errorf("got %+v", got)
	}
}

func TestWantedBy(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	b := small("b", "x86_64-linux")
	b.derivations, b.calls, b.attributes = b.derivations[:2], nil, b.attributes[1:2]
	record(t, c, b)
	for _, test := range []struct {
		snapshot string
		want     []string
	}{
		{"a", []string{"doc.pdf", "gcc.tar", "hello.tar"}},
		{"b", []string{"gcc.tar"}},
		{"", []string{"doc.pdf", "gcc.tar", "hello.tar"}},
	} {
		wanted, err := c.WantedBy(t.Context(), test.snapshot)
		check(t, err)
		var ids []int64
		for id := range wanted {
			ids = append(ids, id)
		}
		sources, err := c.SourcesAt(t.Context(), ids)
		check(t, err)
		var got []string
		for i := range sources {
			got = append(got, sources[i].Name)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.snapshot, got, test.want)
		}
	}
	if _, err := c.WantedBy(t.Context(), "none"); err == nil {
		t.Error("a snapshot that is not there: got no error")
	}
}
