package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

// A synthetic package set is made of layers that real ones have, too:
//
//  1. The core: a chain of bootstrap stages, on which everything else stands.
//  2. Base libraries, each of which needs earlier ones. The first are the most popular.
//  3. Packages of families, such as those of one language. Each needs some earlier ones
//     of its family and some base libraries, again the first most often.
//
// The numbers that stand below were chosen so that a set of the real one's size has the
// real one's shape: an attribute needs 169 sources on average, the real one's 185. In a
// larger set the number of packages grows with its size, that of base libraries slowly:
// one of ten times the size has 1.6 times as many, and an attribute needs some 210 sources
// on average.
type synthetic struct {
	random   *rand.Rand
	scale    float64 // 1: the size of nixpkgs of May 2018
	packages []syntheticPackage
	sources  int
	families [][]int32 // packages, in their order
}

// A syntheticPackage is a derivation that builds something.
type syntheticPackage struct {
	inputs  []int32 // packages
	sources []int32
	family  int32
}

// Of a set of scale 1: what nixpkgs of May 2018 has.
const (
	realPackages   = 21_066 // derivations that do not give a source
	realSources    = 24_311 // in closures
	realCalls      = 4_569  // in none
	realDerivers   = 25_208 // derivations that give a source
	realAttributes = 18_439
	realErrors     = 614 // attributes without a derivation
	realRoots      = 15_985
)

// What the layers are made of.
const (
	coreStages  = 28
	stageWidth  = 3
	coreSources = 58
	baseAtOne   = 1000 // base libraries of a set of scale 1
	familyCount = 60
)

// core is how many packages the core has; the last is the stdenv.
const core = coreStages * stageWidth

func newSynthetic(scale float64) *synthetic {
	s := &synthetic{
		random: rand.New(rand.NewPCG(2018, 5)), scale: scale, families: make([][]int32, familyCount),
	}
	s.addCore()
	base := int(baseAtOne * math.Pow(scale, 0.2))
	for range base {
		s.addBase()
	}
	for last := int(realPackages * scale); len(s.packages) < last; {
		s.addPackage(int32(core + base))
	}
	s.addCollections()
	return s
}

// addCollections gives the sources that are lacking to the last packages, a thousand each.
func (s *synthetic) addCollections() {
	const each = 1000
	for p := len(s.packages) - 1; s.sources < int(realSources*s.scale); p-- {
		more := s.newSources(min(each, int(realSources*s.scale)-s.sources))
		s.packages[p].sources = slices.Concat(s.packages[p].sources, more)
	}
}

// addCore adds stages each of which needs the one before.
func (s *synthetic) addCore() {
	for i := range int32(core) {
		p := syntheticPackage{family: -1}
		if stage := i / stageWidth; stage > 0 {
			for before := range int32(stageWidth) {
				p.inputs = append(p.inputs, (stage-1)*stageWidth+before)
			}
		}
		if i < coreSources {
			p.sources = s.newSources(1)
		}
		s.packages = append(s.packages, p)
	}
	last := &s.packages[core-1]
	last.inputs = append(last.inputs, core-2, core-3)
}

// addBase adds a base library.
func (s *synthetic) addBase() {
	p := syntheticPackage{family: -1, inputs: s.standard()}
	n := int32(len(s.packages)) - core
	for range s.geometric(4.2) {
		p.inputs = append(p.inputs, core+s.early(n, 30))
	}
	p.sources = s.newSources(1)
	s.append(p)
}

// standard are the inputs that everything has: stdenv and bash.
func (s *synthetic) standard() []int32 { return []int32{core - 1, core - 2} }

// addPackage adds a package of a family; base libraries end before the one named.
func (s *synthetic) addPackage(baseEnd int32) {
	family := s.early(familyCount, 4)
	p := syntheticPackage{family: family, inputs: s.standard()}
	members := s.families[family]
	libraries, siblings := 3.2, 1.8
	switch s.random.IntN(10) {
	case 0: // a script, a font
		libraries, siblings = 0, 0
	case 1: // a desktop program
		libraries, siblings = 14, 3
	}
	for range s.geometric(libraries) {
		p.inputs = append(p.inputs, core+s.early(baseEnd-core, 20))
	}
	if len(members) > 0 {
		for range s.geometric(siblings) {
			p.inputs = append(p.inputs, members[s.early(int32(len(members)), 3)])
		}
	}
	p.sources = s.ownSources(members)
	s.families[family] = append(members, int32(len(s.packages)))
	s.append(p)
}

func (s *synthetic) append(p syntheticPackage) {
	slices.Sort(p.inputs)
	p.inputs = slices.Compact(p.inputs)
	s.packages = append(s.packages, p)
}

// ownSources are those of a package: mostly one, sometimes that of another of its family.
func (s *synthetic) ownSources(family []int32) []int32 {
	switch n := s.random.IntN(2000); {
	case n < 160: // a wrapper, a hook
		return nil
	case n < 760 && len(family) > 0: // a variant
		return s.packages[family[s.random.IntN(len(family))]].sources
	case n < 860: // patches
		return s.newSources(2 + s.geometric(3))
	}
	return s.newSources(1)
}

func (s *synthetic) newSources(n int) []int32 {
	all := make([]int32, 0, n)
	for range n {
		all = append(all, int32(s.sources))
		s.sources++
	}
	return all
}

// early returns a number below n: number i about as often as 1/(i+shift).
func (s *synthetic) early(n int32, shift float64) int32 {
	i := shift * (math.Pow((float64(n)+shift)/shift, s.random.Float64()) - 1)
	return min(int32(i), n-1)
}

// geometric returns a number of that mean.
func (s *synthetic) geometric(mean float64) int {
	if mean == 0 {
		return 0
	}
	return int(math.Log(1-s.random.Float64()) / math.Log(mean/(1+mean)))
}
