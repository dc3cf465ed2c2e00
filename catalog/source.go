package catalog

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"granary"
	"granary/hashes"
)

// A State says whether a source is on the disk.
type State string

// The states.
const (
	Held    State = "held"
	Missing State = "missing" // never tried, or not yet
	Failed  State = "failed"  // the last try failed; see Source.Reason
)

// A Source is a source that is wanted, with what became of it.
type Source struct {
	granary.Source
	ID        int64
	State     State
	Object    hashes.Hash    // names the object that serves a held source
	HeldBy    granary.Recipe // the recipe by which it does
	Size      int64          // of the object, in bytes
	Reason    string         // of the last failure
	Detail    string
	Systems   []string // of the snapshots that want it, sorted
	InClosure bool     // it is in the closure of an attribute
	Fetched   bool     // evaluation itself fetches it

	// Download is how many bytes there are to download, as a want-list said, or exactly
	// a server; 0 if that is not known.
	Download int64
	Extra    string // fields of a want-list that granary does not know, a JSON object or ""
}

// Sources returns every source that a snapshot or a want-list wants, in the
// order of their names: 0.1 s for 30,000.
func (c *Catalog) Sources(ctx context.Context) ([]Source, error) {
	return c.readSources(ctx, nil, func(s *Source, imported bool) bool {
		return imported || len(s.Systems) > 0
	})
}

// readSources reads the sources with ids, or all if that is nil, and returns those that keep
// keeps.
func (c *Catalog) readSources(
	ctx context.Context, ids []int64, keep func(s *Source, imported bool) bool,
) ([]Source, error) {
	usage, err := c.usage(ctx)
	if err != nil {
		return nil, err
	}
	r := &sourceReader{c: c, column: everySource}
	if ids != nil {
		r.column, r.args = sourcesIn, []any{jsonNumbers(ids)}
	}
	for _, read := range []func(context.Context) error{r.sources, r.outcomes, r.sizes, r.urls} {
		if err := read(ctx); err != nil {
			return nil, err
		}
	}
	r.start()
	kept := r.all[:0]
	for i := range r.all {
		s := &r.all[i]
		if usage.add(s); keep(s, r.imported[i]) {
			kept = append(kept, *s)
		}
	}
	clear(r.all[len(kept):])
	sortByName(kept)
	return kept, nil
}

// sortByName sorts sources by their names, and those of one name by their output paths.
// They are large: each is moved once.
func sortByName(all []Source) {
	order := make([]int32, len(all))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		a, b := &all[i], &all[j]
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.OutPath, b.OutPath))
	})
	for i := range order {
		if order[i] < 0 {
			continue // it was moved
		}
		first, to := all[i], int32(i)
		for order[to] != int32(i) {
			from := order[to]
			all[to], order[to] = all[from], -1
			to = from
		}
		all[to], order[to] = first, -1
	}
}

// startFrom takes over what s needs of the source at s.From.
func (s *Source) startFrom(start *Source) {
	s.FromHash = start.CA.Hash
	if len(s.URLs) == 0 {
		s.URLs = start.URLs
	}
}

// Source returns the source with that output path, wanted or not, but for its
// URLs and what concerns snapshots; false if there is none.
func (c *Catalog) Source(ctx context.Context, path hashes.StorePath) (Source, bool, error) {
	r := &sourceReader{c: c, column: sourcesAt, args: []any{path.Base()}}
	for _, read := range []func(context.Context) error{r.sources, r.outcomes, r.sizes} {
		if err := read(ctx); err != nil {
			return Source{}, false, err
		}
	}
	if len(r.all) == 0 {
		return Source{}, false, nil
	}
	return r.all[0], true, nil
}

func columnHash(algo string, digest []byte) (hashes.Hash, error) {
	a, err := hashes.ParseAlgorithm(algo)
	if err != nil {
		return hashes.Hash{}, err
	}
	return hashes.New(a, digest)
}
