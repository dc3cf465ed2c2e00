package main

import (
	"context"
	"slices"
	"strings"

	"granary"
	"granary/catalog"
	"granary/closure"
	"granary/eval"
	"granary/hashes"
)

// A validWalk finds out where Nix would stop, since what is wanted is valid already. Nix
// builds a derivation if an output that is wanted of it is not valid: of an input those
// that its user names, of an attribute its default output. The rules are those of
// Store::queryMissing in Nix's src/libstore/misc.cc.
//
//  1. The attributes' derivations are wanted.
//  2. Their outputs that are wanted, and were not asked for, are asked for together.
//  3. Where all that is wanted of a derivation is valid, its user's edge to it is cut, or,
//     if it gives a source, that is there.
//  4. The inputs of the others, which would be built, are wanted next; for each only once.
type validWalk struct {
	catalog *catalog.Catalog
	q       *inquiry
	full    bool
	valid   *validity

	nodes   map[int32]*wantedNode
	cut     map[edge]bool
	present map[int32]bool // nodes of sources that are valid
	lost    int            // derivations that are built, and whose text is not kept
}

// An edge leads from a node to an input of it; from closure.None to an attribute's root.
type edge struct{ user, node int32 }

// A demand is an edge, and the names of the outputs that are wanted over it; none: all.
type demand struct {
	edge
	outputs []string
}

// A wantedNode is a derivation, as far as it matters here.
type wantedNode struct {
	path          hashes.StorePath
	outputs       []granary.Output
	standard      []string // the default output; nil: not known
	inputs        []granary.Input
	kept          bool // or its text, and what it wants of inputs, is not known
	substitutable bool
	built         bool // as far as is known now
}

// subtract leaves out of q what need not be built, since outputs are valid elsewhere.
func (a *app) subtract(ctx context.Context, q *inquiry, flags *validFlags, full bool) error {
	v, err := a.openValidity(ctx, flags)
	if err != nil {
		return err
	}
	defer v.close()
	w := &validWalk{
		catalog: a.catalog, q: q, full: full, valid: v, nodes: map[int32]*wantedNode{},
		cut: map[edge]bool{}, present: map[int32]bool{},
	}
	if err := w.walk(ctx); err != nil {
		return err
	}
	if w.lost > 0 {
		a.notef("warning: of %s the catalog does not know which outputs are wanted, "+
			"since an older granary recorded them: all are taken to be; granary eval records them anew",
			count(w.lost, "derivation"))
	}
	w.apply()
	return nil
}

func (w *validWalk) walk(ctx context.Context) error {
	level, err := w.roots(ctx)
	for len(level) > 0 && err == nil {
		if err = w.ask(ctx, level); err == nil {
			level, err = w.next(ctx, level)
		}
	}
	return err
}

// roots returns the demands of the attributes.
func (w *validWalk) roots(ctx context.Context) (level []demand, err error) {
	roots := slices.Clone(w.q.graph.Roots)
	slices.Sort(roots)
	roots = slices.DeleteFunc(slices.Compact(roots), func(r int32) bool { return r == closure.None })
	if err := w.read(ctx, roots); err != nil {
		return nil, err
	}
	for _, root := range roots {
		level = append(level, demand{edge{closure.None, root}, w.nodes[root].standard})
	}
	return level, nil
}

