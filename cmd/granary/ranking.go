package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"granary/catalog"
	"granary/closure"
)

// A ranking is what is missing, in the order in which it is told.
type ranking struct {
	*inquiry
	lacks []lack
	named bool // it is of attributes that were named

	known    int           // attributes of which it is known what they need
	heldBack int           // those of them that lack something
	needed   int           // sources: missing or not
	unneeded int           // lacks that no attribute needs
	total    closure.Tally // of lacks

	paths  []string  // of attributes
	places [][]int32 // by source of the graph: the places in paths of a few users
}

// A lack is a missing source.
type lack struct {
	neededSource
	users   int // attributes that it holds back
	unlocks int // those of them that lack nothing else
	way     way // from a named attribute
}

// rank finds what is missing: for the attributes that match args, or for all that the
// flags leave, and then also what is wanted and needed by none.
func (a *app) rank(ctx context.Context, flags *askFlags, args []string) (*ranking, error) {
	r := &ranking{named: len(args) > 0}
	var sources []catalog.Source
	var err error
	if r.named {
		if r.inquiry, err = a.inquire(ctx, flags, args); err != nil {
			return nil, err
		}
	} else if r.inquiry, sources, err = a.inquireWanted(ctx, flags); err != nil {
		return nil, err
	}
	r.find()
	if r.named {
		if sources, err = a.catalog.SourcesAt(ctx, r.rows()); err != nil {
			return nil, err
		}
	}
	r.describe(sources)
	r.sort()
	if r.named {
		return r, a.findWays(ctx, r)
	}
	r.needed = len(sources)
	return r, nil
}

// inquireWanted reads what all attributes need that the flags leave, and what else is
// wanted: its sources are in the graph, though no node gives them.
func (a *app) inquireWanted(
	ctx context.Context, flags *askFlags,
) (*inquiry, []catalog.Source, error) {
	q := new(inquiry)
	var err error
	if q.attributes, err = a.attributesLeft(ctx, flags); err != nil {
		return nil, nil, err
	}
	wanted, err := a.wantedLeft(ctx, flags)
	if err == nil && len(wanted) == 0 && len(q.attributes) == 0 {
		err = a.noSnapshots(ctx)
	}
	if err != nil {
		return nil, nil, err
	}
	if q.graph, err = a.catalog.Graph(ctx, q.attributes, flags.full); err != nil {
		return nil, nil, err
	}
	q.addUnneeded(wanted)
	if q.holdings, err = a.catalog.Holdings(ctx, q.graph.Sources); err != nil {
		return nil, nil, err
	}
	q.sources, err = a.present(q.holdings)
	return q, wanted, err
}

// attributesLeft returns the attributes of the snapshots that the flags leave. Without
// flags there may be none: a disk may have want-lists alone.
func (a *app) attributesLeft(
	ctx context.Context, flags *askFlags,
) (all []catalog.Attribute, err error) {
	if flags.snapshot == "" && len(flags.systems) == 0 {
		snapshots, err := a.catalog.SnapshotHeads(ctx)
		if err != nil || len(snapshots) == 0 {
			return nil, err
		}
	}
	if all, err = a.candidates(ctx, flags, nil, nil); err != nil {
		return nil, err
	}
	return all, a.tellUnfinished(ctx)
}

// wantedLeft returns the sources that are wanted by the snapshots that the flags leave;
// without flags, also those that want-lists want.
func (a *app) wantedLeft(ctx context.Context, flags *askFlags) ([]catalog.Source, error) {
	wanted, err := a.catalog.Sources(ctx)
	if err != nil {
		return nil, err
	}
	if flags.snapshot != "" {
		members, err := a.catalog.WantedBy(ctx, flags.snapshot)
		if err != nil {
			return nil, err
		}
		wanted = slices.DeleteFunc(wanted, func(s catalog.Source) bool { return !members[s.ID] })
	}
	if len(flags.systems) > 0 {
		wanted = slices.DeleteFunc(wanted, func(s catalog.Source) bool {
			return !slices.ContainsFunc(s.Systems, func(system string) bool {
				return slices.Contains(flags.systems, system)
			})
		})
	}
	return wanted, nil
}

