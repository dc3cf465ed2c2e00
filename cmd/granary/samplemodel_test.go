package main

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"granary"
	"granary/catalog"
	"granary/hashes"
)

// onSample runs test on the sample's disk, and on copies that lack some of its sources.
// What needs what is known from Nix.
func onSample(t *testing.T, test func(t *testing.T, m *model, rng *rand.Rand)) {
	s := newSampleSet(t)
	for i := range 4 {
		rng := rand.New(rand.NewPCG(uint64(i), 13))
		m, _ := s.keep(t, s.subset(rng, i))
		s.describe(t, m)
		test(t, m, rng)
	}
}

// expectedSample is what expected.json says.
type expectedSample struct {
	Attrs   map[string]string
	Sources []struct {
		OutPath   string
		InClosure bool
	}
}

func readExpected(t *testing.T) (e expectedSample) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(sampleDir, "expected.json"))
	checkTest(t, err)
	checkTest(t, json.Unmarshal(data, &e))
	return e
}

// describe fills in what is true of a copy of the sample's disk.
func (s *sampleSet) describe(t *testing.T, m *model) {
	t.Helper()
	c := m.open(t)
	defer c.Close()
	sources := m.describeSources(t, c)
	derivations := s.derivations(sources)
	snapshots, err := c.Snapshots(t.Context())
	checkTest(t, err)
	expected := readExpected(t)
	snapshot := &modelSnapshot{name: snapshots[0].Name, system: snapshots[0].System}
	attributes, err := c.Attributes(t.Context(), "")
	checkTest(t, err)
	for i := range attributes {
		a := &modelAttribute{Attribute: attributes[i].Attribute, snapshot: snapshot}
		switch expected.Attrs[a.Path] {
		case "drv":
			a.root = derivations[s.drvs[a.Path]]
		case string(granary.ErrorIFD):
			a.root = derivations[s.generated]
		}
		snapshot.attributes = append(snapshot.attributes, a)
	}
	for _, source := range expected.Sources {
		if !source.InClosure {
			snapshot.calls = append(snapshot.calls, sources[source.OutPath])
		}
	}
	m.snapshots, m.attempted = []*modelSnapshot{snapshot}, true
}

// describeSources reads what became of each source, and looks what is on the disk.
func (m *model) describeSources(t *testing.T, c *catalog.Catalog) map[string]*modelSource {
	t.Helper()
	all, err := c.Sources(t.Context())
	checkTest(t, err)
	sizes, err := c.Sizes(t.Context())
	checkTest(t, err)
	sources := map[string]*modelSource{}
	m.objects = map[hashes.Hash]bool{}
	for i := range all {
		s := &modelSource{Source: all[i].Source, object: all[i].Object, size: all[i].Size,
			download: all[i].Download, reason: all[i].Reason}
		if size, ok := sizes[all[i].ID]; ok {
			s.told, s.exact = size.Bytes, size.Exact
		}
		if !s.object.IsZero() {
			_, err := os.Stat(m.objectPath(s.object))
			m.objects[s.object] = err == nil
		}
		sources[string(s.OutPath)] = s
		m.sources = append(m.sources, s)
	}
	return sources
}

// derivations returns the derivations of the sample, by path, as Nix has them.
func (s *sampleSet) derivations(sources map[string]*modelSource) map[string]*modelDerivation {
	all := map[string]*modelDerivation{}
	for drv := range s.graph.outputs {
		all[drv] = &modelDerivation{
			Derivation: &granary.Derivation{Path: hashes.StorePath(drv)},
			source:     sources[s.graph.fixed[drv]],
		}
	}
	for drv, d := range all {
		for _, input := range s.graph.inputs[drv] {
			d.inputs = append(d.inputs, all[input])
		}
	}
	return all
}

// instantiate has Nix write the .drv files of all attributes that evaluate, and that of
// the derivation that another one imports from.
func (s *sampleSet) instantiate(t *testing.T) {
	t.Helper()
	outcomes := readExpected(t).Attrs
	maps.DeleteFunc(outcomes, func(_, outcome string) bool { return outcome != "drv" })
	paths := slices.Sorted(maps.Keys(outcomes))
	tree, err := filepath.Abs(sampleDir)
	checkTest(t, err)
	set := "let p = import " + tree + " { }; in "
	evaluate := []string{"--eval", "--strict", "--json", "--read-write-mode",
		"--option", "allow-import-from-derivation", "false", "--expr"}
	_, _, err = s.store.try(t, "nix-instantiate",
		append(evaluate, set+"p.importsDerivation.drvPath")...)
	if err == nil {
		t.Fatal("importsDerivation evaluates without a build")
	}
	imported, err := filepath.Glob(s.store.file("nix/store/*-generated-1.0.drv"))
	if err != nil || len(imported) != 1 {
		t.Fatalf("what importsDerivation needs: %q, %v", imported, err)
	}
	s.generated = "/nix/store/" + filepath.Base(imported[0])
	out := s.store.run(t, "nix-instantiate", append(evaluate,
		set+"[ (p."+strings.Join(paths, ".drvPath) (p.")+".drvPath) ]")...)
	var drvs []string
	checkTest(t, json.Unmarshal([]byte(out), &drvs))
	s.drvs = map[string]string{}
	for i, path := range paths {
		s.drvs[path] = drvs[i]
	}
	drvs = append(drvs, s.generated)
	s.graph = s.store.readGraph(t, slices.Compact(slices.Sorted(slices.Values(drvs))))
}
