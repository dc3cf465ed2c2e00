package main

import (
	"os"

	"github.com/spf13/cobra"
)

func newRoot(a *app) *cobra.Command {
	cobra.EnableCommandSorting = false // help has an order of its own
	root := &cobra.Command{
		Use:   "granary",
		Short: "Harvest the sources of a Nix package set onto a disk",
		Long: "Granary harvests the sources of a Nix package set onto a disk: it evaluates the\n" +
			"set, records every source in DISK/granary.db, and fetches each one with its hash\n" +
			"checked. Evaluation needs Nix; nothing else does.",
		SilenceUsage:      true,
		SilenceErrors:     true,
		Version:           version(),
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true}, // we have our own
		Args:              noCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(wrongFlag)
	root.SetUsageFunc(usage)
	root.SetVersionTemplate("granary {{.Version}}\n")
	flags := root.PersistentFlags()
	flags.StringVar(&a.diskDir, "disk", defaultDisk(),
		"the disk, a folder `DIR`; $GRANARY_DISK names it, too")
	flags.BoolVar(&a.json, "json", false, "print one JSON object a line")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "no messages and no progress, but errors")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "say more")
	addGroup(root, "Filling a disk", newHarvest(a), newEval(a), newFetch(a))
	addGroup(root, "Looking at a disk", newStatus(a), newSnapshots(a), newAttrs(a), newSources(a))
	addGroup(root, "Asking a disk", newQuery(a), newPlan(a), newDiff(a), newReport(a))
	addGroup(root, "Without a network, and by hand", newWant(a), newImport(a), newAdd(a))
	help := newHelp()
	root.SetHelpCommand(help)
	addGroup(root, "The program itself", help, newCompletion(root), newMan(root))
	return root
}

// addGroup adds commands, which help shows below a title.
func addGroup(root *cobra.Command, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: title, Title: title})
	for _, cmd := range commands {
		cmd.GroupID = title
		root.AddCommand(cmd)
	}
}

func defaultDisk() string {
	if dir := os.Getenv("GRANARY_DISK"); dir != "" {
		return dir
	}
	return "./granary-disk"
}
