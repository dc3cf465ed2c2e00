package main

import (
	"granary"
	"granary/catalog"
	"granary/closure"
	"granary/hashes"
)

// An attrChangeLine is a line of `granary diff --json` about an attribute.
type attrChangeLine struct {
	Change     change             `json:"change"`
	AttrPath   string             `json:"attrPath"`
	System     string             `json:"system"`
	OldDrvPath *hashes.StorePath  `json:"oldDrvPath"`
	NewDrvPath *hashes.StorePath  `json:"newDrvPath"`
	OldName    *string            `json:"oldName"`
	NewName    *string            `json:"newName"`
	Error      *string            `json:"error"`
	ErrorKind  *granary.ErrorKind `json:"errorKind"`
}

func (c *attrChange) json() attrChangeLine {
	at := c.attribute()
	line := attrChangeLine{Change: c.change, AttrPath: at.Path, System: at.System}
	if c.old != nil {
		line.OldDrvPath, line.OldName = orNull(c.old.DrvPath), orNull(c.old.Name)
	}
	if c.new != nil {
		line.NewDrvPath, line.NewName = orNull(c.new.DrvPath), orNull(c.new.Name)
	}
	if failed := c.failed(); failed != nil {
		line.Error, line.ErrorKind = &failed.Error, &failed.Kind
	}
	return line
}

// A sourceChangeLine is a line of `granary diff --json` about a source.
type sourceChangeLine struct {
	Change change `json:"source"`
	sourceLine
	Bytes *int64 `json:"bytes"`
}

func (s *sourceChange) json() sourceChangeLine {
	line := sourceChangeLine{Change: s.change, sourceLine: sourceJSON(s.Source)}
	if s.bytes >= 0 {
		line.Bytes = &s.bytes
	}
	return line
}

// A diffSummary is the last line of `granary diff --json`.
type diffSummary struct {
	Summary        bool        `json:"summary"` // true
	Old            diffSide    `json:"old"`
	New            diffSide    `json:"new"`
	Added          int         `json:"added"` // attributes, as the next four
	Removed        int         `json:"removed"`
	Changed        int         `json:"changed"`
	Broken         int         `json:"broken"`
	Fixed          int         `json:"fixed"`
	Versions       int         `json:"versions"` // of those changed
	SourcesAdded   diffSources `json:"sourcesAdded"`
	SourcesRemoved int         `json:"sourcesRemoved"`
	Sources        diffSources `json:"sources"` // all that the new snapshot needs
}

type diffSide struct {
	Snapshot string `json:"snapshot"`
	System   string `json:"system"`
	Attrs    int    `json:"attrs"`
}

func newDiffSide(s *catalog.Snapshot) diffSide { return diffSide{s.Name, s.System, s.Attributes} }

type diffSources struct {
	Number  int `json:"number"`
	Missing int `json:"missing"`
	missingSize
}

func newDiffSources(t *closure.Tally) diffSources {
	return diffSources{t.Needs, t.Missing, newMissingSize(t)}
}

// summary counts what differs.
func (d *difference) summary() diffSummary {
	sum := diffSummary{
		Summary: true, Old: newDiffSide(d.old), New: newDiffSide(d.new),
		SourcesAdded: newDiffSources(&d.added), Sources: newDiffSources(&d.needs),
		SourcesRemoved: len(d.sources) - d.added.Needs,
	}
	numbers := map[change]*int{
		wasAdded: &sum.Added, wasRemoved: &sum.Removed, wasChanged: &sum.Changed,
		wasBroken: &sum.Broken, wasFixed: &sum.Fixed,
	}
	for i := range d.attributes {
		*numbers[d.attributes[i].change]++
		if d.attributes[i].isVersion() {
			sum.Versions++
		}
	}
	return sum
}

func (a *app) printDiffJSON(d *difference) error {
	for i := range d.attributes {
		if err := a.printJSON(d.attributes[i].json()); err != nil {
			return err
		}
	}
	for i := range d.sources {
		if err := a.printJSON(d.sources[i].json()); err != nil {
			return err
		}
	}
	return a.printJSON(d.summary())
}
