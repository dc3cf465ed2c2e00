package main

import (
	"context"
	"fmt"
	"strings"

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

func newBuildable(a *app) *cobra.Command {
	flags := new(buildableFlags)
	cmd := &cobra.Command{
		Use:   "buildable [ATTR…]",
		Short: "Is it buildable offline, with what the disk holds?",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := flags.validFlags.check(); err != nil {
				return err
			}
			if err := a.openForReading(ctx); err != nil {
				return err
			}
			return a.queryBuildable(ctx, flags, args)
		},
	}
	flags.askFlags.add(cmd)
	flags.validFlags.add(cmd)
	return cmd
}

type buildableFlags struct {
	askFlags
	validFlags
}

func (a *app) queryBuildable(ctx context.Context, flags *buildableFlags, args []string) error {
	q, err := a.inquire(ctx, &flags.askFlags, args)
	if err == nil && flags.named() {
		err = a.subtract(ctx, q, &flags.validFlags, flags.full)
	}
	if err != nil {
		return err
	}
	counts, no := q.count(), 0
	err = a.buffered(func() error {
		for i := range q.attributes {
			v := answer{&q.attributes[i], counts.Roots[i]}
			if !v.buildable() && (q.named[i] || len(args) > 0 && v.attribute.Kind == "") {
				no++
			}
			if err := a.printAnswer(&v); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && no > 0 {
		err = errIncomplete
	}
	return err
}

func (a *app) printAnswer(v *answer) error {
	if a.json {
		return a.printJSON(v.json())
	}
	return a.printf("%s\n", v.text())
}

// A answer is the answer for one attribute.
type answer struct {
	attribute *catalog.Attribute
	tally     closure.Tally
}

func (v *answer) buildable() bool { return v.attribute.Kind == "" && v.tally.Missing == 0 }

func (v *answer) json() buildableLine {
	line := buildableLine{
		Snapshot: v.attribute.Snapshot, System: v.attribute.System, AttrPath: v.attribute.Path,
		Buildable: v.buildable(), Needs: v.tally.Needs, Missing: v.tally.Missing,
		MissingUnknown: v.tally.Unknown,
	}
	if v.tally.Unknown == 0 {
		line.MissingBytes = &v.tally.Bytes
	}
	if v.attribute.Kind == "" {
		line.DrvPath = &v.attribute.DrvPath
	} else {
		line.Error, line.ErrorKind = &v.attribute.Error, &v.attribute.Kind
	}
	return line
}

// text is for people.
func (v *answer) text() string {
	path := printable(v.attribute.Path)
	switch {
	case v.attribute.Kind != "":
		text, _, _ := strings.Cut(v.attribute.Error, "\n")
		return fmt.Sprintf("no   %s  did not evaluate: %s: %s", path, v.attribute.Kind,
			printable(text))
	case v.buildable():
		return fmt.Sprintf("yes  %s  %s", path, count(v.tally.Needs, "source"))
	}
	return fmt.Sprintf("no   %s  %s of %s missing, %s", path, thousands(v.tally.Missing),
		count(v.tally.Needs, "source"), missingBytes(&v.tally))
}

// missingBytes says how large the missing sources are, as far as that is known.
func missingBytes(t *closure.Tally) string {
	switch {
	case t.Unknown == 0:
		return bytes(t.Bytes)
	case t.Unknown == t.Missing:
		return "of unknown size"
	}
	return fmt.Sprintf("%s and %s of unknown size", bytes(t.Bytes), thousands(t.Unknown))
}
