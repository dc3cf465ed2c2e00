package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"granary"
	"granary/eval"
	"granary/hashes"
)

// A modelMaker makes up a model.
type modelMaker struct {
	*rand.Rand
	m           *model
	derivations []*modelDerivation // inputs come before what needs them
}

// A modelSize says about how much a model has.
type modelSize struct{ sources, derivations, attributes int }

// randomModel makes up a disk in dir, the same for the same seed.
func randomModel(dir string, seed uint64, size modelSize) *model {
	r := &modelMaker{
		Rand: rand.New(rand.NewPCG(seed, 5)),
		m:    &model{dir: dir, objects: map[hashes.Hash]bool{}},
	}
	for range r.about(size.sources) {
		r.addSource()
	}
	for n := r.about(size.derivations); len(r.derivations) < n; {
		if 3*len(r.derivations) < n {
			r.addDerivation(70)
		} else {
			r.addDerivation(15)
		}
	}
	for range 1 + r.IntN(3) {
		r.addSnapshot(size.attributes)
	}
	r.becomeOfSources()
	return r.m
}

// chance is true in so many of a hundred cases.
func (r *modelMaker) chance(percent int) bool { return r.IntN(100) < percent }

// about returns a number from n/4 to n.
func (r *modelMaker) about(n int) int { return n/4 + r.IntN(n-n/4) + 1 }

func pick[T any](r *modelMaker, all []T) T { return all[r.IntN(len(all))] }

// addSource adds a source, now and then with the bytes of another one.
func (r *modelMaker) addSource() {
	n := len(r.m.sources)
	forms := []string{"lib-%d.tar.gz", "tool-1.%d.zip", "font+%d", "%d.patch"}
	name := fmt.Sprintf(pick(r, forms), n/2)
	ca := hashes.ContentAddress{
		Mode: hashes.Flat, Hash: hashes.Sum(hashes.SHA256, fmt.Append(nil, n)),
	}
	if n > 0 && r.chance(10) {
		ca.Hash = pick(r, r.m.sources).CA.Hash
	}
	if r.chance(30) {
		ca.Mode = hashes.Recursive
	}
	plain, err := granary.NewSource(name, ca)
	if err != nil {
		panic(err)
	}
	same := func(s *modelSource) bool { return s.OutPath == plain.OutPath }
	if slices.ContainsFunc(r.m.sources, same) {
		return
	}
	plain.Kind = pick(r, []granary.Kind{
		granary.KindFetchurl, granary.KindFetchurl, granary.KindFetchzip, granary.KindRequireFile,
	})
	plain.Recipe = pick(r, []granary.Recipe{granary.RecipeFlat, granary.RecipeNAR, ""})
	for i := range r.IntN(3) {
		plain.URLs = append(plain.URLs, fmt.Sprintf("http://Host%d.test/%d/%s", r.IntN(3), i, name))
	}
	r.m.sources = append(r.m.sources, &modelSource{Source: plain})
}

// addDerivation adds one that needs some of those before it, and gives a source in so
// many of a hundred cases.
func (r *modelMaker) addDerivation(fixed int) {
	n := len(r.derivations)
	d := &modelDerivation{}
	name := fmt.Sprintf("drv-%d", n)
	if r.chance(fixed) {
		d.source = pick(r, r.m.sources)
		name = d.source.Name
	}
	if n > 0 && (d.source == nil || r.chance(50)) {
		for range 1 + r.IntN(4) {
			at := r.IntN(n)
			if r.chance(50) {
				at = max(0, n-1-r.IntN(12))
			}
			if !slices.Contains(d.inputs, r.derivations[at]) {
				d.inputs = append(d.inputs, r.derivations[at])
			}
		}
	}
	d.Derivation = r.derivation(d, name, n)
	r.derivations = append(r.derivations, d)
}

func (r *modelMaker) derivation(d *modelDerivation, name string, n int) *granary.Derivation {
	plain := &granary.Derivation{
		Path: inventedPath(name+".drv", n), System: "x86_64-linux", Text: fmt.Sprint("text ", n),
		Outputs: []granary.Output{{Name: "out", Path: string(inventedPath(name, n))}},
	}
	if d.source != nil {
		plain.Source = &d.source.Source
		plain.Outputs[0].Path = string(d.source.OutPath)
	}
	for _, input := range d.inputs {
		plain.Inputs = append(plain.Inputs,
			granary.Input{Path: input.Path, Outputs: []string{"out"}})
	}
	slices.SortFunc(plain.Inputs, func(a, b granary.Input) int {
		return cmp.Compare(a.Path, b.Path)
	})
	return plain
}

// inventedPath returns a store path, a different one for each n.
func inventedPath(name string, n int) hashes.StorePath {
	digest := hashes.Sum(hashes.SHA256, fmt.Append(nil, name, n)).NixBase32()[:32]
	return hashes.StorePath(string(hashes.DefaultStoreDir) + "/" + digest + "-" + name)
}

