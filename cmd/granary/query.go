package main

import (
	"github.com/spf13/cobra"
)

func newQuery(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "query",
		Short: "Ask what is buildable offline, what is missing, and who needs it",
		Long: "Answers questions about attributes and the sources that they need. Buildable\n" +
			"offline is what needs no source that the disk does not hold: every source that\n" +
			"is reached from its derivation without looking behind a fixed-output derivation.",
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	addGroup(cmd, "Questions", newBuildable(a), newMissing(a), newNeeds(a), newUsers(a))
	return cmd
}
