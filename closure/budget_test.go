package closure

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// chooseSlow tries every set of sources, and returns how many roots become whole at most.
func chooseSlow(g *Graph, roots []int32, sources []Source, budget int64) (most int) {
	lacks := lacking(g, roots, sources)
	for set := range uint64(1) << len(sources) {
		total := int64(0)
		for i := range sources {
			if set>>i&1 == 1 {
				total += max(0, sources[i].Bytes)
			}
		}
		if total > budget {
			continue
		}
		whole := 0
		for i := range roots {
			if roots[i] != None && lacks[i]&^set == 0 {
				whole++
			}
		}
		most = max(most, whole)
	}
	return most
}

// lacking returns for each root a set of the sources that it lacks; bit 63 is for what
// cannot be had.
func lacking(g *Graph, roots []int32, sources []Source) []uint64 {
	lacks := make([]uint64, len(roots))
	for i, root := range roots {
		for _, source := range g.Reach(root) {
			switch {
			case sources[source].Missing && sources[source].Bytes < 0:
				lacks[i] |= 1 << 63
			case sources[source].Missing:
				lacks[i] |= 1 << source
			}
		}
	}
	return lacks
}

// checkChoice finds what is wrong with a choice, and returns how many roots it has.
func checkChoice(g *Graph, roots []int32, sources []Source, budget int64, c *Choice) (int, error) {
	have := slices.Clone(sources)
	total := int64(0)
	for _, source := range c.Sources {
		if !have[source].Missing || have[source].Bytes < 0 {
			return 0, fmt.Errorf("source %d: chosen, and held, or chosen twice, or not to be had", source)
		}
		have[source].Missing = false
		total += have[source].Bytes
	}
	if total > budget || total != c.Bytes {
		return 0, fmt.Errorf("%d bytes for a budget of %d; it says %d", total, budget, c.Bytes)
	}
	whole := 0
	for i, tally := range g.Count(roots, have).Roots {
		if got := c.Roots[i]; got != (roots[i] != None && tally.Missing == 0) {
			return 0, fmt.Errorf("root %d: chosen: %v, but lacks %d", i, got, tally.Missing)
		}
		if c.Roots[i] {
			whole++
		}
	}
	if whole > c.Most {
		return 0, fmt.Errorf("%d roots, and %d at most", whole, c.Most)
	}
	return whole, nil
}

// shared returns a graph in which roots need some of m sources each: their own, and those
// of nodes that others need, too. bytes says how large a source is.
func shared(r *rand.Rand, m, n int) (g *Graph, roots []int32, sources []Source) {
	g = new(Graph)
	var nodes []int32
	for source := range int32(m) {
		nodes = append(nodes, g.Add(nil, source))
		sources = append(sources, Source{Missing: r.IntN(9) > 0, Bytes: r.Int64N(100)})
		if r.IntN(3) == 0 {
			sources[source].Bytes *= 10
		}
		if r.IntN(40) == 0 {
			sources[source].Bytes = -1
		}
	}
	for range n {
		var inputs []int32
		for range r.IntN(4) {
			inputs = append(inputs, nodes[r.IntN(len(nodes))])
		}
		nodes = append(nodes, g.Add(inputs, None))
		for range 1 + r.IntN(2)*r.IntN(3) {
			roots = append(roots, nodes[len(nodes)-1])
		}
	}
	return g, append(roots, None), sources
}

// TestChoose compares choices with the best one of small graphs, and asserts how good they
// are on average and at worst, above what costs nothing.
func TestChoose(t *testing.T) {
	const graphs = 1500
	sum, worst, tried, best := 0.0, 1.0, 0, 0
	for seed := range uint64(graphs) {
		r := rand.New(rand.NewPCG(seed, 5))
		g, roots, sources := shared(r, 4+r.IntN(9), 4+r.IntN(30))
		budget := r.Int64N(allBytes(sources) + 1)
		got := choose(t, g, roots, sources, budget)
		free := choose(t, g, roots, sources, 0)
		want := chooseSlow(g, roots, sources, budget)
		if most := g.Choose(roots, sources, budget).Most; got > want || want > most {
			t.Fatalf("seed %d: got %d, the best is %d, at most %d", seed, got, want, most)
		}
		if want == free {
			continue
		}
		ratio := float64(got-free) / float64(want-free)
		sum, worst, tried = sum+ratio, min(worst, ratio), tried+1
		if got == want {
			best++
		}
	}
	average := sum / float64(tried)
	t.Logf("%.4f of the best on average, %.4f at worst; %d of %d are the best",
		average, worst, best, tried)
	if average < 0.99 || worst < 0.8 {
		t.Errorf("%.4f of the best on average, %.4f at worst", average, worst)
	}
}

