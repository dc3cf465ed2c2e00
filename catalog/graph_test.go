package catalog

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"granary"
	"granary/closure"
	"granary/hashes"
)

// TestGraph asks for what the attributes of small need, and a few odd ones.
func TestGraph(t *testing.T) {
	c := newCatalog(t)
	e := small("a", "x86_64-linux")
	e.attributes = append(e.attributes,
		attribute("gcc", e.derivations[1]), attribute("gccSrc", e.derivations[0]),
		granary.Attribute{
			Path: "blocked", Error: "x", Kind: granary.ErrorThrow,
			Fetch: granary.Fetch{Kind: granary.KindEvalFetchTarball, OutPath: source("doc.pdf").OutPath},
		})
	record(t, c, e)
	got := needs(t, c, "", false)
	want := map[string][]string{
		"blocked": {"1"}, "gcc": {"1"}, "gccSrc": {"1"}, "gone": {"0"}, "hello": {"2"}, "ifd": {"1"},
		"doc.pdf": {"1 users"}, "gcc.tar": {"4 users"}, "hello.tar": {"1 users"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	none, err := c.Graph(t.Context(), nil, false)
	if err != nil || len(none.Roots) != 0 || len(none.Sources) != 0 {
		t.Errorf("of no attribute: got %v, %v", none, err)
	}
}

// needs returns what all attributes of a snapshot need, by their paths and by the names
// of sources.
func needs(t *testing.T, c *Catalog, snapshot string, full bool) map[string][]string {
	t.Helper()
	attributes, err := c.Attributes(t.Context(), snapshot)
	check(t, err)
	g, err := c.Graph(t.Context(), attributes, full)
	check(t, err)
	n := g.Count(g.Roots, make([]closure.Source, g.NumSources()))
	got := map[string][]string{}
	for i, a := range attributes {
		got[a.Path] = append(got[a.Path], fmt.Sprint(n.Roots[i].Needs))
	}
	sources, err := c.Sources(t.Context())
	check(t, err)
	for _, s := range sources {
		if i := slices.Index(g.Sources, s.ID); i >= 0 && n.Users[i] > 0 {
			got[s.Name] = []string{fmt.Sprint(n.Users[i], " users")}
		}
	}
	return got
}

// TestGraphRandom compares what attributes need with a walk from each of them.
func TestGraphRandom(t *testing.T) {
	for seed := range uint64(8) {
		for _, full := range []bool{false, true} {
			r := rand.New(rand.NewPCG(seed, 1))
			e := randomGraph(r, 50<<seed)
			c := newCatalog(t)
			record(t, c, e)
			want := slowNeeds(e, full)
			if diff := cmp.Diff(want, needs(t, c, "random", full)); diff != "" {
				t.Fatalf("seed %d, full %t: -want +got:\n%s", seed, full, diff)
			}
		}
	}
}

// TestGraphOfOne reads the graphs of single attributes, level by level.
func TestGraphOfOne(t *testing.T) {
	c := newCatalog(t)
	e := randomGraph(rand.New(rand.NewPCG(1, 2)), 2000)
	record(t, c, e)
	for _, full := range []bool{false, true} {
		want := slowNeeds(e, full)
		for i := 0; i < len(e.attributes); i += 7 {
			path := e.attributes[i].Path
			attributes, err := c.AttributesAt(t.Context(), "random", []string{path, "gone"})
			check(t, err)
			if len(attributes) != 1 || attributes[0].Path != path || attributes[0].System == "" {
				t.Fatalf("%s: got %v", path, attributes)
			}
			g, err := c.Graph(t.Context(), attributes, full)
			check(t, err)
			n := g.Count(g.Roots, make([]closure.Source, g.NumSources()))
			if got := fmt.Sprint(n.Roots[0].Needs); got != want[path][0] {
				t.Errorf("%s, full %t: got %s, want %s", path, full, got, want[path][0])
			}
		}
	}
}

// TestDerivationPaths names the nodes of a graph.
func TestDerivationPaths(t *testing.T) {
	c := newCatalog(t)
	e := small("a", "x86_64-linux")
	record(t, c, e)
	attributes, err := c.AttributesAt(t.Context(), "", []string{"hello"})
	check(t, err)
	g, err := c.Graph(t.Context(), attributes, false)
	check(t, err)
	paths, err := c.DerivationPaths(t.Context(), g.Derivations)
	check(t, err)
	var got []string
	for _, row := range g.Derivations {
		got = append(got, paths[row].Name())
	}
	want := []string{"gcc.tar.drv", "gcc.drv", "hello.tar.drv", "hello.drv"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
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
func slowNeeds(e evaluation, full bool) map[string][]string {
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
			case d.Source != nil && !full:
				sources[d.Source.Name] = true
			default:
				seen[path] = true
				if d.Source != nil {
					sources[d.Source.Name] = true
				}
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

// BenchmarkGraph counts what every attribute needs, of the catalog that
// $GRANARY_BENCH_CATALOG names, or else of a graph that is made up.
func BenchmarkGraph(b *testing.B) {
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
		g, err := c.Graph(b.Context(), attributes, false)
		check(b, err)
		n := g.Count(g.Roots, make([]closure.Source, g.NumSources()))
		sum = 0
		for _, root := range n.Roots {
			sum += root.Needs
		}
	}
	b.ReportMetric(float64(sum)/float64(len(attributes)), "sources/attribute")
}
