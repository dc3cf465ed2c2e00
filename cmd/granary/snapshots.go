package main

import (
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
}

func snapshotJSON(s catalog.Snapshot) snapshotLine {
	return snapshotLine{
		Snapshot: s.Name, Tree: s.Tree, Revision: s.Revision, System: s.System,
		Attrs: s.Attributes, Errors: s.Errors, Derivations: s.Derivations, Sources: s.Sources,
		Evaluated: s.Evaluated.Format(time.RFC3339), Nix: s.Nix, Options: s.Options,
	}
}

func newSnapshots(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "snapshots",
		Short: "List the snapshots on the disk, the oldest first",
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
	if a.json {
		return a.printJSON(snapshotJSON(s))
	}
	options := ""
	if s.Options != "" {
		options = "  " + s.Options
	}
	return a.printf("%s\n  tree %s, revision %s\n  %s, %s (%s), %s, %s; evaluated %s by Nix %s%s\n",
		printable(s.Name), printable(s.Tree), printable(s.Revision), s.System,
		count(s.Attributes, "attribute"), count(s.Errors, "error"),
		count(s.Derivations, "derivation"), count(s.Sources, "source"),
		s.Evaluated.Local().Format("2006-01-02 15:04"), s.Nix, printable(options))
}
