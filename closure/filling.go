package closure

// A filling picks items, the cheapest first, until none fits any more.
type filling struct {
	*needs
	charges
	rest    int64   // bytes of the budget that are left
	lacks   []int64 // by item: bytes
	dropped []bool  // by item: it was picked, or does not fit
	taken   []bool  // by class
	picks   picks
}

// newFilling returns a filling that changes c.
func (n *needs) newFilling(c charges, budget int64) *filling {
	f := &filling{
		needs: n, charges: c, rest: budget, lacks: make([]int64, len(n.weights)),
		dropped: make([]bool, len(n.weights)), taken: make([]bool, len(n.bytes)),
		picks: picks{items: make([]bool, len(n.weights))},
	}
	for item := range f.lacks {
		for _, class := range n.classes.list(int32(item)) {
			f.lacks[item] += n.bytes[class]
		}
	}
	return f
}

// halvings is how often charges are made anew when half of the budget is taken.
const halvings = 6

// pick fills the budget. What does not fit any more has no part in charges made anew.
func (f *filling) pick() picks {
	for range halvings {
		if !f.fill(f.rest / 2) {
			return f.picks
		}
		f.charge(&f.charges, f.dropped, f.taken, roundsAgain)
	}
	f.fill(-1)
	return f.picks
}

// fill picks items until no more than stop bytes are left, and returns true, or until
// nothing fits.
func (f *filling) fill(stop int64) bool {
	h := f.heap()
	var touched []int32
	for len(h.items) > 0 {
		item := h.pop()
		f.dropped[item] = true
		if f.lacks[item] > f.rest {
			continue
		}
		touched = f.take(item, touched[:0])
		for _, other := range touched {
			h.fell(other)
		}
		if f.rest <= stop {
			f.dropUnfit()
			return true
		}
	}
	return false
}

// heap returns the items that are not dropped, by what they are charged for each root.
func (f *filling) heap() *heap {
	h := newHeap(len(f.weights), func(item int32) float64 { return f.of[item] / f.weights[item] })
	for item, dropped := range f.dropped {
		if !dropped {
			h.push(int32(item))
		}
	}
	return h
}

// take picks an item, and appends to touched the items that lack less now: these are
// charged no more for what was taken.
func (f *filling) take(item int32, touched []int32) []int32 {
	f.picks.items[item] = true
	f.picks.weight += f.weights[item]
	for _, class := range f.classes.list(item) {
		if f.taken[class] {
			continue
		}
		f.taken[class] = true
		f.picks.classes = append(f.picks.classes, class)
		f.rest -= f.bytes[class]
		parts := f.parts[f.items.begin[class]:]
		for i, other := range f.items.list(class) {
			if !f.dropped[other] {
				f.lacks[other] -= f.bytes[class]
				f.of[other] -= float64(parts[i])
				touched = append(touched, other)
			}
		}
	}
	return touched
}

// dropUnfit drops what does not fit, and never will: what an item lacks falls by no more
// than what is left.
func (f *filling) dropUnfit() {
	for item := range f.dropped {
		f.dropped[item] = f.dropped[item] || f.lacks[item] > f.rest
	}
}
