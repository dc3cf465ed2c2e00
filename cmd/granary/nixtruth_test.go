package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"granary/catalog"
)

// TestBuildableIsWhatNixBuilds compares the verdict on every attribute of the sample
// with what Nix builds, in a store with no network that was seeded with what the disk
// holds. With --full, every derivation in the closure of the attribute's must be
// built: the fetchers' tools among them, and fixed outputs that are there.
func TestBuildableIsWhatNixBuilds(t *testing.T) {
	s := newSampleSet(t)
	for i := range 14 {
		rng := rand.New(rand.NewPCG(uint64(i), 11))
		t.Run(fmt.Sprint("subset ", i), func(t *testing.T) {
			s.checkSubset(t, s.subset(rng, i))
		})
	}
}

// subset returns what of the sample's sources is held: all, nothing, or without some.
func (s *sampleSet) subset(rng *rand.Rand, i int) func(*catalog.Source) bool {
	without := map[string]bool{}
	for range 1 + rng.IntN(20) {
		source := s.held[rng.IntN(len(s.held))]
		without[source.Name] = source.Name != "bootstrap-tools" || i%4 == 0
	}
	if without[bundleName] { // else Nix makes it
		without[bundleFrom] = true
	}
	return func(source *catalog.Source) bool { return i == 0 || i != 1 && !without[source.Name] }
}

func (s *sampleSet) checkSubset(t *testing.T, keep func(*catalog.Source) bool) {
	t.Helper()
	m, kept := s.keep(t, keep)
	store := s.store.clone(t)
	s.seed(t, store, kept)
	built := s.build(t, store)
	if made := s.made(kept, built); len(made) > 0 {
		t.Errorf("fixed outputs that Nix made with no network: %q", made)
	}
	for _, full := range []bool{false, true} {
		args, want := []string{"query", "buildable"}, map[string]bool{}
		if full {
			args = append(args, "--full")
		}
		for path, drv := range s.drvs {
			want[path] = built[drv]
			for _, drv := range s.graph.requisites(drv) {
				want[path] = want[path] && (built[drv] || !full)
			}
		}
		got := map[string]bool{}
		lines, _ := jsonLines[wantBuildable](t, m, args...)
		for i := range lines {
			if lines[i].Error == nil {
				got[lines[i].AttrPath] = lines[i].Buildable
			} else if lines[i].Buildable {
				t.Errorf("%s did not evaluate, and is buildable", lines[i].AttrPath)
			}
		}
		compare(t, args, want, got)
	}
}

// build has Nix build all it can, and returns the derivations of which all outputs
// are valid then.
func (s *sampleSet) build(t *testing.T, store nixStore) map[string]bool {
	t.Helper()
	drvs := slices.Sorted(maps.Keys(s.graph.outputs))
	_, _, err := store.try(t, "nix-build", append([]string{"--no-out-link", "--keep-going"}, drvs...)...)
	invalid := store.invalid(t, slices.Concat(slices.Collect(maps.Values(s.graph.outputs))...))
	if (err == nil) != (len(invalid) == 0) {
		t.Errorf("nix-build: %v, with %d outputs that were not built", err, len(invalid))
	}
	built := map[string]bool{}
	for drv, outputs := range s.graph.outputs {
		built[drv] = !slices.ContainsFunc(outputs, func(path string) bool { return invalid[path] })
	}
	return built
}

// made returns the fixed outputs that are there and were not seeded.
func (s *sampleSet) made(kept []catalog.Source, built map[string]bool) (made []string) {
	for drv, path := range s.graph.fixed {
		seeded := slices.ContainsFunc(kept, func(s catalog.Source) bool { return string(s.OutPath) == path })
		if built[drv] && !seeded {
			made = append(made, path)
		}
	}
	return made
}

// TestBuildersAreNotCountedOn shows where Nix can do more than the verdict says: a fixed
// output whose builder needs no network, but only what is held. The verdict says what
// is there, and does not guess what a builder may do.
func TestBuildersAreNotCountedOn(t *testing.T) {
	s := newSampleSet(t)
	m, kept := s.keep(t, func(source *catalog.Source) bool { return source.Name != bundleName })
	store := s.store.clone(t)
	s.seed(t, store, kept)
	store.run(t, "nix-build", "--no-out-link", s.drvs["bundled"])
	got := m.granary(t, "query", "buildable", "bundled")
	if got.status != exitIncomplete || !strings.HasPrefix(got.stdout, "no   bundled  1 of 3 ") {
		t.Errorf("query buildable bundled: exit status %d: %s", got.status, got.stdout)
	}
}

// TestNotEvaluatedIsNotBuilt: what did not evaluate is not buildable, and Nix does not
// build it even if all sources are there.
func TestNotEvaluatedIsNotBuilt(t *testing.T) {
	s := newSampleSet(t)
	store := s.store.clone(t)
	s.seed(t, store, s.held)
	lines, _ := jsonLines[wantBuildable](t, &model{dir: s.dir}, "query", "buildable")
	tree, err := filepath.Abs(sampleDir)
	checkTest(t, err)
	failed := 0
	for i := range lines {
		if lines[i].Error == nil {
			continue
		}
		failed++
		if lines[i].Buildable {
			t.Errorf("%s: did not evaluate, and is buildable", lines[i].AttrPath)
		}
		out, _, err := store.try(t, "nix-build", "--no-out-link", tree, "--attr", lines[i].AttrPath)
		if err == nil {
			t.Errorf("%s: did not evaluate, and Nix built %s", lines[i].AttrPath, out)
		}
	}
	if failed == 0 {
		t.Error("everything evaluated")
	}
}