// addUnneeded adds the sources that no derivation of the graph gives.
func (q *inquiry) addUnneeded(wanted []catalog.Source) {
	given := make(map[int64]bool, len(q.graph.Sources))
	for _, id := range q.graph.Sources {
		given[id] = true
	}
	for i := range wanted {
		if !given[wanted[i].ID] {
			q.graph.Sources = append(q.graph.Sources, wanted[i].ID)
		}
	}
}

// merged returns a root for each different key of the attributes: what has the same key
// needs what any of them needs.
func (q *inquiry) merged(key func(*catalog.Attribute) string) (roots []int32, keys []string) {
	places := make(map[string]int, len(q.attributes))
	var all [][]int32
	for i := range q.attributes {
		k := key(&q.attributes[i])
		place, ok := places[k]
		if !ok {
			place = len(keys)
			places[k] = place
			keys, all = append(keys, k), append(all, nil)
		}
		if root := q.graph.Roots[i]; root != closure.None && !slices.Contains(all[place], root) {
			all[place] = append(all[place], root)
		}
	}
	for _, several := range all {
		roots = append(roots, q.joined(several))
	}
	return roots, keys
}

// joined returns a node that needs what any of nodes needs.
func (q *inquiry) joined(nodes []int32) int32 {
	switch len(nodes) {
	case 0:
		return closure.None
	case 1:
		return nodes[0]
	}
	q.graph.Derivations = append(q.graph.Derivations, 0)
	return q.graph.Add(nodes, closure.None)
}

func attributePath(at *catalog.Attribute) string { return at.Path }

func attributeOfSystem(at *catalog.Attribute) string { return at.System + " " + at.Path }

// find finds the missing sources, with their numbers alone.
func (r *ranking) find() {
	roots, _ := r.merged(attributeOfSystem)
	counts := r.graph.Count(roots, r.sources)
	for i := range counts.Roots {
		if roots[i] != closure.None {
			r.known++
		}
		if counts.Roots[i].Missing > 0 {
			r.heldBack++
		}
	}
	for number := range r.sources {
		l := lack{neededSource: neededSource{number: int32(number)}}
		if number < len(counts.Users) { // others no derivation gives
			l.users, l.unlocks = int(counts.Users[number]), int(counts.Unlocks[number])
		}
		if l.users > 0 {
			r.needed++
		}
		if r.sources[number].Missing && (l.users > 0 || !r.named) {
			r.lacks = append(r.lacks, l)
		}
	}
	roots, r.paths = r.merged(attributePath)
	r.places = r.graph.Examples(roots, fewExamples)
}

// fewExamples is how many attributes stand for all that need a source.
const fewExamples = 3

// examples returns paths of a few attributes that need a source.
func (r *ranking) examples(l *lack) (paths []string) {
	if int(l.number) < len(r.places) {
		for _, place := range r.places[l.number] {
			paths = append(paths, r.paths[place])
		}
	}
	return paths
}

// rows returns the IDs of the missing sources.
func (r *ranking) rows() []int64 {
	ids := make([]int64, len(r.lacks))
	for i := range r.lacks {
		ids[i] = r.graph.Sources[r.lacks[i].number]
	}
	return ids
}

// describe adds what the sources are, and drops what is not among them.
func (r *ranking) describe(sources []catalog.Source) {
	byID := make(map[int64]*catalog.Source, len(sources))
	for i := range sources {
		byID[sources[i].ID] = &sources[i]
	}
	kept := r.lacks[:0]
	for _, l := range r.lacks {
		if s := byID[r.graph.Sources[l.number]]; s != nil {
			l.neededSource = r.neededSource(s, l.number)
			kept = append(kept, l)
			r.add(&l)
		}
	}
	r.lacks = kept
}

func (r *ranking) add(l *lack) {
	r.total.Missing++
	if l.bytes < 0 {
		r.total.Unknown++
	} else {
		r.total.Bytes += l.bytes
	}
	if l.users == 0 {
		r.unneeded++
	}
}

// sort puts those first that hold back most attributes, then those that more attributes
// wait for alone.
func (r *ranking) sort() {
	slices.SortFunc(r.lacks, func(a, b lack) int {
		return cmp.Or(b.users-a.users, b.unlocks-a.unlocks,
			strings.Compare(a.Name, b.Name),
			cmp.Compare(a.OutPath, b.OutPath))
	})
}

// columns tells whether numbers of attributes say anything.
func (r *ranking) columns() bool { return !r.named || r.known > 1 }
