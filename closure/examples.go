package closure

import "slices"

// Examples returns, for each source, the first of the roots that need it, up to most:
// their places in roots, in rising order. It hands these on from each node to its inputs,
// along each edge once.
func (g *Graph) Examples(roots []int32, most int) [][]int32 {
	nodes := make([]firsts, g.Len())
	for place, root := range roots {
		if root != None {
			nodes[root].add(int32(place), most)
		}
	}
	sources := make([][]int32, g.sources)
	for node := int32(g.Len()) - 1; node >= 0; node-- { // what needs it came before
		places := nodes[node]
		if source := g.source[node]; source != None {
			(*firsts)(&sources[source]).addAll(places, most)
		}
		for _, input := range g.Inputs(node) {
			nodes[input].addAll(places, most)
		}
		nodes[node] = nil
	}
	return sources
}

// firsts are the smallest of many different numbers, in rising order.
type firsts []int32

func (f *firsts) add(number int32, most int) {
	i, found := slices.BinarySearch(*f, number)
	if found || i == most {
		return
	}
	*f = slices.Insert((*f)[:min(len(*f), most-1)], i, number)
}

func (f *firsts) addAll(numbers firsts, most int) {
	for _, number := range numbers {
		f.add(number, most)
	}
}
