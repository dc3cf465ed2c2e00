package main

import (
	"context"

	"github.com/spf13/cobra"

	"granary/catalog"
)

func newHarvest(a *app) *cobra.Command {
	what := new(evalFlags)
	how := new(fetchFlags)
	cmd := &cobra.Command{
		Use:   "harvest [TREE]",
		Short: "Evaluate a package set and fetch its sources: eval, then fetch",
		Long: "Evaluates TREE as granary eval does, then fetches every source that is wanted\n" +
			"and not held, as granary fetch does. What evaluation itself downloads comes\n" +
			"first, and then TREE is evaluated once more. It may be stopped at any time, and\n" +
			"goes on where it stopped when it is run again.\n\n" +
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
			if err := job.harvest(ctx, how); err != nil {
				return err
			}
			return a.fetch(ctx, how)
		},
	}
	what.add(cmd)
	how.add(cmd)
	return cmd
}

// maxRounds bounds how often an evaluation begins anew because it found
// something to download: what was downloaded may hold a further one.
const maxRounds = 50

// harvest evaluates, as often as a fetch of what evaluation itself needs brings
// it further.
func (e *evaluation) harvest(ctx context.Context, how *fetchFlags) error {
	if err := e.find(ctx, &how.netFlags); err != nil {
		return err
	}
	defer e.cleanUp()
	for round := 1; ; round++ {
		all, err := e.run(ctx)
		if err != nil {
			return err
		}
		got := 0
		if waits(all) && !how.dryRun && round < maxRounds {
			if got, err = e.fetchForEvaluation(ctx, how); err != nil {
				return err
			}
		}
		if got == 0 {
			return e.report(all)
		}
	}
}

func waits(all []evaluated) bool {
	for i := range all {
		if all[i].waits() {
			return true
		}
	}
	return false
}

// fetchForEvaluation fetches what evaluation itself needs, and returns how many
// sources are held that were not.
func (e *evaluation) fetchForEvaluation(ctx context.Context, how *fetchFlags) (int, error) {
	wanted, _, err := e.wanted(ctx, func(s *catalog.Source) bool { return s.Fetched })
	if err != nil || len(wanted) == 0 {
		return 0, err
	}
	e.notef("fetching %s that evaluation itself needs", count(len(wanted), "source"))
	run, err := e.newFetching(ctx, how, wanted)
	if err != nil {
		return 0, err
	}
	err = run.fetch(sources(wanted))
	run.progress.end()
	how.spent += run.fetcher.Progress().Bytes
	return run.got, err
}
