package main

import (
	"strings"

	"github.com/spf13/cobra"

	"granary"
	"granary/catalog"
	"granary/hashes"
)

// attrLine is a line of `granary attrs --json`.
type attrLine struct {
	Snapshot  string             `json:"snapshot"`
	System    string             `json:"system"`
	AttrPath  string             `json:"attrPath"`
	DrvPath   *hashes.StorePath  `json:"drvPath"`
	Name      string             `json:"name"`
	Error     *string            `json:"error"`
	ErrorKind *granary.ErrorKind `json:"errorKind"`
	Unfree    bool               `json:"unfree"`
	Needs     hashes.StorePath   `json:"needs,omitempty"` // what an ifd would have built
	Fetch     *granary.Fetch     `json:"fetch,omitempty"` // what it would have downloaded
}

func attrJSON(at *catalog.Attribute) attrLine {
	line := attrLine{
		Snapshot: at.Snapshot, System: at.System, AttrPath: at.Path, Name: at.Name,
		Unfree: at.Unfree, Needs: at.Needs,
	}
	if at.Kind == "" {
		line.DrvPath = &at.DrvPath
	} else {
		line.Error, line.ErrorKind = &at.Error, &at.Kind
		if at.Fetch != (granary.Fetch{}) {
			line.Fetch = &at.Fetch
		}
	}
	return line
}

func newAttrs(a *app) *cobra.Command {
	var snapshot string
	var onlyErrors bool
	cmd := &cobra.Command{
		Use:   "attrs",
		Short: "List the attributes, each with its derivation or its error",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if err := a.openForReading(ctx); err != nil {
				return err
			}
			attributes, err := a.catalog.Attributes(ctx, snapshot)
			if err != nil {
				return err
			}
			for i := range attributes {
				if onlyErrors && attributes[i].Kind == "" {
					continue
				}
				if err := a.printAttr(&attributes[i]); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&snapshot, "snapshot", "", "of this snapshot only")
	cmd.Flags().BoolVar(&onlyErrors, "errors", false, "only those that did not evaluate")
	return cmd
}

func (a *app) printAttr(at *catalog.Attribute) error {
	if a.json {
		return a.printJSON(attrJSON(at))
	}
	if at.Kind != "" {
		text, _, _ := strings.Cut(at.Error, "\n")
		return a.printf("%s  %s: %s\n", printable(at.Path), at.Kind, printable(text))
	}
	return a.printf("%s  %s\n", printable(at.Path), at.DrvPath)
}