// read reads those of nodes that were not read yet.
func (w *validWalk) read(ctx context.Context, nodes []int32) error {
	var rows []int64
	byRow := map[int64]int32{}
	for _, node := range nodes {
		row := w.q.graph.Derivations[node]
		if w.nodes[node] == nil && row == 0 {
			w.nodes[node] = w.download(node)
		} else if _, ok := byRow[row]; w.nodes[node] == nil && !ok {
			rows = append(rows, row)
			byRow[row] = node
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return w.catalog.Derivations(ctx, rows, func(row int64, d *granary.Derivation) error {
		n, err := newWantedNode(d)
		w.nodes[byRow[row]] = n
		return err
	})
}

// download returns the node of what evaluation stops at, and downloads itself: Nix looks
// for it in the store alone.
func (w *validWalk) download(node int32) *wantedNode {
	i := slices.Index(w.q.graph.Roots, node)
	path := string(w.q.attributes[i].Fetch.OutPath)
	return &wantedNode{outputs: []granary.Output{{Name: "out", Path: path}}, kept: true}
}

func newWantedNode(d *granary.Derivation) (*wantedNode, error) {
	n := &wantedNode{path: d.Path, outputs: d.Outputs, substitutable: true}
	if d.Text == "" {
		return n, nil
	}
	parsed, err := eval.ParseDerivation(d.Path, d.Text)
	if err != nil {
		return n, err
	}
	n.kept, n.substitutable = true, eval.Substitutable(parsed)
	n.standard = []string{strings.Clone(eval.DefaultOutput(parsed))}
	for _, in := range parsed.Inputs {
		n.inputs = append(n.inputs, cloneInput(in))
	}
	return n, nil
}

// cloneInput returns a copy that shares no memory with a derivation's text, but for what
// eval.ParseDerivation shares itself.
func cloneInput(in granary.Input) granary.Input {
	in.Path = hashes.StorePath(strings.Clone(string(in.Path)))
	if !slices.Equal(in.Outputs, []string{"out"}) {
		in.Outputs = slices.Clone(in.Outputs)
		for i, name := range in.Outputs {
			in.Outputs[i] = strings.Clone(name)
		}
	}
	return in
}

// wanted calls each for the paths that d wants.
func (w *validWalk) wanted(d *demand, each func(n *wantedNode, path hashes.StorePath)) {
	n := w.nodes[d.node]
	for i := range n.outputs {
		if len(d.outputs) == 0 || slices.Contains(d.outputs, n.outputs[i].Name) {
			each(n, hashes.StorePath(n.outputs[i].Path))
		}
	}
}

// ask asks for all that is wanted. A path that is "" is known after the build alone.
func (w *validWalk) ask(ctx context.Context, level []demand) error {
	var all, substitutable []hashes.StorePath
	for i := range level {
		w.wanted(&level[i], func(n *wantedNode, path hashes.StorePath) {
			if path == "" {
				return
			}
			all = append(all, path)
			if n.substitutable {
				substitutable = append(substitutable, path)
			}
		})
	}
	if err := w.valid.askStores(ctx, all); err != nil {
		return err
	}
	return w.valid.askCaches(ctx, substitutable)
}

// next cuts the edges over which nothing is wanted that is not valid, and returns the
// demands of the nodes that are to be built after all.
func (w *validWalk) next(ctx context.Context, level []demand) ([]demand, error) {
	var built, inputs []int32
	for i := range level {
		d := &level[i]
		source := w.q.graph.Source(d.node) != closure.None
		switch n := w.nodes[d.node]; {
		case w.satisfied(d) && source:
			w.present[d.node] = true
		case w.satisfied(d):
			w.cut[d.edge] = true
		case !n.built && (w.full || !source):
			n.built = true
			if !n.kept {
				w.lost++
			}
			built = append(built, d.node)
			inputs = append(inputs, w.q.graph.Inputs(d.node)...)
		}
	}
	if err := w.read(ctx, inputs); err != nil {
		return nil, err
	}
	level = level[:0]
	for _, node := range built {
		level = w.demands(level, node)
	}
	return level, nil
}

// satisfied tells whether all that d wants is valid.
func (w *validWalk) satisfied(d *demand) bool {
	paths, valid := 0, 0
	w.wanted(d, func(n *wantedNode, path hashes.StorePath) {
		paths++
		if w.valid.has(path, n.substitutable) {
			valid++
		}
	})
	return paths == valid && paths > 0 && paths >= len(d.outputs)
}

// demands appends what a node wants of its inputs, which were read.
func (w *validWalk) demands(level []demand, node int32) []demand {
	n := w.nodes[node]
	for _, input := range w.q.graph.Inputs(node) {
		i := slices.IndexFunc(n.inputs, func(in granary.Input) bool {
			return in.Path == w.nodes[input].path
		})
		d := demand{edge: edge{node, input}}
		if i >= 0 {
			d.outputs = n.inputs[i].Outputs
		}
		level = append(level, d)
	}
	n.inputs = nil // they are not asked for again
	return level
}

// apply takes what was found into the inquiry.
func (w *validWalk) apply() {
	g := w.q.graph
	for i, root := range g.Roots {
		if w.cut[edge{closure.None, root}] {
			g.Roots[i] = closure.None
		}
	}
	for node := range w.present {
		w.q.sources[g.Source(node)].Missing = false
	}
	g.Graph = *g.Without(func(node, input int32) bool {
		return w.present[node] || w.cut[edge{node, input}]
	})
}
