package main

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"granary"
	"granary/catalog"
	"granary/disk"
	"granary/hashes"
)

// A model is a disk as a test knows it: what was recorded on it, and what is true of
// it. What queries should say is worked out from it in the plainest way there is: for
// each attribute anew, by following what needs what.
type model struct {
	dir       string
	snapshots []*modelSnapshot // the oldest first
	sources   []*modelSource
	objects   map[hashes.Hash]bool // that are on the disk
	attempted bool                 // a fetch recorded attempts that the model does not have
}

type modelSnapshot struct {
	name, system string
	attributes   []*modelAttribute // by path
	calls        []*modelSource
	fetches      []*modelSource
}

type modelAttribute struct {
	granary.Attribute
	snapshot *modelSnapshot
	root     *modelDerivation // nil: none is known
	fetch    *modelSource     // that evaluation stopped at, if there is no root

	needed [2][]*modelSource // what needs returned before
	steps  [2]map[string]int // and distances
}

type modelDerivation struct {
	*granary.Derivation
	inputs []*modelDerivation
	source *modelSource // of a fixed-output derivation
}

type modelSource struct {
	granary.Source
	object   hashes.Hash // the catalog says that it serves the source
	size     int64       // of the object
	download int64       // bytes, as a want-list says; 0: it does not
	told     int64       // bytes, as a server says; less than 0: it does not
	exact    bool        // what the server says
	reason   string      // of the last failure
	imported bool
}

// holds tells whether s is on the disk.
func (m *model) holds(s *modelSource) bool { return !s.object.IsZero() && m.objects[s.object] }

// missingBytes returns how large s is to download, less than 0 if that is not known.
func (s *modelSource) missingBytes() int64 {
	switch {
	case !s.object.IsZero():
		return s.size
	case s.download > 0:
		return s.download
	case s.exact:
		return s.told
	}
	return -1
}

// needs returns the sources that a needs, in the order of their output paths. full
// looks behind fixed outputs, too.
func (a *modelAttribute) needs(full bool) []*modelSource {
	known := &a.needed[0]
	if full {
		known = &a.needed[1]
	}
	if *known == nil {
		*known = a.walk(full)
	}
	return *known
}

func (a *modelAttribute) walk(full bool) []*modelSource {
	found := map[*modelSource]bool{}
	seen := map[*modelDerivation]bool{}
	var follow func(d *modelDerivation)
	follow = func(d *modelDerivation) {
		if seen[d] {
			return
		}
		seen[d] = true
		if d.source != nil {
			found[d.source] = true
		}
		if d.source == nil || full {
			for _, input := range d.inputs {
				follow(input)
			}
		}
	}
	if a.root != nil {
		follow(a.root)
	} else if a.fetch != nil {
		found[a.fetch] = true
	}
	return sortedSources(found)
}

// sortedSources returns a list that is not nil.
func sortedSources(set map[*modelSource]bool) []*modelSource {
	all := []*modelSource{}
	for s := range set {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *modelSource) int { return cmp.Compare(a.OutPath, b.OutPath) })
	return all
}

// missing returns the sources that a needs and the disk lacks.
func (m *model) missing(a *modelAttribute, full bool) (missing []*modelSource) {
	for _, s := range a.needs(full) {
		if !m.holds(s) {
			missing = append(missing, s)
		}
	}
	return missing
}

// attributes returns those of all snapshots for which keep is true, in the order in
// which commands list them.
func (m *model) attributes(keep func(*modelAttribute) bool) (all []*modelAttribute) {
	for _, s := range m.snapshots {
		for _, a := range s.attributes {
			if keep == nil || keep(a) {
				all = append(all, a)
			}
		}
	}
	return all
}

// wanted returns the sources that a snapshot or a want-list wants.
func (m *model) wanted() []*modelSource {
	set := map[*modelSource]bool{}
	for _, s := range m.sources {
		if s.imported {
			set[s] = true
		}
	}
	for _, s := range wantedBy(m.snapshots) {
		set[s] = true
	}
	return sortedSources(set)
}

// wantedBy returns the sources that one of the snapshots wants.
func wantedBy(snapshots []*modelSnapshot) []*modelSource {
	set := map[*modelSource]bool{}
	for _, snapshot := range snapshots {
		for _, s := range snapshot.wanted() {
			set[s] = true
		}
	}
	return sortedSources(set)
}

