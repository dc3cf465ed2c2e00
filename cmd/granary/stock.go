package main

import (
	"context"

	"granary/catalog"
	"granary/closure"
	"granary/hashes"
)

// A stock is every source that is wanted, with what the disk has of it.
type stock struct {
	sources []catalog.Source // by name; one whose object is gone from the disk is missing
	present []closure.Source // the same, for counting
	lost    int              // sources whose object is gone
}

// takeStock looks for the sources on the disk.
func (a *app) takeStock(ctx context.Context) (*stock, error) {
	sources, err := a.catalog.Sources(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(sources))
	for i := range sources {
		ids[i] = sources[i].ID
	}
	holdings, err := a.catalog.Holdings(ctx, ids)
	if err != nil {
		return nil, err
	}
	present, err := a.present(holdings)
	if err != nil {
		return nil, err
	}
	s := &stock{sources: sources, present: present}
	for i := range sources {
		if sources[i].State == catalog.Held && present[i].Missing {
			sources[i].State, sources[i].Object = catalog.Missing, hashes.Hash{}
			s.lost++
		}
	}
	return s, nil
}

// tally counts the sources with the IDs in wanted.
func (s *stock) tally(wanted map[int64]bool) (t closure.Tally) {
	for i := range s.sources {
		if wanted[s.sources[i].ID] {
			tallySource(&t, &s.present[i])
		}
	}
	return t
}

// tallySource counts one source more.
func tallySource(t *closure.Tally, s *closure.Source) {
	t.Needs++
	if !s.Missing {
		return
	}
	t.Missing++
	if s.Bytes < 0 {
		t.Unknown++
	} else {
		t.Bytes += s.Bytes
	}
}

// howLarge says how large the missing sources are, as far as that is known; "" if none is
// missing.
func howLarge(t *closure.Tally) string {
	switch {
	case t.Missing == 0:
		return ""
	case t.Unknown == t.Missing:
		return "of unknown size"
	}
	return missingBytes(t)
}

// ofGraph returns the sources of a graph, for counting. None of it is held that nothing
// wants.
func (s *stock) ofGraph(g *catalog.Graph) []closure.Source {
	numbers := make(map[int64]int, len(g.Sources))
	all := make([]closure.Source, len(g.Sources))
	for number, id := range g.Sources {
		numbers[id] = number
		all[number] = closure.Source{Missing: true, Bytes: -1}
	}
	for i := range s.sources {
		if number, ok := numbers[s.sources[i].ID]; ok {
			all[number] = s.present[i]
		}
	}
	return all
}

// A missingSize is in JSON how large missing sources are.
type missingSize struct {
	MissingBytes      *int64 `json:"missingBytes"` // null if the size of one is not known
	MissingKnownBytes int64  `json:"missingKnownBytes"`
	MissingUnknown    int    `json:"missingUnknown"` // sources of which it is not
}

func newMissingSize(t *closure.Tally) missingSize {
	size := missingSize{MissingKnownBytes: t.Bytes, MissingUnknown: t.Unknown}
	if t.Unknown == 0 {
		size.MissingBytes = &t.Bytes
	}
	return size
}
