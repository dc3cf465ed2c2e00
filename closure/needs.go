package closure

import "math/bits"

// needs says which roots lack which missing sources, in short: sources that the same roots
// lack are one class, and roots that lack the same sources are one item.
type needs struct {
	whole   []bool    // by root: it lacks nothing
	item    []int32   // by root; None: it lacks nothing, or more than fits
	weights []float64 // by item: how many roots it stands for
	bytes   []int64   // by class
	members lists     // of a class: its sources
	classes lists     // of an item: what it lacks
	items   lists     // of a class: what lacks it
}

// newNeeds leaves out roots that lack more than budget bytes, or what cannot be had.
func newNeeds(g *Graph, roots []int32, sources []Source, budget int64) *needs {
	n := &needs{whole: make([]bool, len(roots)), item: make([]int32, len(roots))}
	lacking := g.giving(g.sources, func(source int32) int32 {
		if sources[source].Missing {
			return source
		}
		return None
	})
	count := lacking.Count(roots, sources)
	left := make([]int32, len(roots))
	for i, root := range roots {
		t := &count.Roots[i]
		n.whole[i] = root != None && t.Missing == 0
		left[i] = root
		if t.Missing == 0 || t.Unknown > 0 || t.Bytes > budget {
			left[i] = None
		}
	}
	s := newSigning(lacking, left)
	n.join(s, sources)
	for i, root := range left {
		n.item[i] = None
		if root != None {
			n.item[i] = s.item[s.tally[root]]
		}
	}
	n.link(s)
	return n
}

// giving returns the graph with each source replaced by another one, less than n, or None.
func (g *Graph) giving(n int, replace func(source int32) int32) *Graph {
	other := &Graph{g.begin, g.inputs, make([]int32, g.Len()), n}
	for node, source := range g.source {
		if source != None {
			source = replace(source)
		}
		other.source[node] = source
	}
	return other
}

// A signing gives each source a signature of the tallies that reach it, and each tally
// one of its sources: the sum of their keys. Two that differ have the same signature once
// in 2^64.
type signing struct {
	*counting
	sources []uint64 // by source
	tallies []uint64 // by tally

	item  []int32 // by tally
	roots []int32 // by item: the node of one of its tallies
	class []int32 // by source: its class, of the first of its members; else None
}

func newSigning(g *Graph, roots []int32) *signing {
	c := newCounting(g, roots)
	s := &signing{
		counting: c, sources: make([]uint64, g.sources), tallies: make([]uint64, len(c.weights)),
	}
	var parts [][]uint64
	c.share(func(*counter) visitor {
		part := make([]uint64, len(c.weights))
		parts = append(parts, part)
		return func(tally int32, set *block, places []int32) {
			set.each(places, func(source int32) {
				part[tally] += key(source)
				s.sources[source] += key(tally) // of which no other counter has the block
			})
		}
	})
	for _, part := range parts {
		for tally, sum := range part {
			s.tallies[tally] += sum
		}
	}
	return s
}

// each calls visit for each source of a set, which is at its bits in places.
func (b *block) each(places []int32, visit func(source int32)) {
	for i, word := range b {
		for ; word != 0; word &= word - 1 {
			visit(places[64*i+bits.TrailingZeros64(word)])
		}
	}
}

// key returns the key of a number: that of SplitMix64 in this place.
func key(number int32) uint64 {
	z := (uint64(number) + 1) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// join makes items of tallies, and classes of sources.
func (n *needs) join(s *signing, sources []Source) {
	s.item = make([]int32, len(s.tallies))
	seen := map[uint64]int32{}
	for tally, signature := range s.tallies {
		item, ok := seen[signature]
		if !ok {
			item = int32(len(seen))
			seen[signature] = item
			n.weights = append(n.weights, 0)
		}
		s.item[tally] = item
		n.weights[item] += float64(s.weights[tally])
	}
	s.roots = make([]int32, len(seen))
	for node, tally := range s.tally {
		if tally != None {
			s.roots[s.item[tally]] = int32(node)
		}
	}
	n.classify(s, sources)
}

func (n *needs) classify(s *signing, sources []Source) {
	s.class = make([]int32, len(s.sources))
	for i := range s.class {
		s.class[i] = None
	}
	seen := map[uint64]int32{}
	of := make([]int32, len(s.order)) // by place
	for place, source := range s.order {
		class, ok := seen[s.sources[source]]
		if !ok {
			class = int32(len(seen))
			seen[s.sources[source]] = class
			s.class[source] = class
			n.bytes = append(n.bytes, 0)
		}
		of[place] = class
		n.bytes[class] += sources[source].Bytes
	}
	n.members = newLists(len(seen), func(add func(list, item int32)) {
		for place, source := range s.order {
			add(of[place], source)
		}
	})
}

// link finds which items lack which classes.
func (n *needs) link(s *signing) {
	g := s.g.giving(len(n.bytes), func(source int32) int32 { return s.class[source] })
	items := make([][]int32, len(n.bytes)) // by class, which is in one counter's block
	newCounting(g, s.roots).share(func(*counter) visitor {
		return func(item int32, set *block, places []int32) {
			set.each(places, func(class int32) { items[class] = append(items[class], item) })
		}
	})
	n.items.begin = make([]int32, 1, len(items)+1)
	total := 0
	for _, list := range items {
		total += len(list)
		n.items.begin = append(n.items.begin, int32(total))
	}
	n.items.items = make([]int32, 0, total)
	for class := range items {
		n.items.items = append(n.items.items, items[class]...)
		items[class] = nil
	}
	n.classes = n.items.turned(len(n.weights))
	n.items = n.classes.turned(len(n.bytes)) // in the order in which items lie in memory
}

// turned returns n lists: for each item of l, the lists that have it.
func (l *lists) turned(n int) lists {
	return newLists(n, func(add func(list, item int32)) {
		for list := range int32(len(l.begin) - 1) {
			for _, item := range l.list(list) {
				add(item, list)
			}
		}
	})
}