// choose returns how many roots a choice has, after a look at it.
func choose(t *testing.T, g *Graph, roots []int32, sources []Source, budget int64) int {
	t.Helper()
	c := g.Choose(roots, sources, budget)
	n, err := checkChoice(g, roots, sources, budget, &c)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func allBytes(sources []Source) (total int64) {
	for _, s := range sources {
		if s.Missing {
			total += max(0, s.Bytes)
		}
	}
	return total
}

// TestChooseEnds looks at the smallest and the largest budgets.
func TestChooseEnds(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 6))
		g, roots, sources := shared(r, 40, 120)
		whole, possible := 0, 0
		for i, tally := range g.Count(roots, sources).Roots {
			if roots[i] != None && tally.Bytes == 0 && tally.Unknown == 0 {
				whole++
			}
			if roots[i] != None && tally.Unknown == 0 {
				possible++
			}
		}
		all := allBytes(sources)
		for _, row := range []struct {
			budget int64
			want   int
		}{{0, whole}, {all, possible}, {2 * all, possible}, {1 << 62, possible}} {
			got := choose(t, g, roots, sources, row.budget)
			if got != row.want {
				t.Errorf("seed %d, budget %d: got %d, want %d", seed, row.budget, got, row.want)
			}
		}
	}
}

// TestChoosePrefix says that the beginning of a choice is worth nearly as much as a choice
// for as many bytes.
func TestChoosePrefix(t *testing.T) {
	sum, n := 0.0, 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 8))
		g, roots, sources := shared(r, 100, 600)
		c := g.Choose(roots, sources, allBytes(sources))
		have, spent := slices.Clone(sources), int64(0)
		for _, source := range c.Sources[:len(c.Sources)/2] {
			have[source].Missing = false
			spent += have[source].Bytes
		}
		whole := 0
		for i, tally := range g.Count(roots, have).Roots {
			if roots[i] != None && tally.Missing == 0 {
				whole++
			}
		}
		sum += float64(whole) / float64(choose(t, g, roots, sources, spent))
		n++
	}
	t.Logf("%.3f of a choice for as many bytes", sum/float64(n))
	if sum/float64(n) < 0.9 {
		t.Errorf("got %.3f of a choice for as many bytes", sum/float64(n))
	}
}

// TestChooseLarge takes a graph for which nobody knows the best choice: it compares it
// with the bound, and with itself.
func TestChooseLarge(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	g, roots, sources := shared(r, 1000, 9000)
	for _, percent := range []int64{1, 10, 40, 90} {
		budget := allBytes(sources) / 100 * percent
		got := choose(t, g, roots, sources, budget)
		c := g.Choose(roots, sources, budget)
		t.Logf("%d %%: %d roots, at most %d", percent, got, c.Most)
		if float64(got) < 0.9*float64(c.Most) {
			t.Errorf("%d %%: got %d roots, at most %d", percent, got, c.Most)
		}
		if !reflect.DeepEqual(c, g.Choose(roots, sources, budget)) {
			t.Errorf("%d %%: another choice for the same", percent)
		}
	}
}

func TestHeap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	prices := make([]float64, 300)
	h := newHeap(len(prices), func(item int32) float64 { return prices[item] })
	for item := range prices {
		prices[item] = float64(r.IntN(100))
		h.push(int32(item))
	}
	for len(h.items) > 0 {
		if r.IntN(2) == 0 {
			item := h.items[r.IntN(len(h.items))]
			prices[item] -= float64(r.IntN(50))
			h.fell(item)
		}
		want := slices.MinFunc(h.items, func(a, b int32) int {
			return cmp.Or(cmp.Compare(prices[a], prices[b]), cmp.Compare(a, b))
		})
		if got := h.pop(); got != want {
			t.Fatalf("got %d at %g, want %d at %g", got, prices[got], want, prices[want])
		}
	}
}

func BenchmarkChoose(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	g, roots, sources := shared(r, 10_000, 30_000)
	for b.Loop() {
		g.Choose(roots, sources, allBytes(sources)/4)
	}
}
