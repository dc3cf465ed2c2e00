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
	lone  table           // NARs that may be those of a single file
	trees [2]table        // NARs that may be those of a folder; [1]: with KeepRoot
	names map[string]bool // of files that are likely to be one
}

func newIndex(wanted []Wanted) *index {
	x := &index{all: wanted, names: map[string]bool{}}
	for i := range wanted {
		x.add(&wanted[i])
	}
	return x
}

func (x *index) add(w *Wanted) {
	x.names[w.Name] = true
	x.names[w.OutPath.Base()] = true
	if w.CA.Mode == hashes.Flat {
		x.flat.add(w)
		x.names[w.CA.Hash.Base16()] = true
	}
	if w.mayBeFile() {
		x.lone.add(w)
	}
	if w.mayBeTree() && w.KeepRoot {
		x.trees[1].add(w)
	} else if w.mayBeTree() {
		x.trees[0].add(w)
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

func (t *table) add(w *Wanted) {
	h := w.CA.Hash
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
	var found []*Wanted
	for _, t := range []*table{&x.lone, &x.trees[0], &x.trees[1]} {
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
	all := slices.Concat(x.lone.algos, x.trees[0].algos, x.trees[1].algos)
	slices.Sort(all)
	return slices.Compact(all)
}
