package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"granary/catalog"
	"granary/closure"
)

// budgetRule is for people.
const budgetRule = "With --budget SIZE it says which attributes are worth their bytes: it chooses\n" +
	"the sources that make most attributes buildable offline with new downloads of\n" +
	"SIZE in all. No fast way finds the best choice; the answer says how many\n" +
	"attributes any choice could make buildable at most. What is then left goes to\n" +
	"attributes that lack nothing else but what a person must get, and to sources\n" +
	"that no attribute needs, the smallest first. A source of unknown size counts as\n" +
	"the mean of the known ones. granary fetch --budget fetches the same.\n\n" +
	"Its JSON: \"part\":\"budget\" has the amounts of what is chosen (as total), free,\n" +
	"reserve and fits, bytes, unknownBytes (that each of unknown size counts as),\n" +
	"attributes (that evaluated), buildable (of them now), chosen (that become so),\n" +
	"most (that could), leftOut, byHand (of those left out, that need what a person\n" +
	"must get), and spare (sources chosen that make no attribute buildable). Then\n" +
	"come \"packageSet\" (name, attributes, buildable, chosen), \"lacking\" (the largest\n" +
	"sources that attributes lack which are left out: name, outPath, bytes,\n" +
	"attributes), and \"attribute\" (attrPath, snapshot, system, buildable, chosen, and\n" +
	"the bytes that it lacks, but for what a person must get)."

func addBudget(cmd *cobra.Command, budget *size) {
	cmd.Flags().Var(budget, "budget",
		"choose what makes most attributes buildable with new downloads of `SIZE` in all,\n"+
			"such as 500G; sizes are partly estimates")
}

// An allotment is what fits a budget.
type allotment struct {
	*wish
	budget, left int64
	mean         int64                // bytes that a source of unknown size counts as
	canGet       func(place int) bool // tells whether a fetch can get a source
	roots        []int32              // of the attributes that evaluated; of others None
	lacking      []closure.Source     // by the graph's sources, before anything is fetched
	counts       closure.Count        // of attributes and sources: the same
	choice       closure.Choice
	order        []int  // places of what is chosen, in the order of fetching
	chosen       []bool // by place
	spare        int    // of order, the last: they make no attribute buildable
}

// noSizesError means that there is nothing to choose by.
type noSizesError struct{}

func (noSizesError) Error() string { return "--budget: the size of no source is known" }

// allot chooses what fits the budget.
func (w *wish) allot(budget int64, canGet func(place int) bool) (*allotment, error) {
	b := &allotment{
		wish: w, budget: budget, left: budget, canGet: canGet, chosen: make([]bool, len(w.sources)),
	}
	var ok bool
	if b.mean, ok = w.mean(); !ok {
		return nil, noSizesError{}
	}
	b.roots = slices.Clone(w.graph.Roots)
	for i := range w.attributes {
		if w.attributes[i].Kind != "" {
			b.roots[i] = closure.None
		}
	}
	b.lacking = b.without(false)
	b.counts = w.graph.Count(b.roots, b.lacking)
	b.choice = w.graph.Choose(b.roots, b.lacking, budget)
	b.take(b.choice.Sources)
	before := len(b.order)
	if slices.ContainsFunc(b.lacking, func(s closure.Source) bool { return s.Bytes < 0 }) {
		b.take(w.graph.Choose(b.roots, b.without(true), b.left).Sources)
	}
	b.takeUnneeded()
	b.spare = len(b.order) - before
	return b, nil
}

// mean returns the mean of the sizes that are known, or else estimated. It is false if
// there is none, and some are unknown.
func (w *wish) mean() (int64, bool) {
	m, needed := w.sizing.all, false
	for _, d := range w.sizes {
		switch {
		case d.certainty == sizeUnknown:
			needed = true
		case d.certainty == sizeEstimated && w.sizing.all.n == 0:
			m = m.with(d.bytes)
		}
	}
	if m.n == 0 {
		return 0, !needed
	}
	return m.bytes(), true
}

// bytes returns the bytes that a source counts as.
func (b *allotment) bytes(place int) int64 {
	if d := b.sizes[place]; d.certainty != sizeUnknown {
		return d.bytes
	}
	return b.mean
}

// without returns the graph's sources without what is chosen, and, if added is set, as if
// what a fetch cannot get were here.
func (b *allotment) without(added bool) []closure.Source {
	sources := make([]closure.Source, len(b.graph.Sources))
	for number, id := range b.graph.Sources {
		place, ok := b.place[id]
		switch {
		case !ok || b.chosen[place]:
		case b.canGet(place):
			sources[number] = closure.Source{Missing: true, Bytes: b.bytes(place)}
		case !added:
			sources[number] = closure.Source{Missing: true, Bytes: -1}
		}
	}
	return sources
}

// take takes sources by their numbers in the graph.
func (b *allotment) take(numbers []int32) {
	for _, number := range numbers {
		b.takePlace(b.place[b.graph.Sources[number]])
	}
}

func (b *allotment) takePlace(place int) {
	b.chosen[place] = true
	b.order = append(b.order, place)
	b.left -= b.bytes(place)
}

// takeUnneeded takes what no attribute needs that evaluated, the smallest first.
func (b *allotment) takeUnneeded() {
	needed := make([]bool, len(b.sources))
	for number, id := range b.graph.Sources {
		if place, ok := b.place[id]; ok && b.counts.Users[number] > 0 {
			needed[place] = true
		}
	}
	var more []int
	for place := range b.sources {
		if !needed[place] && b.canGet(place) {
			more = append(more, place)
		}
	}
	slices.SortStableFunc(more, func(x, y int) int { return cmp.Compare(b.bytes(x), b.bytes(y)) })
	for _, place := range more {
		if b.bytes(place) <= b.left {
			b.takePlace(place)
		}
	}
}

// toFetch returns what is chosen, in the order of fetching.
func (b *allotment) toFetch() []catalog.Source {
	all := make([]catalog.Source, len(b.order))
	for i, place := range b.order {
		all[i] = b.sources[place]
	}
	return all
}

// amount returns what is chosen, in numbers.
func (b *allotment) amount() (m amount) {
	for _, place := range b.order {
		m.add(b.sizes[place])
	}
	return m
}

// A fate is what becomes of an attribute.
type fate int

const (
	fateFailed    fate = iota // it did not evaluate
	fateBuildable             // already
	fateChosen
	fateByHand // it needs what a fetch cannot get
	fateLeft   // there are not enough bytes
)

func (b *allotment) fate(attribute int) fate {
	t := &b.counts.Roots[attribute]
	switch {
	case b.roots[attribute] == closure.None:
		return fateFailed
	case t.Missing == 0:
		return fateBuildable
	case b.choice.Roots[attribute]:
		return fateChosen
	case t.Unknown > 0:
		return fateByHand
	}
	return fateLeft
}

// fates counts the attributes by what becomes of them.
func (b *allotment) fates() map[fate]int {
	counts := map[fate]int{}
	for i := range b.attributes {
		counts[b.fate(i)]++
	}
	return counts
}

// note says in a line what is chosen.
func (b *allotment) note() string {
	m := b.amount()
	text := fmt.Sprintf("--budget %s: ", bytes(b.budget))
	if len(b.attributes) > 0 {
		text += count(b.fates()[fateChosen], "attribute") + " become buildable by "
	}
	text += count(m.Sources, "source")
	if m.Sources > 0 {
		text += ", " + m.String()
	}
	return strings.Replace(text, "1 attribute become ", "1 attribute becomes ", 1)
}
