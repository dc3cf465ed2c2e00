package closure

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// random returns a graph of n nodes, in which about half give a source, some the same
// one; and its roots, some of which are None, or named twice.
func random(r *rand.Rand, n int) (g *Graph, roots []int32, sources []Source) {
	g = new(Graph)
	for i := range n {
		var inputs []int32
		for range min(i, r.IntN(5)) {
			inputs = append(inputs, int32(max(0, i-1-r.IntN(2+i/2))))
		}
		source := None
		if r.IntN(2) == 0 {
			source = int32(r.IntN(i + 1))
		}
		node := g.Add(inputs, source)
		if r.IntN(4) == 0 {
			roots = append(roots, node)
		}
		if r.IntN(20) == 0 {
			roots = append(roots, None, node)
		}
	}
	for range g.NumSources() {
		sources = append(sources, Source{Missing: r.IntN(3) > 0, Bytes: r.Int64N(100) - 5})
	}
	return g, roots, sources
}

// reachSlow walks from a root, the obvious way.
func reachSlow(g *Graph, root int32, seen map[int32]bool, met map[int32]bool) {
	if root == None || seen[root] {
		return
	}
	seen[root] = true
	if g.Source(root) != None {
		met[g.Source(root)] = true
	}
	for _, input := range g.Inputs(root) {
		reachSlow(g, input, seen, met)
	}
}

// countSlow is Count, the obvious way.
func countSlow(g *Graph, roots []int32, sources []Source) Count {
	c := Count{make([]Tally, len(roots)), make([]int32, len(sources)), make([]int32, len(sources))}
	for i, root := range roots {
		met := map[int32]bool{}
		reachSlow(g, root, map[int32]bool{}, met)
		t := &c.Roots[i]
		for source := range met {
			t.Needs++
			c.Users[source]++
			if !sources[source].Missing {
				continue
			}
			t.Missing++
			t.only = source
			if sources[source].Bytes < 0 {
				t.Unknown++
			} else {
				t.Bytes += sources[source].Bytes
			}
		}
		if t.Missing == 1 {
			c.Unlocks[t.only]++
		}
	}
	return c
}

// TestCount compares Count with walks, over graphs of less than a block and of many.
func TestCount(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		g, roots, sources := random(r, 1+r.IntN(30<<(seed%8)))
		got, want := g.Count(roots, sources), countSlow(g, roots, sources)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Tally{})); diff != "" {
			t.Fatalf("seed %d: -want +got:\n%s", seed, diff)
		}
	}
}

func TestCountOfNothing(t *testing.T) {
	var g Graph
	c := g.Count(nil, nil)
	if len(c.Roots) != 0 || len(c.Users) != 0 || g.Len() != 0 || g.NumSources() != 0 {
		t.Errorf("got %v", c)
	}
	g.Add(nil, None)
	c = g.Count([]int32{None, 0}, nil)
	if c.Roots[0] != (Tally{}) || c.Roots[1] != (Tally{}) {
		t.Errorf("got %v", c)
	}
}

func TestReach(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		g, roots, _ := random(r, 200)
		met := map[int32]bool{}
		seen := map[int32]bool{}
		for _, root := range roots {
			reachSlow(g, root, seen, met)
		}
		got := g.Reach(roots...)
		if len(got) != len(met) || slices.ContainsFunc(got, func(s int32) bool { return !met[s] }) {
			t.Fatalf("seed %d: got %v, want %v", seed, got, met)
		}
	}
}

// TestPath compares the length of paths with those that a search by depth finds, and
// looks at each step.
func TestPath(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		g, roots, _ := random(r, 100)
		for _, root := range roots {
			for source := range int32(g.NumSources()) {
				path := g.Path(root, source)
				if got, want := len(path), depth(g, root, source, 12); got <= 12 && got != want {
					t.Fatalf("seed %d: from %d to %d: got %v, want %d nodes", seed, root, source, path, want)
				}
				for i, node := range path {
					if i > 0 && !slices.Contains(g.Inputs(path[i-1]), node) {
						t.Fatalf("%d does not need %d", path[i-1], node)
					}
				}
				if len(path) > 0 && (path[0] != root || g.Source(path[len(path)-1]) != source) {
					t.Fatalf("from %d to %d: got %v", root, source, path)
				}
			}
		}
	}
}

// depth returns the number of nodes on a shortest way, up to most; 0: there is none.
func depth(g *Graph, root, source int32, most int) int {
	if root == None {
		return 0
	}
	level := map[int32]bool{root: true}
	for d := 1; d <= most && len(level) > 0; d++ {
		next := map[int32]bool{}
		for node := range level {
			if g.Source(node) == source {
				return d
			}
			for _, input := range g.Inputs(node) {
				next[input] = true
			}
		}
		level = next
	}
	return 0
}

func TestWithout(t *testing.T) {
	var g Graph
	a := g.Add(nil, 0)
	b := g.Add(nil, 1)
	c := g.Add([]int32{a, b}, None)
	cut := g.Without(func(node, input int32) bool { return node == c && input == a })
	if got := fmt.Sprint(cut.Inputs(c), cut.Reach(c), cut.NumSources(), cut.Len()); got != "[1] [1] 2 3" {
		t.Errorf("got %s", got)
	}
	if got := fmt.Sprint(g.Inputs(c)); got != "[0 1]" {
		t.Errorf("the graph itself: got %s", got)
	}
}

func TestAddRefuses(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a node that needs itself was added")
		}
	}()
	new(Graph).Add([]int32{0}, None)
}

func BenchmarkCount(b *testing.B) {
	for _, n := range []int{46_000, 460_000} {
		g, roots, sources := random(rand.New(rand.NewPCG(1, 1)), n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				g.Count(roots, sources)
			}
		})
	}
}
