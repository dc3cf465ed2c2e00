package closure

import "fmt"

// None stands for no node, and for no source.
const None int32 = -1

// A Graph holds derivations, its nodes, and the sources that some of them give. Nodes
// and sources are numbered from 0. The zero Graph is empty.
type Graph struct {
	begin   []int32 // of each node's inputs; they end where the next node's begin
	inputs  []int32
	source  []int32 // that a node gives, or None
	sources int
}

// Add adds a node that needs inputs, which must be there, and gives a source, or None.
// It returns the node's number, which is one more than that of the node before.
func (g *Graph) Add(inputs []int32, source int32) int32 {
	node := int32(len(g.begin))
	for _, input := range inputs {
		if input < 0 || input >= node {
			panic(fmt.Sprintf("closure: node %d needs %d, which is not there", node, input))
		}
	}
	g.begin = append(g.begin, int32(len(g.inputs)))
	g.inputs = append(g.inputs, inputs...)
	g.source = append(g.source, source)
	g.sources = max(g.sources, int(source)+1)
	return node
}

// Len returns the number of nodes.
func (g *Graph) Len() int { return len(g.begin) }

// NumSources returns the number of sources: one more than the largest.
func (g *Graph) NumSources() int { return g.sources }

// Source returns the source that a node gives, or None.
func (g *Graph) Source(node int32) int32 { return g.source[node] }

// Inputs returns the nodes that a node needs. They are not to be changed.
func (g *Graph) Inputs(node int32) []int32 {
	if int(node)+1 == len(g.begin) {
		return g.inputs[g.begin[node]:]
	}
	return g.inputs[g.begin[node]:g.begin[node+1]]
}

// Without returns a graph that lacks the edges for which cut is true: those from a node
// to an input of it.
func (g *Graph) Without(cut func(node, input int32) bool) *Graph {
	left := &Graph{begin: make([]int32, 0, len(g.begin)), sources: g.sources}
	var kept []int32
	for node := range int32(g.Len()) {
		kept = kept[:0]
		for _, input := range g.Inputs(node) {
			if !cut(node, input) {
				kept = append(kept, input)
			}
		}
		left.Add(kept, g.source[node])
	}
	return left
}

// Reach returns the sources that are reached from the roots, each once, those met first
// depth first. Roots that are None reach nothing.
func (g *Graph) Reach(roots ...int32) []int32 { return g.walk(roots).sources }

// A walk is what is reached from some roots.
type walk struct {
	seen    []bool  // by node
	sources []int32 // in the order in which they were met
}

func (g *Graph) walk(roots []int32) walk {
	w := walk{seen: make([]bool, g.Len())}
	met := make([]bool, g.sources)
	var stack []int32
	for _, root := range roots {
		if root == None {
			continue
		}
		for stack = append(stack, root); len(stack) > 0; {
			node := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if w.seen[node] {
				continue
			}
			w.seen[node] = true
			if source := g.source[node]; source != None && !met[source] {
				met[source] = true
				w.sources = append(w.sources, source)
			}
			stack = append(stack, g.Inputs(node)...)
		}
	}
	return w
}

// Path returns a shortest way from root to a node that gives source, both among its
// nodes, or nil if there is none. Of several it is the one by the first inputs.
func (g *Graph) Path(root, source int32) []int32 {
	if root == None {
		return nil
	}
	from := make([]int32, g.Len())
	for i := range from {
		from[i] = None
	}
	from[root] = root
	for queue := []int32{root}; len(queue) > 0; queue = queue[1:] {
		node := queue[0]
		if g.source[node] == source {
			return wayTo(node, from)
		}
		for _, input := range g.Inputs(node) {
			if from[input] == None {
				from[input] = node
				queue = append(queue, input)
			}
		}
	}
	return nil
}

// wayTo goes back from node to the root, which comes from itself.
func wayTo(node int32, from []int32) []int32 {
	if from[node] == node {
		return []int32{node}
	}
	return append(wayTo(from[node], from), node)
}
