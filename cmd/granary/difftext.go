package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"granary/catalog"
)

// text is for people: the numbers, and then what they count. Unless all is to be shown,
// package sets of which much changed are one line, and of many sources only the largest
// are there.
func (d *difference) text(all bool) string {
	w := new(strings.Builder)
	sum := d.summary()
	d.writeNumbers(w, &sum)
	for _, s := range d.sections() {
		s.write(w, all)
	}
	d.writeMissing(w, all)
	return w.String()
}

func (d *difference) writeNumbers(w *strings.Builder, sum *diffSummary) {
	for _, side := range []struct {
		name     string
		snapshot *catalog.Snapshot
	}{{"from", d.old}, {"to", d.new}} {
		fmt.Fprintf(w, "%-4s  %s, evaluated %s\n", side.name, printable(side.snapshot.Name),
			side.snapshot.Evaluated.Local().Format(dateFormat))
	}
	fmt.Fprintf(w, "\nattributes: %s -> %s\n", thousands(sum.Old.Attrs), thousands(sum.New.Attrs))
	writeNonZero(w, sum.Broken, "evaluate no more")
	writeNonZero(w, sum.Fixed, "evaluate now")
	writeNonZero(w, sum.Versions, "have another version or name")
	writeNonZero(w, sum.Changed-sum.Versions, "have another derivation of the same name")
	writeNonZero(w, sum.Removed, "removed")
	writeNonZero(w, sum.Added, "added")
	fmt.Fprintf(w, "\nsources: %s -> %s\n",
		thousands(d.needs.Needs-d.added.Needs+sum.SourcesRemoved), thousands(d.needs.Needs))
	writeNonZero(w, sum.SourcesRemoved, "removed")
	writeNonZero(w, d.added.Needs, "added")
	writeNonZero(w, d.added.Missing, "of these missing: "+howLarge(&d.added))
	writeNonZero(w, d.needs.Missing, "missing in all: "+howLarge(&d.needs))
}

func writeNonZero(w *strings.Builder, n int, what string) {
	if n > 0 {
		writeCount(w, n, what)
	}
}

// A section lists attributes that changed in the same way.
type section struct {
	title string
	is    func(*attrChange) bool
	says  func(*attrChange) string // of a single one
	sum   bool                     // where there are many, nobody looks for single ones
	found []*attrChange            // in the order of their paths
}

// sections returns those that are not empty.
func (d *difference) sections() []section {
	is := func(wanted change) func(*attrChange) bool {
		return func(c *attrChange) bool { return c.change == wanted }
	}
	all := []section{
		{title: "evaluate no more", is: is(wasBroken), says: (*attrChange).why},
		{title: "evaluate now", is: is(wasFixed), says: (*attrChange).name},
		{title: "another version or name", is: (*attrChange).isVersion, says: (*attrChange).names},
		{title: "another derivation of the same name", sum: true, says: (*attrChange).name,
			is: func(c *attrChange) bool { return c.change == wasChanged && !c.isVersion() }},
		{title: "removed", is: is(wasRemoved), says: (*attrChange).name},
		{title: "added", is: is(wasAdded), says: (*attrChange).name},
	}
	for i := range d.attributes {
		for k := range all {
			if all[k].is(&d.attributes[i]) {
				all[k].found = append(all[k].found, &d.attributes[i])
			}
		}
	}
	return slices.DeleteFunc(all, func(s section) bool { return len(s.found) == 0 })
}

// name says what the attribute is, or why it is nothing.
func (c *attrChange) name() string {
	if at := c.attribute(); at.Kind == "" {
		return at.Name
	}
	return c.why()
}

// why says why it does not evaluate.
func (c *attrChange) why() string {
	at := c.failed()
	line, _, _ := strings.Cut(at.Error, "\n")
	return fmt.Sprintf("%s: %s", at.Kind, line)
}

// mostOfSet is how many attributes of a package set are shown one by one.
const mostOfSet = 20

// write writes the section. Unless all is to be shown, a set of many attributes is a row
// where the first of them would be.
func (s *section) write(w *strings.Builder, all bool) {
	sets := map[string]int{}
	for _, c := range s.found {
		sets[packageSet(c.attribute().Path)]++
	}
	most := mostOfSet
	if s.sum && len(s.found) > most {
		most = 1
	}
	var rows [][2]string
	for _, c := range s.found {
		path := c.attribute().Path
		set := packageSet(path)
		n := sets[set]
		switch {
		case n == 0: // it was written
		case all || n <= most || set == topLevel && !s.sum:
			rows = append(rows, [2]string{path, s.says(c)})
		case set == topLevel:
			rows = append(rows, [2]string{set, count(n, "attribute")})
			sets[set] = 0
		default:
			rows = append(rows, [2]string{set + ".…", count(n, "attribute")})
			sets[set] = 0
		}
	}
	fmt.Fprintf(w, "\n%s\n", s.title)
	writeRows(w, rows)
}

// writeRows writes two columns.
func writeRows(w *strings.Builder, rows [][2]string) {
	const most = 36 // of the first column, where the second still fits beside it
	width := 0
	for _, row := range rows {
		if n := utf8.RuneCountInString(row[0]); n <= most {
			width = max(width, n)
		}
	}
	for _, row := range rows {
		fmt.Fprintf(w, "  %-*s  %s\n", width, printable(row[0]), printable(row[1]))
	}
}

// writeMissing lists the sources that were added and that the disk lacks, the largest
// first, and those of unknown size behind them by name.
func (d *difference) writeMissing(w *strings.Builder, all bool) {
	const most = 40
	var missing []*sourceChange
	for i := range d.sources {
		if s := &d.sources[i]; s.change == wasAdded && s.State != catalog.Held {
			missing = append(missing, s)
		}
	}
	if len(missing) == 0 {
		return
	}
	slices.SortStableFunc(missing, func(a, b *sourceChange) int {
		return cmp.Compare(b.bytes, a.bytes)
	})
	fmt.Fprintf(w, "\nsources that were added, and that the disk lacks\n")
	shown := missing
	if len(missing) > most && !all {
		shown = missing[:most]
	}
	for _, s := range shown {
		size := "?"
		if s.bytes >= 0 {
			size = bytes(s.bytes)
		}
		fmt.Fprintf(w, "%11s  %s\n", size, printable(s.Name))
	}
	if more := len(missing) - len(shown); more > 0 {
		fmt.Fprintf(w, "             and %s more\n", thousands(more))
	}
}
