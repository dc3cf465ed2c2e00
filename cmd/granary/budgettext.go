package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"granary/closure"
	"granary/hashes"
)

// budgetLine is the first line of `granary plan --budget --json`.
type budgetLine struct {
	Part   string `json:"part"`
	Budget int64  `json:"budget"`
	amount
	Bytes        int64 `json:"bytes"`
	UnknownBytes int64 `json:"unknownBytes"`
	Attributes   int   `json:"attributes"`
	Buildable    int   `json:"buildable"`
	Chosen       int   `json:"chosen"`
	Most         int   `json:"most"`
	LeftOut      int   `json:"leftOut"`
	ByHand       int   `json:"byHand"`
	Spare        int   `json:"spare"`
	space
}

// coverage is how many attributes of a package set are, and become, buildable.
type coverage struct {
	Part       string `json:"part"`
	Name       string `json:"name"`
	Attributes int    `json:"attributes"`
	Buildable  int    `json:"buildable"`
	Chosen     int    `json:"chosen"`
}

// A lackLine is a source that attributes lack which are left out.
type lackLine struct {
	Part       string           `json:"part"`
	Name       string           `json:"name"`
	OutPath    hashes.StorePath `json:"outPath"`
	Bytes      int64            `json:"bytes"`
	Attributes int              `json:"attributes"`
}

// allotLine is an attribute.
type allotLine struct {
	Part      string `json:"part"`
	AttrPath  string `json:"attrPath"`
	Snapshot  string `json:"snapshot"`
	System    string `json:"system"`
	Buildable bool   `json:"buildable"` // already
	Chosen    bool   `json:"chosen"`
	Bytes     int64  `json:"bytes"`
}

func (b *allotment) summary() budgetLine {
	fates := b.fates()
	m := b.amount()
	return budgetLine{
		Part: "budget", Budget: b.budget, amount: m, Bytes: b.budget - b.left, UnknownBytes: b.mean,
		Attributes: len(b.attributes) - fates[fateFailed], Buildable: fates[fateBuildable],
		Chosen: fates[fateChosen], Most: b.choice.Most - fates[fateBuildable],
		LeftOut: fates[fateLeft] + fates[fateByHand], ByHand: fates[fateByHand], Spare: b.spare,
	}
}

// coverages returns the coverage of each package set, those with most attributes chosen
// first.
func (b *allotment) coverages() []*coverage {
	sets := map[string]*coverage{}
	for i := range b.attributes {
		fate := b.fate(i)
		if fate == fateFailed {
			continue
		}
		name := packageSet(b.attributes[i].Path)
		c := sets[name]
		if c == nil {
			c = &coverage{Part: "packageSet", Name: name}
			sets[name] = c
		}
		c.Attributes++
		switch fate {
		case fateBuildable:
			c.Buildable++
		case fateChosen:
			c.Chosen++
		}
	}
	return slices.SortedFunc(maps.Values(sets), func(x, y *coverage) int {
		return cmp.Or(y.Chosen-x.Chosen, y.Attributes-x.Attributes, strings.Compare(x.Name, y.Name))
	})
}

// lacks returns the sources that attributes lack for which there are not enough bytes, the
// largest first.
func (b *allotment) lacks() (all []lackLine) {
	roots := slices.Clone(b.roots)
	for i := range roots {
		if b.fate(i) != fateLeft {
			roots[i] = closure.None
		}
	}
	users := b.graph.Count(roots, b.lacking).Users
	for number, n := range users {
		place, ok := b.place[b.graph.Sources[number]]
		if n == 0 || !ok || b.chosen[place] {
			continue
		}
		s := &b.sources[place]
		all = append(all, lackLine{"lacking", s.Name, s.OutPath, b.bytes(place), int(n)})
	}
	slices.SortFunc(all, func(x, y lackLine) int {
		return cmp.Or(cmp.Compare(y.Bytes, x.Bytes), y.Attributes-x.Attributes,
			strings.Compare(string(x.OutPath), string(y.OutPath)))
	})
	return all
}

