package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"granary/catalog"
)

// findSnapshot returns the one of all snapshots that has that name, or else the only one
// whose name begins so. There is one at least.
func findSnapshot(all []catalog.Snapshot, name string) (*catalog.Snapshot, error) {
	var names, alike []string
	var found *catalog.Snapshot
	for i := range all {
		s := &all[i]
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
		if name != "" && strings.HasPrefix(s.Name, name) {
			alike, found = append(alike, s.Name), s
		}
	}
	switch len(alike) {
	case 0:
		return nil, &noMatchError{fmt.Sprintf("snapshot %s: there is none", name),
			nearestSnapshots(name, names)}
	case 1:
		return found, nil
	}
	return nil, &noMatchError{
		fmt.Sprintf("snapshot %s: %d begin so", name, len(alike)),
		"name one of " + list(alike),
	}
}

// nearestSnapshots says what may have been meant by name.
func nearestSnapshots(name string, names []string) string {
	if like := near(name, names); len(like) > 0 {
		return "did you mean " + strings.Join(like, " or ") + "?"
	}
	slices.Reverse(names) // the newest first
	return "there is " + list(names)
}

// list names the first of names.
func list(names []string) string {
	const most = 5
	text := printable(strings.Join(names[:min(most, len(names))], ", "))
	if len(names) > most {
		text += fmt.Sprintf(" and %s more: granary snapshots lists them", thousands(len(names)-most))
	}
	return text
}

// completeSnapshots completes the names of up to most snapshots.
func (a *app) completeSnapshots(most int) cobra.CompletionFunc {
	return func(
		cmd *cobra.Command, args []string, _ string,
	) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) >= most || a.openForReading(cmd.Context()) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		all, err := a.catalog.SnapshotHeads(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names := make([]cobra.Completion, len(all))
		for i := range all {
			names[i] = all[i].Name
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
