package catalog

import (
	"testing"
	"time"

	"granary"
)

// TestFetches records what an evaluation itself needs, twice: the second time
// nothing of it.
func TestFetches(t *testing.T) {
	c := newCatalog(t)
	pin := source("source", "http://a/pin.tar.gz")
	pin.Kind, pin.Recipe = granary.KindEvalFetchTarball, granary.RecipeUnpack
	s := Snapshot{Name: "one", Tree: "t", Revision: "r", System: "x86_64-linux", Evaluated: time.Now()}
	record := func(fetches []granary.Source, attributes ...granary.Attribute) Snapshot {
		r, err := c.Record(t.Context())
		check(t, err)
		check(t, r.AddFetches(t.Context(), fetches))
		check(t, r.Add(t.Context(), nil, attributes, nil))
		got, err := r.Finish(t.Context(), s)
		check(t, err)
		return got
	}
	blocked := granary.Attribute{
		Path: "a", Error: "needs it", Kind: granary.ErrorCrash,
		Fetch: granary.Fetch{Kind: pin.Kind, URL: pin.URLs[0], OutPath: pin.OutPath},
	}
	if got := record([]granary.Source{pin, pin}, blocked); got.Sources != 1 || got.Errors != 1 {
		t.Errorf("got %+v, want one source and one error", got)
	}
	sources, err := c.Sources(t.Context())
	check(t, err)
	if len(sources) != 1 || !sources[0].Fetched || sources[0].InClosure ||
		sources[0].Kind != pin.Kind {
		t.Errorf("got the sources %+v", sources)
	}
	attributes, err := c.Attributes(t.Context(), "one")
	check(t, err)
	if len(attributes) != 1 || attributes[0].Fetch != blocked.Fetch {
		t.Errorf("got the attributes %+v", attributes)
	}
	if got := record(nil); got.Sources != 0 {
		t.Errorf("got %d sources after an evaluation that fetches none", got.Sources)
	}
	if got, ok, err := c.Source(t.Context(), pin.OutPath); !ok || err != nil || got.Name != "source" {
		t.Errorf("Source: got %+v, %v, %v", got, ok, err)
	}
	const unknown = "/nix/store/00000000000000000000000000000000-x"
	if _, ok, err := c.Source(t.Context(), unknown); ok || err != nil {
		t.Errorf("Source of what is not there: got %v, %v", ok, err)
	}
}
