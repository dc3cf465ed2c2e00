package fetch

import (
	"slices"
	"time"
)

// places is what a run knows of where to ask.
type places struct {
	standings standings       // of the mirrors of mirror:// sites
	hashed    []*hashedMirror // in the order in which they are asked
}

// openPlaces prepares the places that r may ask.
func (r *run) openPlaces() error {
	if r.History != nil {
		r.places.standings.past = r.History.Hosts
	}
	if err := checkArchives(r.Archives); err != nil {
		return err
	}
	for _, raw := range r.HashedMirrors {
		m, err := newHashedMirror(r, raw)
		if err != nil {
			return err
		}
		r.places.hashed = append(r.places.hashed, m)
	}
	return nil
}

// lately is for how long a URL that failed for a reason that does not pass goes
// behind the others of its source.
const lately = 7 * 24 * time.Hour

// orderByPast puts the URLs of a source that gave the right bytes before first, and
// those last that failed lately for good. None is left out.
func (r *run) orderByPast(all []candidate) {
	if r.History == nil || len(all) < 2 {
		return
	}
	rank := make(map[string]int, len(all))
	now := time.Now()
	for _, c := range all {
		rank[c.url] = r.History.URLs[c.url].rank(now)
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return rank[a.url] - rank[b.url] })
}

// rank is less for a URL that is to be asked before others.
func (p Past) rank(now time.Time) int {
	failed := p.Bad.After(p.Good)
	switch {
	case failed && p.Reason.isFinal() && now.Sub(p.Bad) < lately:
		return 1
	case !p.Good.IsZero():
		return -1
	}
	return 0
}
