package closure

import "slices"

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

// Approaches finds shortest ways to one source after the other, from all that reaches it.
type Approaches struct {
	g       *Graph
	givers  lists   // of a source: the nodes that give it
	parents lists   // of a node: what needs it
	steps   []int32 // by node: to the nearest that gives the source, or None
	reached []int32 // the nodes that reach it, the nearest first
}

// Approaches returns a finder that has no source yet. It is for one goroutine.
func (g *Graph) Approaches() *Approaches {
	a := &Approaches{g: g, steps: nones(g.Len())}
	a.givers = newLists(g.sources, func(add func(list, item int32)) {
		for node, source := range g.source {
			if source != None {
				add(source, int32(node))
			}
		}
	})
	a.parents = newLists(g.Len(), func(add func(list, item int32)) {
		for node := range int32(g.Len()) {
			for _, input := range g.Inputs(node) {
				add(input, node)
			}
		}
	})
	return a
}

// Turn turns to a source. It visits what reaches it, and no more.
func (a *Approaches) Turn(source int32) {
	for _, node := range a.reached {
		a.steps[node] = None
	}
	a.reached = a.reached[:0]
	for _, node := range a.givers.list(source) {
		a.reach(node, 0)
	}
	for i := 0; i < len(a.reached); i++ {
		node := a.reached[i]
		for _, parent := range a.parents.list(node) {
			a.reach(parent, a.steps[node]+1)
		}
	}
}

func (a *Approaches) reach(node, steps int32) {
	if a.steps[node] == None {
		a.steps[node] = steps
		a.reached = append(a.reached, node)
	}
}

// Steps returns how many steps a shortest way from node to the source has: 0 if the node
// itself gives it, None if there is no way. A node that is None has none.
func (a *Approaches) Steps(node int32) int32 {
	if node == None {
		return None
	}
	return a.steps[node]
}

// From returns the way from node to the source, both ends among its nodes: the one that
// Path finds; nil if there is none.
func (a *Approaches) From(node int32) []int32 {
	if a.Steps(node) == None {
		return nil
	}
	way := []int32{node}
	for a.steps[node] > 0 {
		inputs := a.g.Inputs(node)
		node = inputs[slices.IndexFunc(inputs, func(input int32) bool {
			return a.steps[input] == a.steps[node]-1
		})]
		way = append(way, node)
	}
	return way
}