// wanted returns the sources of all closures, those behind fixed outputs among them, and
// those that evaluation called for or fetched.
func (s *modelSnapshot) wanted() []*modelSource {
	set := map[*modelSource]bool{}
	for _, a := range s.attributes {
		if a.root != nil {
			for _, source := range a.needs(true) {
				set[source] = true
			}
		}
	}
	for _, source := range slices.Concat(s.calls, s.fetches) {
		set[source] = true
	}
	return sortedSources(set)
}

// record writes the model's disk.
func (m *model) record(t *testing.T) {
	t.Helper()
	c := m.open(t)
	defer c.Close()
	for i, s := range m.snapshots {
		s.record(t, c, modelTime.Add(time.Duration(i)*time.Hour))
	}
	var imported []catalog.Wanted
	for _, s := range m.sources {
		if s.imported {
			imported = append(imported, catalog.Wanted{Source: s.Source, Size: s.download})
		}
	}
	_, err := c.Import(t.Context(), imported)
	checkTest(t, err)
	m.recordOutcomes(t, c)
}

var modelTime = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// open opens the catalog of the model's disk, which is made if it is not there.
func (m *model) open(t *testing.T) *catalog.Catalog {
	t.Helper()
	_, err := disk.Open(m.dir)
	checkTest(t, err)
	c, err := catalog.Open(t.Context(), filepath.Join(m.dir, "granary.db"))
	checkTest(t, err)
	return c
}

// recordOutcomes records what became of the sources, and makes the objects.
func (m *model) recordOutcomes(t *testing.T, c *catalog.Catalog) {
	t.Helper()
	var outcomes []catalog.Outcome
	var sizes []catalog.Size
	for _, s := range m.wanted() {
		switch {
		case !s.object.IsZero():
			outcomes = append(outcomes, catalog.Outcome{
				OutPath: s.OutPath, Object: s.object, Recipe: granary.RecipeNAR, Size: s.size,
			})
		case s.reason != "":
			outcomes = append(outcomes, s.failure())
		}
		if s.told != 0 {
			sizes = append(sizes, catalog.Size{
				OutPath: s.OutPath, Bytes: s.told, Exact: s.exact, Origin: catalog.SizeOfHead,
				At: modelTime,
			})
		}
	}
	for h := range m.objects {
		path := m.objectPath(h)
		checkTest(t, os.MkdirAll(filepath.Dir(path), 0o777))
		checkTest(t, os.WriteFile(path, nil, 0o666)) // no query reads it
	}
	checkTest(t, c.RecordOutcomes(t.Context(), outcomes))
	checkTest(t, c.RecordSizes(t.Context(), sizes))
}

func (m *model) objectPath(h hashes.Hash) string { return filepath.Join(m.dir, disk.ObjectName(h)) }

func (s *modelSource) failure() catalog.Outcome {
	o := catalog.Outcome{OutPath: s.OutPath, Reason: s.reason, Detail: "as the test has it"}
	for _, url := range s.URLs {
		o.Attempts = append(o.Attempts, catalog.Attempt{
			URL: url, At: modelTime, Status: 404, Reason: s.reason, Detail: o.Detail,
		})
	}
	return o
}

// record records the snapshot with all that its attributes lead to.
func (s *modelSnapshot) record(t *testing.T, c *catalog.Catalog, at time.Time) {
	t.Helper()
	var derivations []*granary.Derivation
	seen := map[*modelDerivation]bool{}
	var add func(d *modelDerivation)
	add = func(d *modelDerivation) {
		if seen[d] {
			return
		}
		seen[d] = true
		for _, input := range d.inputs {
			add(input)
		}
		derivations = append(derivations, d.Derivation)
	}
	attributes := make([]granary.Attribute, len(s.attributes))
	for i, a := range s.attributes {
		attributes[i] = a.Attribute
		if a.root != nil {
			add(a.root)
		}
	}
	r, err := c.Record(t.Context())
	checkTest(t, err)
	checkTest(t, r.AddFetches(t.Context(), plainSources(s.fetches)))
	checkTest(t, r.Add(t.Context(), derivations, attributes, plainSources(s.calls)))
	_, err = r.Finish(t.Context(), catalog.Snapshot{
		Name: s.name, Tree: "/tree", Revision: s.name, System: s.system, Nix: "2.8.0", Evaluated: at,
	})
	checkTest(t, err)
}

func plainSources(all []*modelSource) []granary.Source {
	plain := make([]granary.Source, len(all))
	for i, s := range all {
		plain[i] = s.Source
	}
	return plain
}

func checkTest(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
