package main

import (
	"context"
	"slices"

	"granary/catalog"
)

// A wish is what a fetch is asked for.
type wish struct {
	attributes []catalog.Attribute // that count
	graph      *catalog.Graph      // of what they need
	sources    []catalog.Source    // wanted and not held
	sizes      []download          // the same
	sizing     *sizing
	place      map[int64]int // of each Source.ID in sources
	held       int           // sources that are wanted and held
}

// A download is how many bytes a source takes; 0 if that is not known.
type download struct {
	bytes     int64
	certainty certainty
}

// wish returns what is wanted by want-lists and by the snapshots that ask names, or of
// that what only chooses.
func (a *app) wish(ctx context.Context, ask *askFlags, only *onlyFlags) (*wish, error) {
	w := new(wish)
	chosen, err := a.wishFor(ctx, w, ask, only)
	if err != nil {
		return nil, err
	}
	wanted, err := a.wantedBy(ctx, ask)
	if err != nil {
		return nil, err
	}
	stock, err := a.takeStock(ctx)
	if err != nil {
		return nil, err
	}
	if w.sizing, err = a.newSizing(ctx, stock.sources); err != nil {
		return nil, err
	}
	w.sources = slices.DeleteFunc(stock.sources, func(s catalog.Source) bool {
		isWanted := (wanted == nil || wanted[s.ID]) && chosen.has(&s)
		if isWanted && s.State == catalog.Held {
			w.held++
		}
		return !isWanted || s.State == catalog.Held
	})
	chosen.sort(w.sources)
	w.measure()
	return w, chosen.check()
}

// wishFor fills in the attributes that count and what they need, and returns the choice
// among all sources, nil for all of them.
func (a *app) wishFor(
	ctx context.Context, w *wish, ask *askFlags, only *onlyFlags,
) (chosen *choice, err error) {
	if ask.everywhere() {
		w.attributes, err = a.catalog.Attributes(ctx, "")
	} else {
		w.attributes, err = a.candidates(ctx, ask, nil, nil)
	}
	if err != nil {
		return nil, err
	}
	if len(only.patterns) > 0 {
		chosen = only.among(w.attributes)
		w.attributes = chosen.attributes
	}
	w.graph, err = a.catalog.Graph(ctx, w.attributes, false)
	if err == nil && chosen != nil {
		chosen.users = users(w.graph)
	}
	return chosen, err
}

// everywhere tells whether all snapshots count.
func (f *askFlags) everywhere() bool { return f.snapshot == "" && len(f.systems) == 0 }

// wantedBy returns the sources that snapshots want, by Source.ID; nil: all count, and
// want-lists, too.
func (a *app) wantedBy(ctx context.Context, ask *askFlags) (map[int64]bool, error) {
	if ask.everywhere() {
		return nil, nil
	}
	snapshots, err := a.catalog.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	wanted := map[int64]bool{}
	for _, s := range snapshots {
		if ask.snapshot != "" && ask.snapshot != s.Name ||
			len(ask.systems) > 0 && !slices.Contains(ask.systems, s.System) {
			continue
		}
		more, err := a.catalog.WantedBy(ctx, s.Name)
		if err != nil {
			return nil, err
		}
		for id := range more {
			wanted[id] = true
		}
	}
	return wanted, nil
}

// measure tells how large each of the sources is.
func (w *wish) measure() {
	w.sizes = make([]download, len(w.sources))
	w.place = make(map[int64]int, len(w.sources))
	for i := range w.sources {
		w.sizes[i] = w.sizing.of(&w.sources[i])
		w.place[w.sources[i].ID] = i
	}
}
