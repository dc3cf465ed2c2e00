package main

import (
	"cmp"
	"slices"
	"strings"

	"granary/closure"
)

// A reportNumbers is what the page shows without its script.
type reportNumbers struct {
	Disk, Made, Version string
	Scope               []string
	Status              *statusLine
	Verdicts            verdicts // of all attributes
	Snapshots           []snapshotVerdicts
	Sets                []setVerdicts
	Kinds               []kindCount
	Failures            failureMatrix
	Sizes               []sizeClass
	Largest             []largeSource
	Missing             []missingRow // the first of them
	AllMissing          int
	Steps               []step
}

// numbers returns what the page shows without its script.
func (r *report) numbers() *reportNumbers {
	n := &reportNumbers{
		Disk: plain(r.disk), Made: r.made.Format(dateFormat), Version: version(), Scope: r.scope,
		Status: r.status, Snapshots: r.snapshotVerdicts(), Sets: r.setVerdicts(), Kinds: r.kindCounts(),
		Failures: r.failureMatrix(), Sizes: r.sizeClasses(), Largest: r.largest(),
		Missing: r.missingRows(), AllMissing: len(r.lacks),
	}
	for i := range n.Sets {
		n.Verdicts.sum(&n.Sets[i].verdicts)
	}
	n.Steps = r.steps()
	return n
}

// verdicts counts attributes.
type verdicts struct{ All, Yes, No, Failed int }

func (v *verdicts) sum(w *verdicts) {
	v.All += w.All
	v.Yes += w.Yes
	v.No += w.No
	v.Failed += w.Failed
}

func (v *verdicts) add(a *answer) {
	v.All++
	switch {
	case a.attribute.Kind != "":
		v.Failed++
	case a.buildable():
		v.Yes++
	default:
		v.No++
	}
}

// Evaluated is how many of the attributes have a derivation.
func (v *verdicts) Evaluated() int { return v.Yes + v.No }

// Parts are for a bar.
func (v *verdicts) Parts() []barPart {
	return barParts(barPart{Class: "yes", Count: v.Yes}, barPart{Class: "no", Count: v.No},
		barPart{Class: "none", Count: v.Failed})
}

// A barPart is a part of a bar that is 100 wide.
type barPart struct {
	Class    string
	Count    int
	X, Width float64
}

func barParts(parts ...barPart) []barPart {
	all := 0
	for _, p := range parts {
		all += p.Count
	}
	x := 0.0
	for i := range parts {
		p := &parts[i]
		p.X, p.Width = x, 100*float64(p.Count)/float64(max(all, 1))
		x += p.Width
	}
	return parts
}

// Download says how large the missing sources are, as far as that is known.
func (n *reportNumbers) Download() string {
	s := &n.Status.missingSize
	return howLarge(&closure.Tally{
		Missing: n.AllMissing, Unknown: s.MissingUnknown, Bytes: s.MissingKnownBytes,
	})
}

// StateParts are for a bar of all sources.
func (n *reportNumbers) StateParts() []barPart {
	return stateParts(n.Status.Held, n.Status.Missing, n.Status.Failed)
}

func stateParts(held, missing, failed int) []barPart {
	return barParts(barPart{Class: "yes", Count: held}, barPart{Class: "wait", Count: missing},
		barPart{Class: "no", Count: failed})
}

// A snapshotVerdicts counts the attributes of a snapshot.
type snapshotVerdicts struct {
	Snapshot, Tree, System, When string
	verdicts
}

func (r *report) snapshotVerdicts() []snapshotVerdicts {
	all := make([]snapshotVerdicts, len(r.snapshots))
	places := map[string]*verdicts{}
	for i, s := range r.snapshots {
		all[i] = snapshotVerdicts{
			Snapshot: plain(s.Name), Tree: plain(s.Tree), System: plain(s.System),
			When: s.Evaluated.Local().Format(dateFormat),
		}
		places[s.Name] = &all[i].verdicts
	}
	for i := range r.attributes {
		if place := places[r.attributes[i].Snapshot]; place != nil {
			place.add(&answer{&r.attributes[i], r.tallies[i]})
		}
	}
	return all
}

// A setVerdicts counts the attributes of a package set.
type setVerdicts struct {
	Set string
	verdicts
}

// setVerdicts counts by package set, the largest first.
func (r *report) setVerdicts() []setVerdicts {
	sets := map[string]*verdicts{}
	for i := range r.attributes {
		set := packageSet(r.attributes[i].Path)
		if sets[set] == nil {
			sets[set] = new(verdicts)
		}
		sets[set].add(&answer{&r.attributes[i], r.tallies[i]})
	}
	all := make([]setVerdicts, 0, len(sets))
	for set, v := range sets {
		all = append(all, setVerdicts{plain(set), *v})
	}
	slices.SortFunc(all, func(a, b setVerdicts) int {
		return cmp.Or(b.All-a.All, strings.Compare(a.Set, b.Set))
	})
	return all
}

// A missingRow is a row of the list of missing sources.
type missingRow struct {
	Name, Why, Host string
	Users, Unlocks  int
	Bytes           int64 // less than 0: not known
}

// missingRows returns those that show without a script.
func (r *report) missingRows() (rows []missingRow) {
	const most = 200
	for i := range r.lacks[:min(most, len(r.lacks))] {
		m := &r.lacks[i]
		rows = append(rows, missingRow{
			plain(m.Name), plain(m.why()), plain(r.host(m.Source)), m.users, m.unlocks, m.bytes,
		})
	}
	return rows
}
