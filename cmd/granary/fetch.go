package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"granary"
	"granary/catalog"
	"granary/disk"
	"granary/fetch"
)

// fetchFlags say how to fetch.
type fetchFlags struct {
	netFlags
	jobs, jobsPerHost int
	mirrors           mirrorFlags
	substituters      substituterFlags
	builders          builderFlags
	maxSize           size
	only              onlyFlags
	budget            size
	spent             int64 // bytes of the budget
	sizes             sizesFlags
	dryRun            bool
}

func (f *fetchFlags) add(cmd *cobra.Command) {
	f.netFlags.add(cmd)
	flags := cmd.Flags()
	f.addJobs(cmd, "download `N` sources at once")
	f.mirrors.add(cmd)
	f.substituters.add(cmd)
	f.builders.add(cmd)
	flags.Var(&f.maxSize, "max-size", "largest download, a `SIZE` such as 2G (default: no limit)")
	f.only.add(cmd)
	addBudget(cmd, &f.budget)
	f.sizes.add(cmd)
	flags.BoolVar(&f.dryRun, "dry-run", false, "list what would be fetched, and fetch nothing")
}

func (f *fetchFlags) addJobs(cmd *cobra.Command, what string) {
	flags := cmd.Flags()
	flags.IntVar(&f.jobs, "jobs", 32, what)
	flags.IntVar(&f.jobsPerHost, "jobs-per-host", 4, what+" from one host")
}

// addAsking adds the flags of commands that ask for sizes, and download nothing.
func (f *fetchFlags) addAsking(cmd *cobra.Command) {
	f.netFlags.addAsking(cmd)
	f.addJobs(cmd, "ask for `N` sizes at once")
	f.mirrors.addMirrors(cmd)
	f.substituters.add(cmd)
}

// check finds what is wrong with the flags before anything is done.
func (f *fetchFlags) check() error {
	err := cmp.Or(f.netFlags.check(), f.mirrors.check(), f.substituters.check(),
		f.builders.check(), f.only.check())
	if err != nil {
		return err
	}
	switch {
	case f.jobs < 1:
		return usagef("--jobs %d: too small", f.jobs)
	case f.jobsPerHost < 1:
		return usagef("--jobs-per-host %d: too small", f.jobsPerHost)
	case f.sizes.wanted() && f.budget == 0:
		return usagef("--sizes: of use only with --budget; granary plan --sizes asks, too")
	case f.sizes.wanted() && f.dryRun:
		return usagef("--sizes and --dry-run: granary plan --sizes asks, and fetches nothing")
	}
	return nil
}

func newFetch(a *app) *cobra.Command {
	flags := new(fetchFlags)
	cmd := &cobra.Command{
		Use:   "fetch",
		Short: "Fetch the sources that are wanted and not held; needs no Nix",
		Long: "Fetches every source that a snapshot wants and the disk does not hold. What\n" +
			"comes counts only if its hash is right. It may be stopped at any time; partial\n" +
			"downloads are resumed when it is run again.\n\n" +
			"With --builders Nix builds what nothing else serves, in the user's own store.\n" +
			"That runs code of the package set with a network, as it does whenever Nix builds\n" +
			"a fixed output; what comes counts only if its hash is right.\n\n" +
			"With --budget it fetches what granary plan --budget chooses, one attribute after\n" +
			"the other, so that many are buildable wherever it is stopped; with --sizes\n" +
			"servers are asked before how large the downloads are.\n\n" +
			"http_proxy, https_proxy, ftp_proxy, no_proxy and ~/.netrc are honoured. Exit\n" +
			"status 3 means that all went well but some sources could not be had.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			ctx := cmd.Context()
			if err := a.openForFetching(ctx, flags.dryRun); err != nil {
				return err
			}
			return a.fetch(ctx, flags)
		},
	}
	flags.add(cmd)
	return cmd
}

