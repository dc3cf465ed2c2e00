package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"math/bits"
	"slices"

	"granary/hashes"
)

// Needs says which sources attributes need.
type Needs struct {
	Counts []int         // how many sources each of the attributes needs, in their order
	Users  map[int64]int // how many of the attributes need a source, by Source.ID
}

// Needs returns which sources attrs need to be built. An attribute needs every
// source that is reached from its derivation without looking behind a fixed-output
// derivation; one that did not evaluate needs what its evaluation stopped at: the
// sources of the derivation that would have to be built, or the download. All
// 17,800 attributes of a tree with 46,000 derivations take 0.15 s.
//
//  1. The graph of all derivations is read. Rows are in the order in which they
//     were recorded: inputs have smaller numbers than what needs them.
//  2. From the roots down, what is reached is marked, as far as fixed outputs, whose
//     sources are numbered.
//  3. For a block of sources at a time, each derivation that is reached gets a set
//     of bits, in the order of the rows: the union of those of its inputs.
//  4. The bits of each root are counted, by attribute and by source.
func (c *Catalog) Needs(ctx context.Context, attrs []Attribute) (*Needs, error) {
	g, err := c.readNeeds(ctx, attrs)
	if err != nil {
		return nil, err
	}
	g.reach()
	n := &Needs{make([]int, len(attrs)), make(map[int64]int, len(g.sources))}
	users := make([]int, len(g.sources))
	sets := make([]needSet, len(g.reached))
	for first := 0; first < len(g.sources); first += needBits {
		g.unite(sets, first)
		g.count(sets, n.Counts, users[first:])
	}
	for i, source := range g.sources {
		n.Users[source] = users[i]
	}
	return n, ctx.Err()
}

// needBits is how many sources a block has: the sets of a whole channel's
// derivations then stay in the processor's cache.
const needBits = 2048

type needSet [needBits / 64]uint64

// A needNode is a derivation, or a download that evaluation stopped at.
type needNode struct {
	inputs []int32 // nodes; of a fixed output they are left out
	source int64   // of a fixed output, else 0
	place  int32   // in needGraph.reached, or of its source in needGraph.sources; -1: neither
}

type needGraph struct {
	nodes   []needNode // derivations by their rows, then downloads
	roots   []int32    // by attribute: a node, 0 for none
	reached []int32    // nodes that are no fixed outputs, in rising order
	sources []int64    // those that are reached
}

// readNeeds reads all derivations, and where attrs begin.
func (c *Catalog) readNeeds(ctx context.Context, attrs []Attribute) (*needGraph, error) {
	g := &needGraph{nodes: make([]needNode, 1), roots: make([]int32, len(attrs))}
	byPath := map[hashes.StorePath][]int32{} // attributes, by what they begin with
	for i := range attrs {
		if root := attrs[i].root(); root != "" {
			byPath[root] = append(byPath[root], int32(i))
		}
	}
	err := c.query(ctx, func(rows *sql.Rows) error { return g.addRow(rows, byPath) },
		`SELECT id, path, coalesce(source_id, 0), inputs FROM derivation ORDER BY id`)
	if err != nil {
		return nil, err
	}
	for i := range attrs {
		if path := attrs[i].Fetch.OutPath; path != "" && g.roots[i] == 0 {
			s, ok, err := c.Source(ctx, path)
			if err != nil {
				return nil, err
			}
			if ok {
				g.roots[i] = int32(len(g.nodes))
				g.nodes = append(g.nodes, needNode{source: s.ID, place: -1})
			}
		}
	}
	return g, nil
}

// root returns the derivation that a's needs begin with, or "".
func (a *Attribute) root() hashes.StorePath {
	if a.DrvPath != "" {
		return a.DrvPath
	}
	return a.Needs
}

func (g *needGraph) addRow(rows *sql.Rows, byPath map[hashes.StorePath][]int32) error {
	var id int64
	var path string
	var inputs sql.RawBytes
	node := needNode{place: -1}
	if err := rows.Scan(&id, &path, &node.source, &inputs); err != nil {
		return err
	}
	if node.source == 0 {
		ids, err := decodeSet(nil, inputs)
		if err != nil {
			return err
		}
		for _, input := range ids {
			if input >= id {
				return fmt.Errorf("derivation %s: its input in row %d came later", path, input)
			}
			node.inputs = append(node.inputs, int32(input))
		}
	}
	for int64(len(g.nodes)) < id { // rows that are not there any more
		g.nodes = append(g.nodes, needNode{place: -1})
	}
	g.nodes = append(g.nodes, node)
	for _, i := range byPath[storePath(path)] {
		g.roots[i] = int32(id)
	}
	return nil
}

// reach finds what the roots need, and gives it its place.
func (g *needGraph) reach() {
	bySource := map[int64]int32{}
	stack := slices.Clone(g.roots)
	for len(stack) > 0 {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		node := &g.nodes[id]
		switch {
		case id == 0 || node.place >= 0:
		case node.source == 0:
			node.place = 0
			g.reached = append(g.reached, id)
			stack = append(stack, node.inputs...)
		default: // several derivations may give one source
			place, ok := bySource[node.source]
			if !ok {
				place = int32(len(g.sources))
				bySource[node.source] = place
				g.sources = append(g.sources, node.source)
			}
			node.place = place
		}
	}
	slices.Sort(g.reached)
	for i, id := range g.reached {
		g.nodes[id].place = int32(i)
	}
}

// unite fills sets, which are parallel to g.reached, for the block of sources that
// begins with first.
func (g *needGraph) unite(sets []needSet, first int) {
	clear(sets)
	for i, id := range g.reached {
		for _, input := range g.nodes[id].inputs {
			g.add(&sets[i], &g.nodes[input], sets, first)
		}
	}
}

// add adds to set what node gives or needs.
func (g *needGraph) add(set *needSet, node *needNode, sets []needSet, first int) {
	if node.source == 0 {
		for i, word := range &sets[node.place] {
			set[i] |= word
		}
	} else if bit := int(node.place) - first; bit >= 0 && bit < needBits {
		set[bit/64] |= 1 << (bit % 64)
	}
}

// count adds the sources of a block to those of each attribute, and each attribute
// to users, which begin with the block's first source.
func (g *needGraph) count(sets []needSet, counts, users []int) {
	first := len(g.sources) - len(users)
	for i, id := range g.roots {
		if id == 0 {
			continue
		}
		var set needSet
		g.add(&set, &g.nodes[id], sets, first)
		for at, word := range &set {
			counts[i] += bits.OnesCount64(word)
			for ; word != 0; word &= word - 1 {
				users[64*at+bits.TrailingZeros64(word)]++
			}
		}
	}
}
