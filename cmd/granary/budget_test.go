package main

import (
	"math/rand/v2"
	"testing"

	"granary"
	"granary/catalog"
	"granary/closure"
)

// randomWish returns what a fetch may be asked for: attributes, of which some did not
// evaluate, in need of sources of which some are held, or of unknown size, or needed by
// none; those that only a person can get are named hand.
func randomWish(r *rand.Rand) *wish {
	w := &wish{graph: new(catalog.Graph), sizing: learnt(0, "", ""), place: map[int64]int{}}
	w.sizing.all = mean{2, 2 * 70}
	nodes := []int32{}
	for number := range int32(20 + r.IntN(30)) {
		s := catalog.Source{ID: int64(100 + number), Source: granary.Source{Name: "source"}}
		if number%3 > 0 {
			nodes = append(nodes, w.graph.Add(nil, int32(len(w.graph.Sources))))
			w.graph.Sources = append(w.graph.Sources, s.ID)
		}
		if r.IntN(4) == 0 {
			continue // it is held
		}
		if r.IntN(10) == 0 {
			s.Name = "hand"
		}
		d := download{r.Int64N(100), certainty(r.IntN(3))}
		if d.certainty == sizeUnknown {
			d.bytes = 0
		}
		w.place[s.ID] = len(w.sources)
		w.sources, w.sizes = append(w.sources, s), append(w.sizes, d)
	}
	for range 10 + r.IntN(30) {
		var inputs []int32
		for range r.IntN(4) {
			inputs = append(inputs, nodes[r.IntN(len(nodes))])
		}
		nodes = append(nodes, w.graph.Add(inputs, closure.None))
		at := catalog.Attribute{}
		at.Path = "attribute"
		if r.IntN(6) == 0 {
			at.Kind = granary.ErrorIFD
		}
		w.attributes = append(w.attributes, at)
		w.graph.Roots = append(w.graph.Roots, nodes[len(nodes)-1])
	}
	return w
}

// TestAllot looks at what fits budgets, the obvious way.
func TestAllot(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 20))
		w := randomWish(r)
		budget := r.Int64N(2500)
		b, err := w.allot(budget, func(place int) bool { return w.sources[place].Name != "hand" })
		if err != nil {
			t.Fatal(err)
		}
		spent, chosen := int64(0), map[int64]bool{}
		for _, s := range b.toFetch() {
			if s.Name == "hand" || chosen[s.ID] {
				t.Fatalf("seed %d: source %d is fetched twice, or by hand", seed, s.ID)
			}
			chosen[s.ID] = true
			if d := w.sizes[w.place[s.ID]]; d.certainty == sizeUnknown {
				spent += 70
			} else {
				spent += d.bytes
			}
		}
		if spent > budget || spent != b.summary().Bytes {
			t.Fatalf("seed %d: %d bytes of %d, it says %d", seed, spent, budget, b.summary().Bytes)
		}
		for i := range w.attributes {
			if got, want := b.fate(i), slowFate(w, i, chosen); got != want {
				t.Fatalf("seed %d, attribute %d: got %d, want %d", seed, i, got, want)
			}
		}
		if budget > 2000 && len(chosen)+hands(w) != len(w.sources) { // that is enough for all
			t.Fatalf("seed %d: %d of %d sources fit %d", seed, len(chosen), len(w.sources), budget)
		}
	}
}

func hands(w *wish) (n int) {
	for i := range w.sources {
		if w.sources[i].Name == "hand" {
			n++
		}
	}
	return n
}

// slowFate returns what becomes of an attribute when the chosen sources, by their IDs, have
// been fetched.
func slowFate(w *wish, attribute int, chosen map[int64]bool) fate {
	if w.attributes[attribute].Kind != "" {
		return fateFailed
	}
	result := fateBuildable
	for _, number := range w.graph.Reach(w.graph.Roots[attribute]) {
		id := w.graph.Sources[number]
		place, missing := w.place[id]
		switch {
		case !missing:
		case w.sources[place].Name == "hand":
			return fateByHand
		case !chosen[id]:
			result = fateLeft
		case result == fateBuildable:
			result = fateChosen
		}
	}
	return result
}

func TestAllotWithoutSizes(t *testing.T) {
	w := randomWish(rand.New(rand.NewPCG(1, 21)))
	w.sizing.all = mean{}
	for i := range w.sizes {
		w.sizes[i] = download{}
	}
	if _, err := w.allot(100, func(int) bool { return true }); err == nil {
		t.Error("got no error")
	}
	w.sizes[0] = download{30, sizeEstimated}
	if b, err := w.allot(100, func(int) bool { return true }); err != nil || b.mean != 30 {
		t.Errorf("got %v, %v", b, err)
	}
}
