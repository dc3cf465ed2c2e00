package main

import "github.com/spf13/cobra"

func newHarvest(a *app) *cobra.Command {
	what := new(evalFlags)
	how := new(fetchFlags)
	cmd := &cobra.Command{
		Use:   "harvest [TREE]",
		Short: "Evaluate a package set and fetch its sources: eval, then fetch",
		Long: "Evaluates TREE as granary eval does, then fetches every source that is wanted\n" +
			"and not held, as granary fetch does. It may be stopped at any time, and goes on\n" +
			"where it stopped when it is run again.\n\n" +
			"Exit status 3 means that all went well but some sources could not be had.",
		Example: "  granary harvest nixos-unstable --disk /mnt/usb --unfree\n" +
			"  granary harvest ~/nixpkgs --disk /mnt/usb --attr hello",
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := how.check(); err != nil {
				return err
			}
			job, err := a.newEvaluation(ctx, what, args)
			if err != nil {
				return err
			}
			if err := a.openForWriting(ctx, "harvest"); err != nil {
				return err
			}
			if err := job.run(ctx, &how.netFlags); err != nil {
				return err
			}
			return a.fetch(ctx, how)
		},
	}
	what.add(cmd)
	how.add(cmd)
	return cmd
}
