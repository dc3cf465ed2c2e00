package closure

// Paths are shortest ways from some roots to all that they reach.
type Paths struct {
	from  []int32 // by node: what it is needed by on the way; a root is from itself
	giver []int32 // by source: the node that gives it at the end of the way, or None
}

// Paths finds, for each source that is reached from the roots, a way that is as short as
// any from any of them: that from the first such root, which is the one that Path finds
// from there. It visits what is reached once. Roots that are None reach nothing.
func (g *Graph) Paths(roots ...int32) *Paths {
	p := &Paths{from: nones(g.Len()), giver: nones(g.sources)}
	var queue []int32
	reach := func(node, from int32) {
		if p.from[node] == None {
			p.from[node] = from
			queue = append(queue, node)
		}
	}
	for _, root := range roots {
		if root != None {
			reach(root, root)
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		node := queue[0]
		if source := g.source[node]; source != None && p.giver[source] == None {
			p.giver[source] = node
		}
		for _, input := range g.Inputs(node) {
			reach(input, node)
		}
	}
	return p
}

// To returns the way to a source: from a root to a node that gives it, both among its
// nodes; nil if none of the roots reaches it.
func (p *Paths) To(source int32) []int32 {
	if p.giver[source] == None {
		return nil
	}
	return wayTo(p.giver[source], p.from)
}

func nones(n int) []int32 {
	list := make([]int32, n)
	for i := range list {
		list[i] = None
	}
	return list
}

// An Approach is shortest ways to one source from all that reaches it.
type Approach struct {
	steps []int32 // by node: to the nearest that gives the source, or None
	next  []int32 // by node: the next one on the way
}

// Approach finds, for each node that reaches a source, the way that Path finds. It looks
// at each edge once.
func (g *Graph) Approach(source int32) *Approach {
	a := &Approach{steps: nones(g.Len()), next: make([]int32, g.Len())}
	for node := range int32(g.Len()) { // inputs come before what needs them
		if g.source[node] == source {
			a.steps[node] = 0
			continue
		}
		for _, input := range g.Inputs(node) {
			steps := a.steps[input]
			if steps != None && (a.steps[node] == None || steps+1 < a.steps[node]) {
				a.steps[node], a.next[node] = steps+1, input
			}
		}
	}
	return a
}

// Steps returns how many steps a shortest way from node has: 0 if the node itself gives
// the source, None if there is no way. A node that is None has none.
func (a *Approach) Steps(node int32) int32 {
	if node == None {
		return None
	}
	return a.steps[node]
}

// From returns the way from node, both ends among its nodes; nil if there is none.
func (a *Approach) From(node int32) []int32 {
	if a.Steps(node) == None {
		return nil
	}
	way := []int32{node}
	for range a.steps[node] {
		node = a.next[node]
		way = append(way, node)
	}
	return way
}
