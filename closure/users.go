package closure

import (
	"math/bits"
	"slices"
)

// Users returns, for each source, the roots that need it: their places in roots, in
// rising order. It takes 4 bytes for each time that a root needs a source.
func (g *Graph) Users(roots []int32) [][]int32 {
	c := newCounting(g, roots)
	at := c.places(roots)
	users := make([][]int32, g.sources)
	c.share(func(*counter) visitor {
		return func(tally int32, set *block, sources []int32) { // which no other counter has
			for i, word := range set {
				for ; word != 0; word &= word - 1 {
					source := sources[64*i+bits.TrailingZeros64(word)]
					users[source] = append(users[source], at.list(tally)...)
				}
			}
		}
	})
	for _, places := range users {
		slices.Sort(places)
	}
	return users
}

// places returns the places of each tally in roots.
func (c *counting) places(roots []int32) lists {
	return newLists(len(c.weights), func(add func(list, item int32)) {
		for place, root := range roots {
			if root != None {
				add(c.tally[root], int32(place))
			}
		}
	})
}
