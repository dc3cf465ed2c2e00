package closure

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// shortest returns the shortest of Path from each root, that of the first if there are
// several.
func shortest(g *Graph, roots []int32, source int32) (best []int32) {
	for _, root := range roots {
		path := g.Path(root, source)
		if path != nil && (best == nil || len(path) < len(best)) {
			best = path
		}
	}
	return best
}

func TestPathsAreThoseOfPath(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 4))
		g, roots, _ := random(r, 150)
		all := g.Paths(roots...)
		for source := range int32(g.NumSources()) {
			if got, want := all.To(source), shortest(g, roots, source); !slices.Equal(got, want) {
				t.Fatalf("seed %d: to %d: got %v, want %v", seed, source, got, want)
			}
		}
	}
}

func TestApproachesArePaths(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 5))
		g, roots, _ := random(r, 150)
		a := g.Approaches()
		for source := range int32(g.NumSources()) {
			a.Turn(source)
			for _, root := range roots {
				want := g.Path(root, source)
				if got := a.From(root); !slices.Equal(got, want) {
					t.Fatalf("seed %d: from %d to %d: got %v, want %v", seed, root, source, got, want)
				}
				if got, want := a.Steps(root), int32(len(want))-1; got != want {
					t.Fatalf("seed %d: from %d to %d: %d steps, want %d", seed, root, source, got, want)
				}
			}
		}
	}
}

// usersSlow returns, by source, the places of the roots that need it.
func usersSlow(g *Graph, roots []int32) [][]int32 {
	users := make([][]int32, g.NumSources())
	for place, root := range roots {
		for _, source := range g.Reach(root) {
			users[source] = append(users[source], int32(place))
		}
	}
	return users
}

func TestExamples(t *testing.T) {
	const most = 3
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 6))
		g, roots, _ := random(r, 300)
		want := usersSlow(g, roots)
		for source, users := range want {
			want[source] = users[:min(most, len(users))]
		}
		if diff := cmp.Diff(want, g.Examples(roots, most), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d: -want +got:\n%s", seed, diff)
		}
	}
}

func TestPathsOfNothing(t *testing.T) {
	var g Graph
	g.Add(nil, 0)
	if diff := cmp.Diff([]int32(nil), g.Paths(None).To(0)); diff != "" {
		t.Error(diff)
	}
	if got := g.Examples([]int32{None}, 3); len(got[0]) != 0 {
		t.Errorf("got %v", got)
	}
	if got := g.Approaches().From(None); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestUsers(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 8))
		g, roots, _ := random(r, 1+r.IntN(30<<(seed%6)))
		if diff := cmp.Diff(usersSlow(g, roots), g.Users(roots)); diff != "" {
			t.Fatalf("seed %d: -want +got:\n%s", seed, diff)
		}
	}
}
