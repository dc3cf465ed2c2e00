package main

import (
	"context"

	"github.com/spf13/cobra"

	"granary"
	"granary/catalog"
	"granary/closure"
	"granary/hashes"
)

// buildableLine is a line of `granary query buildable --json`.
type buildableLine struct {
	Snapshot       string             `json:"snapshot"`
	System         string             `json:"system"`
	AttrPath       string             `json:"attrPath"`
	DrvPath        *hashes.StorePath  `json:"drvPath"`
	Buildable      bool               `json:"buildable"`
	Needs          int                `json:"needs"`        // sources
	Missing        int                `json:"missing"`      // of them
	MissingBytes   *int64             `json:"missingBytes"` // null if the size of one is not known
	MissingUnknown int                `json:"missingUnknown"`
	Error          *string            `json:"error"`
	ErrorKind      *granary.ErrorKind `json:"errorKind"`
}

const buildableHelp = `Says of attributes, or of those that match patterns such as
'python3Packages.*', or else of all, whether they are buildable offline:
yes, if the disk holds every source that is reached from the attribute's
derivation without looking behind a fixed-output derivation; what lies
there, the fetchers' tools, is not run when the output is there. --full
looks behind them as well.

Each line has the verdict, the attribute's path, how many of the sources that it
needs are missing, and how large these are (? if that is not known). What did
not evaluate is not buildable; if it is known what its evaluation stopped at, the
sources of that are counted. Where several snapshots were asked, the snapshot
stands at the end of the line.

Outputs that are valid in a Nix store (--with-store), or that a binary cache has
with all that they refer to (--with-cache), need not be built, as Nix has it: it
builds a derivation if an output that is wanted of it is not valid. What only
such a derivation needs is not counted. Nothing is remembered of what they say.
Whether your Nix trusts a cache's signatures is not looked at.

The exit status is 3 if the answer for a named attribute is no.

With --json each line has
  snapshot, system, attrPath
  drvPath         null if it did not evaluate
  buildable       true or false
  needs           how many sources it needs
  missing         how many of them are missing
  missingBytes    the size of these downloads; null if one is not known
  missingUnknown  of how many of them it is not known
  error           the first line says why it did not evaluate; null if it did
  errorKind       throw, crash, ifd, timeout or memory; null likewise`

const buildableExample = `  granary query buildable hello 'python3Packages.*'
  granary query buildable hello --with-store auto
  granary query buildable --json | jq -r 'select(.buildable) | .attrPath'`

// buildableFlags are those of granary query buildable.
type buildableFlags struct {
	askFlags
	valid validFlags
}

func newBuildable(a *app) *cobra.Command {
	flags := new(buildableFlags)
	cmd := &cobra.Command{
		Use:     "buildable [ATTR…]",
		Short:   "Is it buildable offline, with what the disk holds?",
		Long:    buildableHelp,
		Example: buildableExample,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := flags.valid.check(); err != nil {
				return err
			}
			if err := a.openForReading(ctx); err != nil {
				return err
			}
			return a.queryBuildable(ctx, flags, args)
		},
	}
	flags.add(cmd)
	flags.valid.add(cmd)
	return cmd
}

func (a *app) queryBuildable(ctx context.Context, flags *buildableFlags, args []string) error {
	q, err := a.inquire(ctx, &flags.askFlags, args)
	if err == nil && flags.valid.named() {
		err = a.subtract(ctx, q, &flags.valid, flags.full)
	}
	if err != nil {
		return err
	}
	b := newAnswers(q)
	err = a.buffered(func() error {
		for i := range b.all {
			if err := a.printAnswer(b, &b.all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.tellAnswers(b, flags, args)
	return b.status(len(args) > 0)
}

func (a *app) printAnswer(b *answers, v *answer) error {
	if a.json {
		return a.printJSON(v.json())
	}
	return a.print(b.text(v, a.verbose) + "\n")
}

// answers are those for all attributes that were asked for.
type answers struct {
	inquiry *inquiry
	counts  closure.Count
	all     []answer
	columns answerColumns
}

// An answer is that for one attribute.
type answer struct {
	attribute *catalog.Attribute
	tally     closure.Tally
}

func newAnswers(q *inquiry) *answers {
	b := &answers{inquiry: q, counts: q.count()}
	for i := range q.attributes {
		b.all = append(b.all, answer{&q.attributes[i], b.counts.Roots[i]})
	}
	b.columns = columnsOf(b.all)
	return b
}

// status returns errIncomplete if an attribute is not buildable that was asked for: word for
// word, or by a pattern if it evaluated.
func (b *answers) status(asked bool) error {
	for i := range b.all {
		v := &b.all[i]
		if asked && !v.buildable() && (b.inquiry.named[i] || v.evaluated()) {
			return errIncomplete
		}
	}
	return nil
}

func (v *answer) evaluated() bool { return v.attribute.Kind == "" }

func (v *answer) buildable() bool { return v.evaluated() && v.tally.Missing == 0 }

func (v *answer) json() buildableLine {
	line := buildableLine{
		Snapshot: v.attribute.Snapshot, System: v.attribute.System, AttrPath: v.attribute.Path,
		Buildable: v.buildable(), Needs: v.tally.Needs, Missing: v.tally.Missing,
		MissingUnknown: v.tally.Unknown,
	}
	if v.tally.Unknown == 0 {
		line.MissingBytes = &v.tally.Bytes
	}
	if v.evaluated() {
		line.DrvPath = &v.attribute.DrvPath
	} else {
		line.Error, line.ErrorKind = &v.attribute.Error, &v.attribute.Kind
	}
	return line
}
