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
	*way        // from a named attribute; nil: not looked for
}

// rank finds what is missing: for the attributes that match args, or for all that the
// flags leave, and then also what is wanted and needed by none.
func (a *app) rank(ctx context.Context, flags *askFlags, args []string) (*ranking, error) {
	r := &ranking{named: len(args) > 0}
	var sources []catalog.Source
	var err error
	if r.named {
		r.inquiry, err = a.inquire(ctx, flags, args)
	} else {
		r.inquiry, sources, err = a.inquireAll(ctx, flags, a.wantedInShort)
	}
	if err != nil {
		return nil, err
	}
	r.find()
	if r.named {
		sources, err = a.catalog.SourcesAt(ctx, r.rows(r.lacks))
	} else {
		r.needed = len(sources)
	}
	r.describe(sources)
	r.sort()
	return r, err
}

// readMore reads what is to be shown of missing sources, besides a line for each.
func (a *app) readMore(ctx context.Context, r *ranking, lacks []lack) error {
	if !a.json && !a.verbose && !r.named {
		return nil
	}
	r.findExamples()
	if r.named {
		return a.findWays(ctx, r, lacks)
	}
	sources, err := a.catalog.SourcesAt(ctx, r.rows(lacks))
	if err != nil {
		return err
	}
	byID := make(map[int64]*catalog.Source, len(sources))
	for i := range sources {
		byID[sources[i].ID] = &sources[i]
	}
	for i := range lacks {
		l := &lacks[i]
		l.neededSource = r.neededSource(byID[l.ID], l.number)
	}
	return nil
}

// findExamples finds a few attributes that need each source.
func (r *ranking) findExamples() {
	roots, paths := r.merged(attributePath)
	r.paths, r.places = paths, r.graph.Examples(roots, fewExamples)
}

// fewExamples is how many attributes stand for all that need a source.
const fewExamples = 3

// inquireWanted reads what all attributes need that the flags leave, and what else is
// wanted: its sources are in the graph, though no node gives them.
func (a *app) inquireWanted(
	ctx context.Context, flags *askFlags,
) (*inquiry, []catalog.Source, error) {
	return a.inquireAll(ctx, flags, a.wantedLeft)
}

// inquireAll is inquireWanted, with what is wanted read by read.
func (a *app) inquireAll(
	ctx context.Context, flags *askFlags,
	read func(context.Context, *askFlags) ([]catalog.Source, error),
) (*inquiry, []catalog.Source, error) {
	q := new(inquiry)
	var err error
	if q.attributes, err = a.attributesLeft(ctx, flags); err != nil {
		return nil, nil, err
	}
	wanted, err := read(ctx, flags)
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

// wantedInShort returns the sources that are wanted by the snapshots that the flags leave;
// without flags, also those that want-lists want. See Catalog.Wanted.
func (a *app) wantedInShort(ctx context.Context, flags *askFlags) ([]catalog.Source, error) {
	return a.catalog.Wanted(ctx, flags.snapshot, flags.systems)
}

// wantedLeft returns the same, with all that the catalog knows of them.
func (a *app) wantedLeft(ctx context.Context, flags *askFlags) ([]catalog.Source, error) {
	wanted, err := a.wantedInShort(ctx, flags)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(wanted))
	for i := range wanted {
		ids[i] = wanted[i].ID
	}
	return a.catalog.SourcesAt(ctx, ids)
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

// An attributeKey tells attributes apart that count each for itself.
type attributeKey struct{ system, path string }

func attributeOfSystem(at *catalog.Attribute) attributeKey {
	return attributeKey{at.System, at.Path}
}

func attributePath(at *catalog.Attribute) attributeKey { return attributeKey{path: at.Path} }

// merged returns a root for each different key of the attributes, and their paths: what
// has the same key needs what any of them needs.
func (q *inquiry) merged(
	key func(*catalog.Attribute) attributeKey,
) (roots []int32, paths []string) {
	places := make(map[attributeKey]int, len(q.attributes))
	all := map[int][]int32{} // by place: where there are several
	for i := range q.attributes {
		k, root := key(&q.attributes[i]), q.graph.Roots[i]
		place, ok := places[k]
		switch {
		case !ok:
			places[k] = len(roots)
			roots, paths = append(roots, root), append(paths, k.path)
		case roots[place] == closure.None:
			roots[place] = root
		case root != closure.None && root != roots[place]:
			all[place] = append(all[place], root)
		}
	}
	for place, more := range all {
		roots[place] = q.joined(append(more, roots[place]))
	}
	return roots, paths
}

// joined returns a node that needs what any of nodes needs.
func (q *inquiry) joined(nodes []int32) int32 {
	q.graph.Derivations = append(q.graph.Derivations, 0)
	return q.graph.Add(nodes, closure.None)
}

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
}

// examples returns paths of a few attributes that need a source.
func (r *ranking) examples(l *lack) (paths []string) {
	if int(l.number) < len(r.places) {
		for _, place := range r.places[l.number] {
			paths = append(paths, r.paths[place])
		}
	}
	return paths
}

// rows returns the IDs of missing sources.
func (r *ranking) rows(lacks []lack) []int64 {
	ids := make([]int64, len(lacks))
	for i := range lacks {
		ids[i] = r.graph.Sources[lacks[i].number]
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
