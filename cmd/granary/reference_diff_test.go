package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// gotDiff has the fields of all lines of `granary diff --json`.
type gotDiff struct {
	Change, AttrPath, System, Source, OutPath string
	OldDrvPath, NewDrvPath, OldName, NewName  *string
	Error, ErrorKind, State                   *string
	Bytes                                     *int64
	Summary, Old, New                         json.RawMessage

	Added, Removed, Changed, Broken, Fixed, Versions, SourcesRemoved int
	SourcesAdded, Sources                                            *wantAmount
}

// A wantAmount is how much of some sources is missing.
type wantAmount struct {
	Number, Missing, MissingUnknown int
	MissingBytes                    *int64
	MissingKnownBytes               int64
}

func (m *model) amount(sources []*modelSource) *wantAmount {
	w := &wantAmount{Number: len(sources)}
	for _, s := range sources {
		if m.holds(s) {
			continue
		}
		w.Missing++
		if bytes := s.missingBytes(); bytes < 0 {
			w.MissingUnknown++
		} else {
			w.MissingKnownBytes += bytes
		}
	}
	if w.MissingUnknown == 0 {
		w.MissingBytes = &w.MissingKnownBytes
	}
	return w
}

// diff returns the lines about attributes, by path, those about sources, by output path,
// and the summary.
func (m *model) diff(a, b *modelSnapshot) (all []gotDiff) {
	sum := gotDiff{Summary: json.RawMessage("true")}
	number := map[string]*int{"added": &sum.Added, "removed": &sum.Removed,
		"changed": &sum.Changed, "broken": &sum.Broken, "fixed": &sum.Fixed}
	before, after := a.byPath(), b.byPath()
	paths := maps.Clone(before)
	maps.Copy(paths, after)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		line := attributeDiff(before[path], after[path])
		if line.Change == "" {
			continue
		}
		all = append(all, line)
		*number[line.Change]++
		if line.Change == "changed" && *line.OldName != *line.NewName {
			sum.Versions++
		}
	}
	added, removed := without(b.wanted(), a.wanted()), without(a.wanted(), b.wanted())
	var sources []gotDiff
	for _, s := range added {
		sources = append(sources, m.sourceDiff("added", s))
	}
	for _, s := range removed {
		sources = append(sources, m.sourceDiff("removed", s))
	}
	slices.SortFunc(sources, func(a, b gotDiff) int { return cmp.Compare(a.OutPath, b.OutPath) })
	sum.SourcesAdded, sum.SourcesRemoved = m.amount(added), len(removed)
	sum.Sources = m.amount(b.wanted())
	return append(append(all, sources...), sum)
}

func (s *modelSnapshot) byPath() map[string]*modelAttribute {
	all := map[string]*modelAttribute{}
	for _, a := range s.attributes {
		all[a.Path] = a
	}
	return all
}

func without(all, those []*modelSource) (left []*modelSource) {
	for _, s := range all {
		if !slices.Contains(those, s) {
			left = append(left, s)
		}
	}
	return left
}

func attributeDiff(before, after *modelAttribute) gotDiff {
	at := cmp.Or(after, before)
	line := gotDiff{AttrPath: at.Path, System: at.snapshot.system}
	for _, side := range []struct {
		a         *modelAttribute
		drv, name **string
	}{{before, &line.OldDrvPath, &line.OldName}, {after, &line.NewDrvPath, &line.NewName}} {
		switch {
		case side.a != nil && side.a.Kind == "":
			*side.drv, *side.name = new(string(side.a.DrvPath)), &side.a.Name
		case side.a != nil:
			line.Error, line.ErrorKind = &side.a.Error, new(string(side.a.Kind))
		}
	}
	switch was, is := line.OldDrvPath, line.NewDrvPath; {
	case before == nil:
		line.Change = "added"
	case after == nil:
		line.Change = "removed"
	case was == nil && is == nil:
	case is == nil:
		line.Change = "broken"
	case was == nil:
		line.Change = "fixed"
	case *was != *is:
		line.Change = "changed"
	}
	return line
}

func (m *model) sourceDiff(change string, s *modelSource) gotDiff {
	line := gotDiff{Source: change, OutPath: string(s.OutPath), State: new("missing")}
	bytes := s.missingBytes()
	switch {
	case m.holds(s):
		*line.State, bytes = "held", s.size
	case s.object.IsZero() && s.reason != "":
		*line.State = "failed"
	}
	if bytes >= 0 {
		line.Bytes = &bytes
	}
	return line
}

func checkDiff(t *testing.T, m *model, rng *rand.Rand) {
	a := m.snapshots[rng.IntN(len(m.snapshots))]
	b := m.snapshots[rng.IntN(len(m.snapshots))]
	want := m.diff(a, b)
	got, status := jsonLines[gotDiff](t, m, "diff", a.name, b.name)
	var sources []int
	for i := range got {
		got[i].Old, got[i].New = nil, nil
		if got[i].Source != "" {
			sources = append(sources, i)
		}
	}
	if len(sources) > 0 { // in whatever order
		part := got[sources[0] : sources[len(sources)-1]+1]
		slices.SortFunc(part, func(a, b gotDiff) int { return cmp.Compare(a.OutPath, b.OutPath) })
	}
	compare(t, fmt.Sprint("diff ", a.name, " ", b.name), want, got)
	compare(t, "diff: exit status", 0, status)
}
