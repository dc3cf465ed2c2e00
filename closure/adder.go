package closure

import "math/bits"

// An adder adds up tallies, and how many roots need each source. What it needs to know of
// the sources of a block it keeps together, since most of the time goes into this.
type adder struct {
	sources []Source
	weights []int32 // by tally: roots
	users   []int32 // by source: roots
	tallies []Tally

	places  []int32 // the sources of the block
	missing block   // those of which the bit is set
	unknown block   // of these: of which the size is not known
	bytes   [blockBits]int64
	needed  [blockBits]int32 // by so many roots
}

// begin begins the block of these sources.
func (a *adder) begin(places []int32) {
	a.places, a.missing, a.unknown = places, block{}, block{}
	clear(a.needed[:])
	for i, number := range places {
		source := &a.sources[number]
		if !source.Missing {
			continue
		}
		a.missing[i/64] |= 1 << (i % 64)
		if source.Bytes < 0 {
			a.unknown[i/64] |= 1 << (i % 64)
		}
		a.bytes[i] = max(source.Bytes, 0)
	}
}

// end ends the block, which no other adder has.
func (a *adder) end() {
	for i, number := range a.places {
		a.users[number] = a.needed[i]
	}
}

// add adds a set of the block to a tally.
func (a *adder) add(tally int32, set *block, _ []int32) {
	t, weight := &a.tallies[tally], a.weights[tally]
	for i, word := range set {
		t.Needs += bits.OnesCount64(word)
		t.Unknown += bits.OnesCount64(word & a.unknown[i])
		needed := a.needed[64*i : 64*i+64]
		for rest := word; rest != 0; rest &= rest - 1 {
			needed[bits.TrailingZeros64(rest)&63] += weight
		}
		if word &= a.missing[i]; word == 0 {
			continue
		}
		t.Missing += bits.OnesCount64(word)
		t.only = a.places[64*i+bits.TrailingZeros64(word)]
		for bytes := a.bytes[64*i : 64*i+64]; word != 0; word &= word - 1 {
			t.Bytes += bytes[bits.TrailingZeros64(word)&63]
		}
	}
}

// add adds what was counted of other sources.
func (t *Tally) add(more *Tally) {
	if more.Missing > 0 {
		t.only = more.only
	}
	t.Needs += more.Needs
	t.Missing += more.Missing
	t.Unknown += more.Unknown
	t.Bytes += more.Bytes
}
