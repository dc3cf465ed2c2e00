package catalog

import (
	"context"
	"maps"
	"slices"
)

// usage says which snapshots want a source.
type usage struct {
	systems            []string // sorted
	wanted             []rowSet // by system
	inClosure, fetched rowSet
}

func (c *Catalog) usage(ctx context.Context) (*usage, error) {
	all, err := c.memberSets(ctx, "")
	u := new(usage)
	for i := range all {
		u.systems = append(u.systems, all[i].System)
	}
	slices.Sort(u.systems)
	u.systems = slices.Compact(u.systems)
	u.wanted = make([]rowSet, len(u.systems))
	for i := range all {
		m := &all[i]
		u.inClosure = u.inClosure.with(m.sources)
		u.fetched = u.fetched.with(m.fetches)
		wanted := &u.wanted[slices.Index(u.systems, m.System)]
		*wanted = wanted.with(m.sources).with(m.calls).with(m.fetches)
	}
	return u, err
}

// add tells s who wants it. Sources that every system's snapshots want share a list.
func (u *usage) add(s *Source) {
	s.InClosure, s.Fetched = u.inClosure.has(s.ID), u.fetched.has(s.ID)
	lacks := func(wanted rowSet) bool { return !wanted.has(s.ID) }
	if !slices.ContainsFunc(u.wanted, lacks) {
		s.Systems = slices.Clip(u.systems)
		return
	}
	for i, wanted := range u.wanted {
		if wanted.has(s.ID) {
			s.Systems = append(s.Systems, u.systems[i])
		}
	}
}

// WantedBy returns the IDs of the sources that one snapshot wants: for what its
// attributes need, since it called for them, or for the evaluation itself. The error is
// a *NoSnapshotError if there is no such snapshot.
func (c *Catalog) WantedBy(ctx context.Context, snapshot string) (map[int64]bool, error) {
	all, err := c.memberSets(ctx, snapshot)
	if err != nil {
		return nil, err
	}
	if len(all) == 1 {
		return all[0].wanted(), nil
	}
	wanted := map[int64]bool{}
	for i := range all {
		maps.Copy(wanted, all[i].wanted())
	}
	return wanted, nil
}
