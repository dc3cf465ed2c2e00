package main

import (
	"context"

	"github.com/spf13/cobra"

	"granary/catalog"
	"granary/closure"
)

const diffHelp = `Compares two snapshots: which attributes were added, removed and changed from A
to B, which evaluate no more and which do now, and which sources B needs that A
does not. A snapshot needs the sources in the closures of its attributes, those
that fetchurl was called for, and those that evaluation itself fetches.

A and B are names of snapshots, or the beginning of one that no other begins
with. They may be for different systems: attributes are compared by their paths.

A package set of which much changed takes one line, and of many sources only
the largest are shown. -v shows all of it.

The exit status is 0 whatever differs and whatever is missing: this is no yes
or no question. granary query buildable --snapshot B answers one.

With --json each difference is a line. Those about attributes have
  change      added, removed, changed (another derivation), broken, fixed
  attrPath, system, oldDrvPath, newDrvPath, oldName, newName
  error, errorKind  why it does not evaluate: in B, else in A
those about sources the fields of granary sources --json but ledger, and
  source      added, removed
  bytes       the size of its object, or of its download; null if not known
and the last one, with "summary":true,
  old, new    the snapshots: snapshot, system, attrs (how many)
  added, removed, changed, broken, fixed   how many attributes
  versions    how many of those changed have another name or version
  sourcesRemoved   how many sources
  sourcesAdded     those added: number, missing, missingBytes (null if the
              size of one is not known), missingKnownBytes, missingUnknown
  sources     the same of all sources that B needs`

func newDiff(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "diff A B",
		Short:             "What snapshot B needs that A does not, and what of it is missing",
		Long:              diffHelp,
		Args:              twoSnapshots,
		ValidArgsFunction: a.completeSnapshots(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := a.openForReading(ctx); err != nil {
				return err
			}
			d, err := a.diff(ctx, args[0], args[1])
			if err != nil {
				return err
			}
			if a.json {
				return a.buffered(func() error { return a.printDiffJSON(d) })
			}
			if err := a.print(d.text(a.verbose)); err != nil {
				return err
			}
			a.tellDiff(d)
			return nil
		},
	}
}

func twoSnapshots(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) < 2:
		return usagef("%s needs the names of two snapshots", cmd.CommandPath())
	case len(args) > 2:
		return usagef("unexpected argument %q", args[2])
	}
	return nil
}

// A difference is what two snapshots differ in.
type difference struct {
	old, new   *catalog.Snapshot
	attributes []attrChange // by path
	sources    []sourceChange
	added      closure.Tally // of sources
	needs      closure.Tally // of all sources that the new snapshot needs
}

// A sourceChange is a source that only one of two snapshots needs.
type sourceChange struct {
	*catalog.Source
	change change // added or removed
	bytes  int64  // of the object, or to download; less than 0: not known
}

// diff compares the snapshots of these names.
func (a *app) diff(ctx context.Context, from, to string) (*difference, error) {
	snapshots, err := a.catalog.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	if len(snapshots) == 0 {
		return nil, a.noSnapshots(ctx)
	}
	d := new(difference)
	if d.old, err = findSnapshot(snapshots, from); err != nil {
		return nil, err
	}
	if d.new, err = findSnapshot(snapshots, to); err != nil {
		return nil, err
	}
	before, err := a.catalog.Attributes(ctx, d.old.Name)
	if err != nil {
		return nil, err
	}
	after, err := a.catalog.Attributes(ctx, d.new.Name)
	if err != nil {
		return nil, err
	}
	d.attributes = attrChanges(before, after)
	return d, a.diffSources(ctx, d)
}

// diffSources compares the sources that the snapshots need.
func (a *app) diffSources(ctx context.Context, d *difference) error {
	before, err := a.catalog.WantedBy(ctx, d.old.Name)
	if err != nil {
		return err
	}
	after, err := a.catalog.WantedBy(ctx, d.new.Name)
	if err != nil {
		return err
	}
	stock, err := a.takeStock(ctx)
	if err != nil {
		return err
	}
	d.needs = stock.tally(after)
	for i := range stock.sources {
		s := sourceChange{Source: &stock.sources[i], bytes: stock.present[i].Bytes}
		switch {
		case after[s.ID] && !before[s.ID]:
			s.change = wasAdded
			tallySource(&d.added, &stock.present[i])
		case before[s.ID] && !after[s.ID]:
			s.change = wasRemoved
		default:
			continue
		}
		d.sources = append(d.sources, s)
	}
	return nil
}

// tellDiff says what is left to do, and what may surprise.
func (a *app) tellDiff(d *difference) {
	if d.old.System != d.new.System {
		a.notef("these are for %s and for %s: attributes are compared by their paths",
			printable(d.old.System), printable(d.new.System))
	}
	switch missing := d.added.Missing; {
	case len(d.attributes)+len(d.sources) == 0:
		a.notef("nothing differs")
	case missing > 0:
		a.notef("the disk lacks %s of %s added, %s", thousands(missing),
			count(d.added.Needs, "source"), howLarge(&d.added))
		a.notef("granary fetch --disk %s fetches what is missing", a.diskDir)
	}
}
