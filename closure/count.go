package closure

import (
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
)

// A Source is what there is to know of a source, to tell whether it is there.
type Source struct {
	Missing bool
	Bytes   int64 // that it will take if it is missing; less than 0: not known
}

// A Tally is what one root needs.
type Tally struct {
	Needs   int   // sources
	Missing int   // of them
	Unknown int   // of those that are missing: of which the size is not known
	Bytes   int64 // of those of which it is

	only int32 // if one is missing: its number
}

// A Count is what many roots need.
type Count struct {
	Roots   []Tally // by root, in the order in which they were named
	Users   []int32 // by source: how many of the roots need it
	Unlocks []int32 // by source: for how many of them it is all that is missing
}

// Count returns what each of the roots needs: every source that is reached from it. A
// root may be None, which needs nothing, and may be named several times. sources has one
// for each of g.NumSources().
func (g *Graph) Count(roots []int32, sources []Source) Count {
	c := newCounting(g, roots)
	count := Count{
		Roots: make([]Tally, len(roots)), Users: make([]int32, g.sources),
		Unlocks: make([]int32, g.sources),
	}
	var adders []*adder
	c.share(func(w *counter) visitor {
		a := &adder{
			sources: sources, weights: c.weights, users: count.Users,
			tallies: make([]Tally, len(c.weights)),
		}
		w.begin, w.end = a.begin, a.end
		adders = append(adders, a)
		return a.add
	})
	c.collect(&count, roots, adders)
	return count
}

// A visitor is told which sources of a block the roots of a tally reach: those at the
// set's bits in places.
type visitor func(tally int32, set *block, places []int32)

// share shares the blocks out among counters, each with a visitor of its own.
func (c *counting) share(visit func(*counter) visitor) {
	workers := min(runtime.GOMAXPROCS(0), len(c.order)/blockBits+1)
	var wg sync.WaitGroup
	for range workers {
		w := newCounter(c)
		w.visit = visit(w)
		wg.Go(w.run)
	}
	wg.Wait()
}

// blockBits is how many sources a block has.
const (
	blockWords = 4
	blockBits  = 64 * blockWords
)

type block [blockWords]uint64

// A counting is what all blocks share.
type counting struct {
	g       *Graph
	order   []int32 // sources that are reached, in the order of blocks
	place   []int32 // of each source in order
	givers  lists   // by place: the nodes that give the source
	parents lists   // by node: what needs it and is reached
	tally   []int32 // by node: of its tally; None if no root is there
	weights []int32 // by tally: how many roots are there
	next    atomic.Int64
}

func newCounting(g *Graph, roots []int32) *counting {
	w := g.walk(roots)
	c := &counting{
		g: g, order: w.sources, place: make([]int32, g.sources), tally: make([]int32, g.Len()),
	}
	for i, source := range c.order {
		c.place[source] = int32(i)
	}
	c.givers = newLists(len(c.order), func(add func(list, item int32)) {
		for node, source := range g.source {
			if w.seen[node] && source != None {
				add(c.place[source], int32(node))
			}
		}
	})
	c.parents = newLists(g.Len(), func(add func(list, item int32)) {
		for node := range int32(g.Len()) {
			if w.seen[node] {
				for _, input := range g.Inputs(node) {
					add(input, node)
				}
			}
		}
	})
	c.weigh(roots)
	return c
}

// weigh gives a tally to each node at which there are roots.
func (c *counting) weigh(roots []int32) {
	for i := range c.tally {
		c.tally[i] = None
	}
	for _, root := range roots {
		if root == None {
			continue
		}
		if c.tally[root] == None {
			c.tally[root] = int32(len(c.weights))
			c.weights = append(c.weights, 0)
		}
		c.weights[c.tally[root]]++
	}
}

// collect adds up what the adders have counted.
func (c *counting) collect(count *Count, roots []int32, adders []*adder) {
	for i, root := range roots {
		if root == None {
			continue
		}
		t := &count.Roots[i]
		for _, a := range adders {
			t.add(&a.tallies[c.tally[root]])
		}
		if t.Missing == 1 {
			count.Unlocks[t.only]++
		}
	}
}

// A counter counts one block after the other.
type counter struct {
	*counting
	visit   visitor
	begin   func(places []int32) // of a block, and its end; nil: nothing is to be done
	end     func()
	sets    []block
	slot    []int32  // by node: of its set; None if it has none
	waiting []uint64 // nodes with a set that was not handed on yet: a bit for each
	touched []int32  // the nodes with a set
}

func newCounter(c *counting) *counter {
	w := &counter{
		counting: c,
		slot:     make([]int32, c.g.Len()), waiting: make([]uint64, c.g.Len()/64+1),
	}
	for i := range w.slot {
		w.slot[i] = None
	}
	return w
}

func (w *counter) run() {
	for {
		first := int(w.next.Add(1)-1) * blockBits
		if first >= len(w.order) {
			return
		}
		w.count(first, min(first+blockBits, len(w.order)))
	}
}

// count counts the sources from place first to before last.
func (w *counter) count(first, last int) {
	if w.begin != nil {
		w.begin(w.order[first:last])
		defer w.end()
	}
	for place := first; place < last; place++ {
		bit := place - first
		for _, node := range w.givers.list(int32(place)) {
			w.set(node)[bit/64] |= 1 << (bit % 64)
		}
	}
	for word := range w.waiting {
		for w.waiting[word] != 0 { // what is handed on may come to the same word
			bit := bits.TrailingZeros64(w.waiting[word])
			w.waiting[word] &^= 1 << bit
			w.handOn(int32(64*word+bit), first)
		}
	}
	for _, node := range w.touched {
		w.slot[node] = None
	}
	w.touched, w.sets = w.touched[:0], w.sets[:0]
}

// set returns the set of a node, which it makes if there is none. It is valid until the
// next is made.
func (w *counter) set(node int32) *block {
	if w.slot[node] == None {
		w.slot[node] = int32(len(w.sets))
		w.sets = append(w.sets, block{})
		w.touched = append(w.touched, node)
		w.waiting[node/64] |= 1 << (node % 64)
	}
	return &w.sets[w.slot[node]]
}

// handOn hands a node's set on to what needs it, and adds it to the node's tally.
func (w *counter) handOn(node int32, first int) {
	set := w.sets[w.slot[node]]
	for _, parent := range w.parents.list(node) {
		to := w.set(parent)
		for i, word := range &set {
			to[i] |= word
		}
	}
	if tally := w.tally[node]; tally != None {
		w.visit(tally, &w.sets[w.slot[node]], w.order[first:])
	}
}

// lists are many short lists in one.
type lists struct{ begin, items []int32 }

func (l *lists) list(i int32) []int32 { return l.items[l.begin[i]:l.begin[i+1]] }

// newLists makes n lists of what fill adds, which is called twice.
func newLists(n int, fill func(add func(list, item int32))) lists {
	l := lists{begin: make([]int32, n+1)}
	fill(func(list, _ int32) { l.begin[list+1]++ })
	for i := range n {
		l.begin[i+1] += l.begin[i]
	}
	l.items = make([]int32, l.begin[n])
	at := make([]int32, n)
	copy(at, l.begin)
	fill(func(list, item int32) {
		l.items[at[list]] = item
		at[list]++
	})
	return l
}