func (r *modelMaker) addSnapshot(attributes int) {
	s := &modelSnapshot{
		name:   fmt.Sprintf("snapshot-%d", len(r.m.snapshots)),
		system: pick(r, []string{"x86_64-linux", "aarch64-linux"}),
	}
	if len(r.m.snapshots) > 0 {
		r.copyAttributes(s, r.m.snapshots[len(r.m.snapshots)-1])
	}
	for range r.about(attributes) {
		if a := r.attribute(s); !s.has(a.Path) {
			s.attributes = append(s.attributes, a)
		}
	}
	slices.SortFunc(s.attributes, func(a, b *modelAttribute) int {
		return cmp.Compare(a.Path, b.Path)
	})
	for range r.IntN(3) {
		s.calls = append(s.calls, pick(r, r.m.sources))
	}
	for range r.IntN(2) {
		s.fetches = append(s.fetches, pick(r, r.m.sources))
	}
	r.m.snapshots = append(r.m.snapshots, s)
}

// copyAttributes takes over some of what an earlier snapshot has, as it is or changed.
func (r *modelMaker) copyAttributes(s, from *modelSnapshot) {
	for _, old := range from.attributes {
		if r.chance(30) {
			continue
		}
		a := *old
		if r.chance(30) {
			a = *r.attribute(s)
			a.Path = old.Path
		}
		a.snapshot = s
		if a.fetch != nil {
			s.fetches = append(s.fetches, a.fetch)
		}
		s.attributes = append(s.attributes, &a)
	}
}

func (s *modelSnapshot) has(path string) bool {
	return slices.ContainsFunc(s.attributes, func(a *modelAttribute) bool {
		return a.Path == path
	})
}

func (r *modelMaker) attribute(s *modelSnapshot) *modelAttribute {
	a := &modelAttribute{snapshot: s}
	a.Path = r.attrPath()
	switch at := r.IntN(10); {
	case at < 7:
		a.root = r.root()
		a.DrvPath, a.Name = a.root.Path, a.root.Derivation.Name()
	case at == 7:
		a.Error, a.Kind = "cannot build during evaluation", granary.ErrorIFD
		if a.root = r.root(); r.chance(70) {
			a.Needs = a.root.Path
		} else {
			a.root = nil
		}
	case at == 8:
		a.Error, a.Kind = "cannot fetch during evaluation", granary.ErrorCrash
		a.fetch = pick(r, r.m.sources)
		a.Fetch = granary.Fetch{Kind: granary.KindEvalFetchurl, URL: "http://host0.test/eval",
			OutPath: a.fetch.OutPath}
		s.fetches = append(s.fetches, a.fetch)
	default:
		a.Error, a.Kind = "refusing to evaluate\nat all", granary.ErrorThrow
	}
	return a
}

// root returns a derivation, mostly one that needs others.
func (r *modelMaker) root() *modelDerivation {
	if r.chance(15) {
		return pick(r, r.derivations)
	}
	return pick(r, r.derivations[len(r.derivations)/2:])
}

func (r *modelMaker) attrPath() string {
	name := fmt.Sprintf("%c%d", 'a'+r.IntN(3), r.IntN(40))
	switch r.IntN(6) {
	case 0:
		return eval.AttrPath{"python3Packages", name}.String()
	case 1:
		return eval.AttrPath{"sets", "deep er", name}.String()
	case 2:
		return eval.AttrPath{name + ".x"}.String()
	}
	return eval.AttrPath{name}.String()
}

// becomeOfSources makes up what became of each source, and what is known of it. Some
// sources share an object; some objects are gone from the disk.
func (r *modelMaker) becomeOfSources() {
	held := 50 + r.IntN(50)
	var objects []hashes.Hash
	for i, s := range r.m.sources {
		s.imported = r.chance(20)
		if s.imported && r.chance(50) {
			s.download = 1 + r.Int64N(1000)
		}
		if r.chance(40) {
			s.told, s.exact = 1+r.Int64N(5000), r.chance(60)
		}
		switch {
		case r.chance(held):
			s.object = hashes.Sum(hashes.SHA256, fmt.Append(nil, "object", i))
			if s.CA.Mode == hashes.Flat {
				s.object = s.CA.Hash
			} else if len(objects) > 0 && r.chance(20) {
				s.object = pick(r, objects)
			}
			objects = append(objects, s.object)
			s.size = int64(s.object.Digest()[0]) * 10
			r.m.objects[s.object] = r.m.objects[s.object] || r.chance(95)
		case r.chance(50):
			s.reason = pick(r, []string{"not found", "wrong hash", "timeout"})
		}
	}
	for _, h := range objects {
		if !r.m.objects[h] {
			delete(r.m.objects, h)
		}
	}
}
