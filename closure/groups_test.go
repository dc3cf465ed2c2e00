package closure

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestGroups(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 10))
		g, roots, _ := random(r, 400)
		group := make([]int32, len(roots))
		groups := make([][]int32, 1+r.IntN(150))
		for i := range group {
			number := r.IntN(len(groups))
			group[i] = int32(number)
			groups[number] = append(groups[number], roots[i])
		}
		got := make([][]int32, len(groups))
		g.Groups(roots, group, func(group, source int32) { got[group] = append(got[group], source) })
		for i := range groups {
			want := g.Reach(groups[i]...)
			slices.Sort(want)
			if !slices.Equal(got[i], want) {
				t.Fatalf("seed %d, group %d: got %v, want %v", seed, i, got[i], want)
			}
		}
	}
	new(Graph).Groups(nil, nil, func(int32, int32) { t.Error("a graph of nothing has a source") })
}
