package main

import (
	"cmp"
	"context"

	"granary/catalog"
)

// toFetch returns the sources that a fetch is to get, in its order, and how many of those
// that are wanted are held.
func (a *app) toFetch(
	ctx context.Context, flags *fetchFlags,
) (all []catalog.Source, held int, err error) {
	if flags.budget > 0 {
		return a.worthFetching(ctx, flags)
	}
	chosen, err := a.choose(ctx, &flags.only)
	if err != nil {
		return nil, 0, err
	}
	all, held, err = a.wanted(ctx, chosen.has)
	if err = cmp.Or(err, chosen.check()); err != nil {
		return nil, 0, err
	}
	chosen.sort(all)
	return all, held, nil
}

// worthFetching chooses what fits the budget.
func (a *app) worthFetching(
	ctx context.Context, flags *fetchFlags,
) (all []catalog.Source, held int, err error) {
	w, err := a.sizedWish(ctx, new(askFlags), &flags.sizes, flags)
	if err != nil {
		return nil, 0, err
	}
	b, err := w.allot(max(0, int64(flags.budget)-flags.spent), func(place int) bool {
		return flags.canGet(&w.sources[place], w.sizes[place])
	})
	if err != nil {
		return nil, 0, err
	}
	a.notef("%s", b.note())
	return b.toFetch(), w.held, nil
}

// canGet tells whether a fetch can get a source, as far as the flags say it.
func (f *fetchFlags) canGet(s *catalog.Source, d download) bool {
	switch {
	case byHand(&s.Source):
		return false
	case s.Recipe == "" && !f.builders.on && len(f.substituters.list()) == 0:
		return false
	}
	return f.maxSize == 0 || d.certainty != sizeKnown || d.bytes <= int64(f.maxSize)
}
