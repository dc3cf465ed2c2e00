package main

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"

	"granary/catalog"
	"granary/hashes"
)

// A kindCount counts the sources of a kind.
type kindCount struct {
	Kind                       string
	All, Held, Missing, Failed int
	Bytes                      int64 // of objects, each counted once
}

// Parts are for a bar.
func (k *kindCount) Parts() []barPart { return stateParts(k.Held, k.Missing, k.Failed) }

// kindCounts counts by kind, the most frequent first.
func (r *report) kindCounts() []kindCount {
	kinds := map[string]*kindCount{}
	objects := map[hashes.Hash]bool{}
	for i := range r.wanted {
		s := &r.wanted[i]
		if kinds[string(s.Kind)] == nil {
			kinds[string(s.Kind)] = &kindCount{Kind: plain(string(s.Kind))}
		}
		kinds[string(s.Kind)].add(s, objects)
	}
	all := make([]kindCount, 0, len(kinds))
	for _, k := range kinds {
		all = append(all, *k)
	}
	slices.SortFunc(all, func(a, b kindCount) int {
		return cmp.Or(b.All-a.All, strings.Compare(a.Kind, b.Kind))
	})
	return all
}

func (k *kindCount) add(s *catalog.Source, objects map[hashes.Hash]bool) {
	k.All++
	switch s.State {
	case catalog.Held:
		k.Held++
		if !objects[s.Object] {
			objects[s.Object] = true
			k.Bytes += s.Size
		}
	case catalog.Missing:
		k.Missing++
	case catalog.Failed:
		k.Failed++
	}
}

// A sizeClass counts held sources of a size from one power of four to the next.
type sizeClass struct {
	From, To int64 // bytes, To excluded
	Count    int
	Bytes    int64 // of objects, each counted once
	Width    float64
}

// sizeClasses counts held sources by size, the smallest first.
func (r *report) sizeClasses() []sizeClass {
	var all []sizeClass
	objects := map[hashes.Hash]bool{}
	most := 1
	for i := range r.wanted {
		s := &r.wanted[i]
		if s.State != catalog.Held {
			continue
		}
		class := sizeClassOf(s.Size)
		for len(all) <= class {
			all = append(all, newSizeClass(len(all)))
		}
		all[class].Count++
		if !objects[s.Object] {
			objects[s.Object] = true
			all[class].Bytes += s.Size
		}
		most = max(most, all[class].Count)
	}
	for i := range all {
		all[i].Width = 100 * float64(all[i].Count) / float64(most)
	}
	return all
}

// sizeClassOf puts all below 1 KiB into class 0, and below 4 KiB into class 1.
func sizeClassOf(size int64) int { return (bits.Len64(uint64(size)>>10) + 1) / 2 }

func newSizeClass(class int) sizeClass {
	if class == 0 {
		return sizeClass{To: 1 << 10}
	}
	return sizeClass{From: 1 << (10 + 2*class - 2), To: 1 << (10 + 2*class)}
}

// A largeSource is one of the largest that are held.
type largeSource struct {
	Name, Kind string
	Bytes      int64
	Width      float64
}

func (r *report) largest() []largeSource {
	const most = 20
	var held []*catalog.Source
	for i := range r.wanted {
		if r.wanted[i].State == catalog.Held {
			held = append(held, &r.wanted[i])
		}
	}
	slices.SortStableFunc(held, func(a, b *catalog.Source) int { return cmp.Compare(b.Size, a.Size) })
	var all []largeSource
	for _, s := range held[:min(most, len(held))] {
		all = append(all, largeSource{
			plain(s.Name), plain(string(s.Kind)), s.Size,
			100 * float64(s.Size) / float64(max(1, held[0].Size)),
		})
	}
	return all
}
