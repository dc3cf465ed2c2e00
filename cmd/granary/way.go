package main

import (
	"context"
	"strings"

	"granary/catalog"
	"granary/hashes"
)

// A way leads from an attribute to a source that it needs.
type way struct {
	// The attribute's path, the names of derivations without digest and ".drv", the
	// source's name.
	names    []string
	drvPaths []hashes.StorePath // of all derivations on it, the attribute's first
}

// A wayfinder names what is on ways.
type wayfinder struct {
	graph *catalog.Graph
	paths map[int64]hashes.StorePath // of derivations, by row
}

// newWayfinder reads the names of the nodes on ways.
func (a *app) newWayfinder(
	ctx context.Context, g *catalog.Graph, ways [][]int32,
) (*wayfinder, error) {
	seen := map[int32]bool{}
	var rows []int64
	for _, nodes := range ways {
		for _, node := range nodes {
			if !seen[node] && g.Derivations[node] != 0 {
				seen[node] = true
				rows = append(rows, g.Derivations[node])
			}
		}
	}
	paths, err := a.catalog.DerivationPaths(ctx, rows)
	return &wayfinder{g, paths}, err
}

// way names the way from an attribute to a source.
func (f *wayfinder) way(at *catalog.Attribute, nodes []int32, source string) *way {
	w := &way{names: []string{at.Path}}
	for i, node := range nodes {
		path := f.paths[f.graph.Derivations[node]]
		if path == "" {
			continue // a download that evaluation stopped at
		}
		w.drvPaths = append(w.drvPaths, path)
		// The attribute stands for its derivation, the source for the one that gives it.
		// One that did not evaluate stands for none.
		if (i > 0 || at.Kind != "") && i < len(nodes)-1 {
			w.names = append(w.names, strings.TrimSuffix(path.Name(), ".drv"))
		}
	}
	w.names = append(w.names, source)
	return w
}

// names returns the names on the way; none of a wayfinder that is nil.
func (f *wayfinder) names(at *catalog.Attribute, nodes []int32, source string) []string {
	if f == nil {
		return nil
	}
	return f.way(at, nodes, source).names
}

// findWays finds a shortest way to each of some missing sources, from the attribute that
// is nearest to it.
func (a *app) findWays(ctx context.Context, r *ranking, lacks []lack) error {
	paths := r.graph.Paths(r.graph.Roots...)
	ways := make([][]int32, len(lacks))
	for i := range lacks {
		ways[i] = paths.To(lacks[i].number)
	}
	f, err := a.newWayfinder(ctx, r.graph, ways)
	if err != nil {
		return err
	}
	first := r.firstAt()
	for i, nodes := range ways {
		lacks[i].way = f.way(first[nodes[0]], nodes, lacks[i].Name)
	}
	return nil
}

// firstAt returns the first attribute at each root.
func (q *inquiry) firstAt() map[int32]*catalog.Attribute {
	first := map[int32]*catalog.Attribute{}
	for i, root := range q.graph.Roots {
		if first[root] == nil {
			first[root] = &q.attributes[i]
		}
	}
	return first
}
