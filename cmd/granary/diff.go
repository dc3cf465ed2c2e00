package main

import (
	"context"

	"github.com/spf13/cobra"

	"granary/catalog"
	"granary/closure"
)

func newDiff(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "diff A B",
		Short: "What snapshot B needs that A does not, and what of it is missing",
		Long: "Compares two snapshots: which attributes were added, removed and changed from A\n" +
			"to B, which evaluate no more and which do now, and which sources B needs that A\n" +
			"does not. Needed are the sources in closures of attributes, those that fetchurl\n" +
			"was called for, and those that evaluation itself fetches. Attributes are compared\n" +
			"by their paths, so that snapshots for different systems can be compared, too.\n\n" +
			"A and B are names of snapshots, or the beginning of one that no other begins with.\n" +
			"A package set of which much changed takes one line, and of many sources only the\n" +
			"largest are shown: -v shows all, and so does --json, a line for each difference.\n" +
			"Lines with \"change\" (added, removed, changed, broken, fixed) are attributes, with\n" +
			"attrPath, system, oldDrvPath, newDrvPath, oldName, newName, error and errorKind:\n" +
			"why it does not evaluate in B or, if it is removed or fixed, in A. Lines with\n" +
			"\"source\" (added, removed) are as granary sources has them, with bytes for the\n" +
			"ledger: of the object or, if it is not held, of the download, null if that is not\n" +
			"known. The last line is the \"summary\": old and new (snapshot, system, attrs), how\n" +
			"many attributes are added, removed, changed (of these to another name or version:\n" +
			"versions), broken and fixed; sourcesRemoved; and as sourcesAdded and, for all that\n" +
			"B needs, as sources: their number, how many are missing, missingBytes (null if the\n" +
			"size of one is not known), missingKnownBytes and missingUnknown.\n\n" +
			"The exit status is 0 whatever differs and whatever is missing: that is the answer.\n" +
			"granary query buildable --snapshot B says what can be built.",
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
		a.notef("the disk lacks %s of the %s that were added, %s: granary fetch --disk %s",
			thousands(missing), count(d.added.Needs, "source"), howLarge(&d.added), a.diskDir)
	}
}
