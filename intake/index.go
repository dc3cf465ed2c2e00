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
	nars  table            // all that are promised as NARs
	lone  table            // those that may be the NAR of a single file
	trees map[shape]*table // the same, by what makes them out of an archive
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
	if w.isTree() {
		t := x.trees[shapeOf(&w.Source)]
		if t == nil {
			t = new(table)
			x.trees[shapeOf(&w.Source)] = t
		}
		t.add(h, w)
		x.nars.add(h, w)
	}
	if w.mayBeFile() {
		x.lone.add(h, w)
	}
	if w.Recipe == granary.RecipeUnpack && !w.FromHash.IsZero() {
		x.from.add(w.FromHash, w)
	}
}

// isTree tells whether the promised hash is that of a NAR. Whatever recipe is
// known may be a guess, and what is at hand may be something else.
func (w *Wanted) isTree() bool { return w.CA.Mode == hashes.Recursive }

// mayBeFile leaves out what is a folder for certain, for the sake of speed: each
// algorithm of the others is two more hashes of every file.
func (w *Wanted) mayBeFile() bool {
	return w.isTree() && w.Recipe != granary.RecipeUnpack && w.Recipe != granary.RecipeCheckout
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

// fileAlgorithms returns those of the files that are wanted.
func (x *index) fileAlgorithms() []hashes.Algorithm {
	all := slices.Concat(x.flat.algos, x.from.algos)
	slices.Sort(all)
	return slices.Compact(all)
}
