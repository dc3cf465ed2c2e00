package intake

import (
	"slices"

	"granary"
	"granary/hashes"
)

// An index finds wanted sources by the hash that is promised.
type index struct {
	all   []Wanted
	flat  table
	from  table            // by the hash of the file that the tree is made of
	lone  table            // NARs that may be those of a single file
	trees map[shape]*table // NARs that may be those of a folder
	names map[string]bool  // of files that are likely to be one
}

// A shape says how an archive becomes a tree.
type shape struct {
	keepRoot bool
	strip    int
	omit     string
}

func shapeOf(s *granary.Source) shape { return shape{s.KeepRoot, s.Strip, s.Omit} }

func newIndex(wanted []Wanted) *index {
	x := &index{all: wanted, trees: map[shape]*table{}, names: map[string]bool{}}
	for i := range wanted {
		x.add(&wanted[i])
	}
	return x
}

func (x *index) add(w *Wanted) {
	x.names[w.Name] = true
	x.names[w.OutPath.Base()] = true
	h := w.CA.Hash
	if w.CA.Mode == hashes.Flat || w.CA.Mode == hashes.Text {
		x.flat.add(h, w)
		x.names[h.Base16()] = true
	}
	if w.mayBeFile() {
		x.lone.add(h, w)
	}
	if w.mayBeTree() {
		t := x.trees[shapeOf(&w.Source)]
		if t == nil {
			t = new(table)
			x.trees[shapeOf(&w.Source)] = t
		}
		t.add(h, w)
	}
	if w.Recipe == granary.RecipeUnpack && !w.FromHash.IsZero() {
		x.from.add(w.FromHash, w)
	}
}

// mayBeFile and mayBeTree leave out what a source in mode recursive cannot be.
func (w *Wanted) mayBeFile() bool {
	return w.CA.Mode == hashes.Recursive &&
		w.Recipe != granary.RecipeUnpack && w.Recipe != granary.RecipeCheckout
}

func (w *Wanted) mayBeTree() bool {
	return w.CA.Mode == hashes.Recursive && w.Recipe != granary.RecipeExecutable
}

// A table has the sources of each hash.
type table struct {
	sources map[hashes.Hash][]*Wanted
	algos   []hashes.Algorithm // of the hashes
}

func (t *table) add(h hashes.Hash, w *Wanted) {
	if t.sources == nil {
		t.sources = map[hashes.Hash][]*Wanted{}
	}
	t.sources[h] = append(t.sources[h], w)
	if !slices.Contains(t.algos, h.Algorithm()) {
		t.algos = append(t.algos, h.Algorithm())
	}
}

// find returns the sources that have one of the hashes.
func (t *table) find(sums []hashes.Hash) (found []*Wanted) {
	for _, h := range sums {
		found = append(found, t.sources[h]...)
	}
	return found
}

// nars returns the sources that have one of the hashes of a NAR.
func (x *index) nars(sums []hashes.Hash) []*Wanted {
	found := x.lone.find(sums)
	for _, t := range x.trees {
		for _, w := range t.find(sums) {
			if !slices.Contains(found, w) {
				found = append(found, w)
			}
		}
	}
	return found
}

// narAlgorithms returns those of the NARs that are wanted.
func (x *index) narAlgorithms() []hashes.Algorithm {
	all := slices.Clone(x.lone.algos)
	for _, t := range x.trees {
		all = append(all, t.algos...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// fileAlgorithms returns those of the files that are wanted.
func (x *index) fileAlgorithms() []hashes.Algorithm {
	all := slices.Concat(x.flat.algos, x.from.algos)
	slices.Sort(all)
	return slices.Compact(all)
}