func (a *app) printBudgetJSON(b *allotment, line *budgetLine) error {
	if err := a.printJSON(line); err != nil {
		return err
	}
	for _, c := range b.coverages() {
		if err := a.printJSON(c); err != nil {
			return err
		}
	}
	lacks := b.lacks()
	for _, line := range lacks[:min(planRows, len(lacks))] {
		if err := a.printJSON(line); err != nil {
			return err
		}
	}
	for i := range b.attributes {
		at, fate := &b.attributes[i], b.fate(i)
		if fate == fateFailed {
			continue
		}
		err := a.printJSON(allotLine{
			"attribute", at.Path, at.Snapshot, at.System, fate == fateBuildable, fate == fateChosen,
			b.counts.Roots[i].Bytes,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *app) printBudget(b *allotment, line *budgetLine) error {
	w := new(strings.Builder)
	fmt.Fprintf(w, "%s of %s become buildable with %s; at most %s could\n",
		thousands(line.Chosen), count(line.Attributes-line.Buildable, "attribute"), bytes(b.budget),
		thousands(line.Most))
	fmt.Fprintf(w, "%s to fetch, %s\n%s", count(line.Sources, "source"), &line.amount,
		line.amount.rows())
	if line.Unknown > 0 {
		fmt.Fprintf(w, "%9s %11s  is what each of these counts as: the mean of the others\n",
			"", bytes(b.mean))
	}
	if b.spare > 0 {
		fmt.Fprintf(w, "%9s %11s  make no attribute buildable: there was room left\n",
			thousands(b.spare), "")
	}
	w.WriteString(line.space.text())
	b.writeSets(w, a.verbose)
	b.writeLeft(w)
	if a.verbose {
		b.writeAttributes(w)
	}
	return a.printf("%s", w)
}

func (b *allotment) writeSets(w *strings.Builder, all bool) {
	sets := b.coverages()
	if len(sets) == 0 {
		return
	}
	most := planRows
	if all {
		most = len(sets)
	}
	fmt.Fprintf(w, "\n%9s %11s %9s  by package set\n", "chosen", "buildable", "of")
	for _, c := range sets[:min(most, len(sets))] {
		fmt.Fprintf(w, "%9s %11s %9s  %s\n", thousands(c.Chosen), thousands(c.Buildable),
			thousands(c.Attributes), printable(c.Name))
	}
	if more := len(sets) - most; more > 0 {
		fmt.Fprintf(w, "%32s and %s more\n", "", thousands(more))
	}
}

// writeLeft writes what is left out, and why.
func (b *allotment) writeLeft(w *strings.Builder) {
	fates := b.fates()
	if fates[fateLeft]+fates[fateByHand]+fates[fateFailed] == 0 {
		return
	}
	fmt.Fprintf(w, "\nleft out\n")
	for _, row := range []struct {
		fate fate
		text string
	}{
		{fateLeft, "lack more than there is left"},
		{fateByHand, "need what a person must get"},
		{fateFailed, "did not evaluate"},
	} {
		if n := fates[row.fate]; n > 0 {
			fmt.Fprintf(w, "%9s  %s\n", thousands(n), row.text)
		}
	}
	lacks := b.lacks()
	if len(lacks) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%9s %11s  the largest sources that these lack\n", "attributes", "bytes")
	for _, line := range lacks[:min(planRows, len(lacks))] {
		fmt.Fprintf(w, "%9s %11s  %s\n", thousands(line.Attributes), bytes(line.Bytes),
			printable(line.Name))
	}
}

func (b *allotment) writeAttributes(w *strings.Builder) {
	fmt.Fprintf(w, "\n%21s  attributes, and what each lacks\n", "bytes")
	for i := range b.attributes {
		word := ""
		switch b.fate(i) {
		case fateBuildable:
			word = "buildable"
		case fateChosen:
			word = "chosen"
		case fateLeft, fateByHand:
			word = "left out"
		default:
			continue
		}
		fmt.Fprintf(w, "%9s %11s  %s\n", word, bytes(b.counts.Roots[i].Bytes),
			printable(b.attributes[i].Path))
	}
}
