package closure

import "slices"

// Examples returns, for each source, up to most of the roots that need it: their places
// in roots, in rising order. It hands a few places from each node to its inputs, along
// each edge once.
func (g *Graph) Examples(roots []int32, most int) [][]int32 {
	nodes := make([]few, g.Len())
	for place, root := range roots {
		if root != None {
			nodes[root].add(int32(place), most)
		}
	}
	sources := make([]few, g.sources)
	for node := int32(g.Len()) - 1; node >= 0; node-- { // what needs it came before
		if source := g.source[node]; source != None {
			sources[source].addAll(nodes[node], most)
		}
		for _, input := range g.Inputs(node) {
			nodes[input].addAll(nodes[node], most)
		}
		nodes[node] = nil
	}
	examples := make([][]int32, g.sources)
	for source, places := range sources {
		slices.Sort(places)
		examples[source] = places
	}
	return examples
}

// few are different places, those that came first.
type few []int32

func (f *few) add(place int32, most int) {
	if len(*f) < most && !slices.Contains(*f, place) {
		*f = append(*f, place)
	}
}

func (f *few) addAll(places few, most int) {
	for _, place := range places {
		f.add(place, most)
	}
}
