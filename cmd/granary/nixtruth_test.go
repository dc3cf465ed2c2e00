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
	invalid := s.build(t, store)
	if made := s.made(kept, invalid); len(made) > 0 {
		t.Errorf("fixed outputs that Nix made with no network: %q", made)
	}
	want, full := map[string]bool{}, map[string]bool{}
	for path, drv := range s.drvs {
		want[path] = !invalid[s.graph.out[drv]]
		full[path] = true
		for _, drv := range s.graph.requisites(drv) {
			for _, output := range s.graph.outputs[drv] {
				full[path] = full[path] && !invalid[output]
			}
		}
	}
	checkVerdicts(t, m, want)
	checkVerdicts(t, m, full, "--full")
}

// checkVerdicts compares what is buildable, by the attribute's path. What did not
// evaluate is not.
func checkVerdicts(t *testing.T, m *model, want map[string]bool, flags ...string) {
	t.Helper()
	got := map[string]bool{}
	args := append([]string{"query", "buildable"}, flags...)
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

// build has Nix build all it can, and returns the outputs that are not valid then.
func (s *sampleSet) build(t *testing.T, store nixStore) map[string]bool {
	t.Helper()
	drvs := slices.Sorted(maps.Keys(s.graph.outputs))
	args := append([]string{"--no-out-link", "--keep-going"}, drvs...)
	_, _, err := store.try(t, "nix-build", args...)
	invalid := store.invalid(t, s.allOutputs())
	if (err == nil) != (len(invalid) == 0) {
		t.Errorf("nix-build: %v, with %d outputs that were not built", err, len(invalid))
	}
	return invalid
}

// allOutputs returns the paths of all outputs.
func (s *sampleSet) allOutputs() []string {
	all := slices.Concat(slices.Collect(maps.Values(s.graph.outputs))...)
	slices.Sort(all)
	return slices.Compact(all)
}

// made returns the fixed outputs that are there and were not seeded.
func (s *sampleSet) made(kept []catalog.Source, invalid map[string]bool) (made []string) {
	for _, path := range s.graph.fixed {
		seeded := slices.ContainsFunc(kept, func(s catalog.Source) bool {
			return string(s.OutPath) == path
		})
		if !invalid[path] && !seeded {
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

// TestBuildableWithStoreIsWhatNixBuilds does the same in stores in which some outputs are
// valid, and not what they were built from.
func TestBuildableWithStoreIsWhatNixBuilds(t *testing.T) {
	s := newSampleSet(t)
	full := s.store.clone(t)
	s.seed(t, full, s.held)
	invalid := s.build(t, full)
	valid := slices.DeleteFunc(s.allOutputs(), func(path string) bool {
		return invalid[path] || strings.HasSuffix(path, bundleFrom) // else Nix makes the bundle
	})
	for i := range 6 {
		rng := rand.New(rand.NewPCG(uint64(i), 19))
		t.Run(fmt.Sprint("store ", i), func(t *testing.T) {
			store := s.lived(t, rng, full, valid)
			m, kept := s.keep(t, s.subset(rng, 4+i))
			used := store.clone(t)
			s.seed(t, used, kept)
			checkVerdicts(t, m, s.buildEach(t, used), "--with-store", store.root)
		})
	}
}

// buildEach has Nix build each attribute, and tells of which it could. What of them can be
// built together is: where a derivation has but some of its outputs, Nix 2.8 gives up all
// that it does when another one requires one of these.
func (s *sampleSet) buildEach(t *testing.T, store nixStore) map[string]bool {
	t.Helper()
	drvs := slices.Sorted(maps.Values(s.drvs))
	args := append([]string{"--no-out-link", "--keep-going"}, drvs...)
	_, _, _ = store.try(t, "nix-build", args...)
	invalid := store.invalid(t, s.allOutputs())
	built := map[string]bool{}
	for path, drv := range s.drvs {
		built[path] = !invalid[s.graph.out[drv]]
		if !built[path] {
			_, _, err := store.try(t, "nix-build", "--no-out-link", drv)
			built[path] = err == nil
		}
	}
	return built
}

// lived returns a store with some outputs, and what these refer to, of those that are
// valid in another one.
func (s *sampleSet) lived(t *testing.T, rng *rand.Rand, from nixStore, valid []string) nixStore {
	t.Helper()
	some := slices.DeleteFunc(slices.Clone(valid), func(string) bool { return rng.IntN(3) > 0 })
	closure := from.run(t, "nix-store", append([]string{"--query", "--requisites"}, some...)...)
	store := s.store.clone(t)
	file := filepath.Join(t.TempDir(), "closure")
	export := []string{"-c", `file=$1; shift; nix-store --export "$@" >"$file"`, "sh", file}
	from.run(t, "sh", append(export, strings.Fields(closure)...)...)
	store.run(t, "sh", "-c", `nix-store --import <"$1"`, "sh", file)
	return store
}
