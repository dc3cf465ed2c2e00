package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"granary/catalog"
)

// snapshotLine is a line of `granary snapshots --json`.
type snapshotLine struct {
	Snapshot    string `json:"snapshot"`
	Tree        string `json:"tree"`
	Revision    string `json:"revision"`
	System      string `json:"system"`
	Attrs       int    `json:"attrs"`
	Errors      int    `json:"errors"`
	Derivations int    `json:"derivations"`
	Sources     int    `json:"sources"`
	Evaluated   string `json:"evaluated"` // RFC 3339
	Nix         string `json:"nix"`
	Options     string `json:"options"`

	*snapshotHeld // of granary status alone

	at time.Time // Evaluated
}

// A snapshotHeld is how much of a snapshot is held.
type snapshotHeld struct {
	Buildable int `json:"buildable"` // attributes
	Held      int `json:"held"`      // sources
	missingSize
}

// dateFormat is how people read a time.
const dateFormat = "2006-01-02 15:04"

func snapshotJSON(s catalog.Snapshot) snapshotLine {
	return snapshotLine{
		Snapshot: s.Name, Tree: s.Tree, Revision: s.Revision, System: s.System,
		Attrs: s.Attributes, Errors: s.Errors, Derivations: s.Derivations, Sources: s.Sources,
		Evaluated: s.Evaluated.Format(time.RFC3339), Nix: s.Nix, Options: s.Options,
		at: s.Evaluated,
	}
}

// contents says what a snapshot holds.
func (s *snapshotLine) contents() string {
	return fmt.Sprintf("%s (%s without a derivation), %s, %s", count(s.Attrs, "attribute"),
		thousands(s.Errors), count(s.Derivations, "derivation"), count(s.Sources, "source"))
}

func newSnapshots(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "snapshots",
		Short: "List the evaluations on the disk, the oldest first",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if err := a.openForReading(ctx); err != nil {
				return err
			}
			snapshots, err := a.catalog.Snapshots(ctx)
			if err != nil {
				return err
			}
			for _, s := range snapshots {
				if err := a.printSnapshot(s); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (a *app) printSnapshot(s catalog.Snapshot) error {
	line := snapshotJSON(s)
	if a.json {
		return a.printJSON(line)
	}
	options := ""
	if s.Options != "" {
		options = "  options   " + printable(s.Options) + "\n"
	}
	return a.printf("%s\n  tree      %s\n  revision  %s\n  system    %s\n%s  holds     %s\n"+
		"  evaluated %s by Nix %s\n",
		printable(s.Name), printable(s.Tree), printable(s.Revision), s.System, options,
		line.contents(), s.Evaluated.Local().Format(dateFormat), s.Nix)
}
