package fetch

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
	for _, raw := range r.HashedMirrors {
		m, err := newHashedMirror(r, raw)
		if err != nil {
			return err
		}
		r.places.hashed = append(r.places.hashed, m)
	}
	return nil
}
