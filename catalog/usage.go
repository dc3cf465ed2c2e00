package catalog

import (
	"context"
	"slices"
)

// usage says which snapshots want a source.
type usage []members

func (c *Catalog) usage(ctx context.Context) (usage, error) { return c.memberSets(ctx, "") }

// add tells s who wants it.
func (u usage) add(s *Source) {
	for i := range u {
		m := &u[i]
		inClosure, fetched := hasRow(m.sources, s.ID), hasRow(m.fetches, s.ID)
		s.InClosure, s.Fetched = s.InClosure || inClosure, s.Fetched || fetched
		wanted := inClosure || fetched || hasRow(m.calls, s.ID)
		if wanted && !slices.Contains(s.Systems, m.System) {
			s.Systems = append(s.Systems, m.System)
		}
	}
	slices.Sort(s.Systems)
}

// hasRow tells whether a set, as decodeSet returns it, has a row.
func hasRow(set []int64, row int64) bool {
	_, ok := slices.BinarySearch(set, row)
	return ok
}

// WantedBy returns the IDs of the sources that one snapshot wants: for what its
// attributes need, since it called for them, or for the evaluation itself. The error is
// a *NoSnapshotError if there is no such snapshot.
func (c *Catalog) WantedBy(ctx context.Context, snapshot string) (map[int64]bool, error) {
	all, err := c.memberSets(ctx, snapshot)
	if err != nil {
		return nil, err
	}
	wanted := map[int64]bool{}
	for i := range all {
		for id := range all[i].wanted() {
			wanted[id] = true
		}
	}
	return wanted, nil
}