// openForFetching opens a disk that is there: one that is not wants nothing.
func (a *app) openForFetching(ctx context.Context, dryRun bool) error {
	if dryRun {
		return a.openForReading(ctx)
	}
	if err := a.findDisk(); err != nil {
		return err
	}
	return a.openForWriting(ctx, "fetch")
}

// fetch fetches what is wanted and not held.
func (a *app) fetch(ctx context.Context, flags *fetchFlags) error {
	all, held, err := a.toFetch(ctx, flags)
	if err != nil {
		return err
	}
	if flags.dryRun {
		return a.listWanted(all)
	}
	run, err := a.newFetching(ctx, flags, all)
	if err != nil {
		return err
	}
	run.held = held
	err = run.fetch(sources(all))
	run.progress.end()
	if err != nil {
		run.reportEnd()
		return err
	}
	return run.report()
}

// wanted returns the wanted sources that are not held, of those that filter
// lets through, and how many of them are held.
func (a *app) wanted(
	ctx context.Context, filter func(*catalog.Source) bool,
) (wanted []catalog.Source, held int, err error) {
	all, err := a.catalog.Sources(ctx)
	if err != nil {
		return nil, 0, err
	}
	all = slices.DeleteFunc(all, func(s catalog.Source) bool { return !filter(&s) })
	held = len(all)
	all = slices.DeleteFunc(all, func(s catalog.Source) bool { return a.holds(&s) })
	return all, held - len(all), nil
}

func sources(all []catalog.Source) []granary.Source {
	wanted := make([]granary.Source, len(all))
	for i := range all {
		wanted[i] = all[i].Source
	}
	return wanted
}

// newFetching returns a run of a fetcher as the flags want it.
func (a *app) newFetching(
	ctx context.Context, flags *fetchFlags, wanted []catalog.Source,
) (*fetching, error) {
	f, err := a.newFetcher(ctx, flags, wanted)
	if err != nil {
		return nil, err
	}
	if f.Builder, err = a.builder(ctx, &flags.builders, wanted); err != nil {
		return nil, err
	}
	return &fetching{
		app: a, ctx: ctx, flags: flags, fetcher: f, begin: time.Now(),
		failures: failures{}, seen: newSeen(wanted),
		progress: a.newProgress("fetching ", len(wanted)),
	}, nil
}

// newFetcher returns a fetcher as the flags want it, but for a builder.
func (a *app) newFetcher(
	ctx context.Context, flags *fetchFlags, wanted []catalog.Source,
) (*fetch.Fetcher, error) {
	f, err := a.fetcher(ctx, &flags.netFlags)
	if err != nil {
		return nil, err
	}
	f.Jobs, f.JobsPerHost = flags.jobs, flags.jobsPerHost
	if err := flags.mirrors.apply(f); err != nil {
		return nil, err
	}
	f.MaxSize = int64(flags.maxSize)
	f.Substituters, f.SubstitutersFirst = flags.substituters.list(), flags.substituters.first
	f.History, err = a.history(ctx, wanted)
	return f, err
}

// holds tells whether the object of a held source is still on the disk.
func (a *app) holds(s *catalog.Source) bool {
	if s.State != catalog.Held {
		return false
	}
	if a.disk.Has(s.Object) {
		return true
	}
	a.notef("warning: %s is gone from the disk and will be fetched again", disk.ObjectName(s.Object))
	return false
}

// listWanted says what a fetch would ask for.
func (a *app) listWanted(wanted []catalog.Source) error {
	for i := range wanted {
		if err := a.printWanted(&wanted[i]); err != nil {
			return err
		}
	}
	a.notef("%s would be fetched", count(len(wanted), "source"))
	return nil
}

func (a *app) printWanted(s *catalog.Source) error {
	if a.json {
		return a.printJSON(sourceJSON(s))
	}
	url := "(no URL)"
	if len(s.URLs) > 0 {
		url = s.URLs[0]
	}
	return a.printf("%s  %s\n", s.Name, printable(url))
}
