package catalog

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"granary"
	"granary/hashes"
)

// TestNeeds asks for what the attributes of small need, and a few odd ones.
func TestNeeds(t *testing.T) {
	c := newCatalog(t)
	e := small("a", "x86_64-linux")
	e.attributes = append(e.attributes,
		attribute("gcc", e.derivations[1]), attribute("gccSrc", e.derivations[0]),
		granary.Attribute{
			Path: "blocked", Error: "x", Kind: granary.ErrorThrow,
			Fetch: granary.Fetch{Kind: granary.KindEvalFetchTarball, OutPath: source("doc.pdf").OutPath},
		})
	record(t, c, e)
	got := needs(t, c, "")
	want := map[string][]string{
		"blocked": {"1"}, "gcc": {"1"}, "gccSrc": {"1"}, "gone": {"0"}, "hello": {"2"}, "ifd": {"1"},
		"doc.pdf": {"1 users"}, "gcc.tar": {"4 users"}, "hello.tar": {"1 users"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	none, err := c.Needs(t.Context(), nil)
	if err != nil || len(none.Counts) != 0 || len(none.Users) != 0 {
		t.Errorf("of no attribute: got %v, %v", none, err)
	}
}

// needs returns what Needs says of all attributes of a snapshot, by their paths and
// by the names of sources.
func needs(t *testing.T, c *Catalog, snapshot string) map[string][]string {
	t.Helper()
	attributes, err := c.Attributes(t.Context(), snapshot)
	check(t, err)
	n, err := c.Needs(t.Context(), attributes)
	check(t, err)
	got := map[string][]string{}
	for i, a := range attributes {
		got[a.Path] = append(got[a.Path], fmt.Sprint(n.Counts[i]))
	}
	sources, err := c.Sources(t.Context())
	check(t, err)
	for _, s := range sources {
		if users := n.Users[s.ID]; users > 0 {
			got[s.Name] = []string{fmt.Sprint(users, " users")}
		}
	}
	return got
}

// TestNeedsRandom compares Needs with a walk from each attribute, over graphs with
// more sources than a block has.
func TestNeedsRandom(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 1))
		e := randomGraph(r, 50<<seed)
		c := newCatalog(t)
		record(t, c, e)
		want := slowNeeds(e)
		if diff := cmp.Diff(want, needs(t, c, "random")); diff != "" {
			t.Fatalf("seed %d: -want +got:\n%s", seed, diff)
		}
	}
}

// randomGraph has n derivations; half of them are fixed outputs, some of which need
// others, or give the source of another one.
func randomGraph(r *rand.Rand, n int) evaluation {
	e := evaluation{name: "random", system: "x86_64-linux"}
	for i := range n {
		var inputs []*granary.Derivation
		for range min(i, r.IntN(6)) {
			inputs = append(inputs, e.derivations[max(0, i-1-r.IntN(2+i/2))])
		}
		d := built(fmt.Sprint("d", i), inputs...)
		if r.IntN(2) == 0 {
			f := fixed(source(fmt.Sprint("s", r.IntN(i+1))))
			f.Path, f.Inputs = d.Path, d.Inputs
			d = f
		} else if r.IntN(3) == 0 {
			e.attributes = append(e.attributes, attribute(fmt.Sprint("a", i), d))
		}
		e.derivations = append(e.derivations, d)
	}
	return e
}

// slowNeeds walks from each attribute, and gives what needs does.
func slowNeeds(e evaluation) map[string][]string {
	byPath := map[hashes.StorePath]*granary.Derivation{}
	for _, d := range e.derivations {
		byPath[d.Path] = d
	}
	users, all := map[string]int{}, map[string][]string{}
	for _, a := range e.attributes {
		seen, sources := map[hashes.StorePath]bool{}, map[string]bool{}
		var walk func(path hashes.StorePath)
		walk = func(path hashes.StorePath) {
			d := byPath[path]
			switch {
			case seen[path]:
			case d.Source != nil:
				sources[d.Source.Name] = true
			default:
				seen[path] = true
				for _, in := range d.Inputs {
					walk(in.Path)
				}
			}
		}
		walk(a.DrvPath)
		all[a.Path] = []string{fmt.Sprint(len(sources))}
		for name := range sources {
			users[name]++
		}
	}
	for name, n := range users {
		all[name] = []string{fmt.Sprint(n, " users")}
	}
	return all
}

// BenchmarkNeeds counts what every attribute needs, of the catalog that
// $GRANARY_BENCH_CATALOG names, or else of a graph that is made up.
func BenchmarkNeeds(b *testing.B) {
	var c *Catalog
	if path := os.Getenv("GRANARY_BENCH_CATALOG"); path != "" {
		c = openCatalog(b, path)
	} else {
		c = newCatalog(b)
		record(b, c, randomGraph(rand.New(rand.NewPCG(1, 1)), 46_000))
	}
	attributes, err := c.Attributes(b.Context(), "")
	check(b, err)
	sum := 0
	for b.Loop() {
		n, err := c.Needs(b.Context(), attributes)
		check(b, err)
		sum = 0
		for _, count := range n.Counts {
			sum += count
		}
	}
	b.ReportMetric(float64(sum)/float64(len(attributes)), "sources/attribute")
}
