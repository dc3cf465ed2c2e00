package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"granary/catalog"
)

// chooseSnapshots looks whether there are snapshots that the flags would have, and puts the
// whole name of the one that they name into them.
func (a *app) chooseSnapshots(ctx context.Context, flags *askFlags) error {
	snapshots, err := a.catalog.SnapshotHeads(ctx)
	if err != nil {
		return err
	}
	if len(snapshots) == 0 {
		return a.noSnapshots(ctx)
	}
	if flags.snapshot != "" {
		s, err := findSnapshot(snapshots, flags.snapshot)
		if err != nil {
			return err
		}
		flags.snapshot, snapshots = s.Name, []catalog.Snapshot{*s}
	}
	return checkSystems(flags, snapshots)
}

// tellUnfinished says that there is more than what queries are about.
func (a *app) tellUnfinished(ctx context.Context) error {
	unfinished, err := a.catalog.Unfinished(ctx)
	if unfinished {
		a.notef("the latest evaluation has not come to its end: what came to its end before counts")
	}
	return err
}

// noSnapshots says why there is no snapshot.
func (a *app) noSnapshots(ctx context.Context) error {
	begun, err := a.catalog.Begun(ctx)
	if err != nil {
		return err
	}
	if begun {
		return &noMatchError{
			fmt.Sprintf("disk %s: no evaluation came to its end here", a.diskDir),
			"granary eval TREE evaluates once more; what the interrupted evaluation recorded is used",
		}
	}
	imported, err := a.catalog.Imported(ctx)
	if err != nil {
		return err
	}
	if imported {
		return &noMatchError{
			fmt.Sprintf("disk %s: want-lists were imported here, and nothing was evaluated", a.diskDir),
			"a want-list says what is wanted, not who needs it: granary status and granary sources " +
				"show what is held; granary eval TREE evaluates a package set",
		}
	}
	return &noMatchError{
		fmt.Sprintf("disk %s: nothing was evaluated here", a.diskDir),
		"granary eval TREE evaluates a package set",
	}
}

// checkSystems returns a *noMatchError if none of the snapshots is for one of the systems
// that the flags name.
func checkSystems(flags *askFlags, snapshots []catalog.Snapshot) error {
	var systems []string
	for i := range snapshots {
		systems = append(systems, snapshots[i].System)
	}
	slices.Sort(systems)
	systems = slices.Compact(systems)
	for _, system := range flags.systems {
		if slices.Contains(systems, system) {
			continue
		}
		if flags.snapshot != "" {
			return &noMatchError{fmt.Sprintf("--system %s: snapshot %s is for %s", system,
				flags.snapshot, systems[0]), "leave out --system, or name another snapshot"}
		}
		return &noMatchError{
			fmt.Sprintf("--system %s: no snapshot is for it", system),
			fmt.Sprintf("there are snapshots for %s; granary eval --system evaluates for others",
				strings.Join(systems, " and ")),
		}
	}
	return nil
}
