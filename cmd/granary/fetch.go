package main

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"granary"
	"granary/catalog"
	"granary/disk"
	"granary/fetch"
)

// fetchFlags say how to fetch.
type fetchFlags struct {
	jobs, jobsPerHost, retries int
	rewrites, mirrors          []string
	timeout                    time.Duration
	maxSize                    size
	dryRun                     bool
}

func (f *fetchFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&f.jobs, "jobs", 32, "downloads at once")
	flags.IntVar(&f.jobsPerHost, "jobs-per-host", 4, "downloads at once from one host")
	flags.StringArrayVar(&f.rewrites, "rewrite", nil,
		"FROM=TO: ask for a URL that begins with FROM at TO plus the rest (repeatable)")
	flags.StringArrayVar(&f.mirrors, "mirror", nil,
		"base URL of a hashed mirror, asked for BASE/ALGORITHM/HASH (repeatable)")
	flags.IntVar(&f.retries, "retries", 3, "how often to try a URL again")
	flags.DurationVar(&f.timeout, "timeout", 30*time.Second, "longest silence of a server")
	flags.Var(&f.maxSize, "max-size", "largest download, such as 2G (default: no limit)")
	flags.BoolVar(&f.dryRun, "dry-run", false, "only list what would be fetched")
}

// check finds what is wrong with the flags before anything is done.
func (f *fetchFlags) check() error {
	if _, err := f.rewriteList(); err != nil {
		return err
	}
	for _, mirror := range f.mirrors {
		if u, err := url.Parse(mirror); err != nil || u.Scheme == "" || u.Host == "" {
			return usageError{fmt.Errorf("--mirror %q: not a URL", mirror)}
		}
	}
	if f.jobs < 1 || f.jobsPerHost < 1 || f.retries < 0 || f.timeout <= 0 {
		return usageError{fmt.Errorf("--jobs, --jobs-per-host, --retries, --timeout: too small")}
	}
	return nil
}

func (f *fetchFlags) rewriteList() ([]fetch.Rewrite, error) {
	var list []fetch.Rewrite
	for _, text := range f.rewrites {
		from, to, ok := strings.Cut(text, "=")
		if !ok || from == "" || to == "" {
			return nil, usageError{fmt.Errorf("--rewrite %q: not of the form FROM=TO", text)}
		}
		list = append(list, fetch.Rewrite{From: from, To: to})
	}
	return list, nil
}

func newFetch(a *app) *cobra.Command {
	flags := new(fetchFlags)
	cmd := &cobra.Command{
		Use:   "fetch",
		Short: "Fetch the sources that are wanted and not held; needs no Nix",
		Long: "Fetches every source that a snapshot wants and the disk does not hold. What comes counts\n" +
			"only if its hash is right. It may be stopped and run again at any time: partial downloads\n" +
			"are resumed.\n\n" +
			"http_proxy, https_proxy, no_proxy and ~/.netrc are honoured. Exit status 3 means that all\n" +
			"went well but some sources could not be had.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			if err := a.openForWriting(cmd.Context(), "fetch"); err != nil {
				return err
			}
			return a.fetch(cmd.Context(), flags)
		},
	}
	flags.add(cmd)
	return cmd
}

// fetcher returns a fetcher as the flags want it.
func (a *app) fetcher(ctx context.Context, f *fetchFlags) (*fetch.Fetcher, error) {
	rewrites, err := f.rewriteList()
	if err != nil {
		return nil, err
	}
	mirrors := fetch.BuiltinMirrors()
	known, err := a.catalog.Mirrors(ctx)
	if err != nil {
		return nil, err
	}
	maps.Copy(mirrors, known)
	retries := f.retries
	if retries == 0 {
		retries = -1
	}
	return &fetch.Fetcher{
		Disk: a.disk, Jobs: f.jobs, JobsPerHost: f.jobsPerHost, Rewrites: rewrites,
		Mirrors: mirrors, HashedMirrors: f.mirrors, Retries: retries, Timeout: f.timeout,
		MaxSize: int64(f.maxSize), Version: version(), Logger: a.logger(),
	}, nil
}

// fetch fetches what is wanted and not held.
func (a *app) fetch(ctx context.Context, flags *fetchFlags) error {
	all, err := a.catalog.Sources(ctx)
	if err != nil {
		return err
	}
	var wanted []granary.Source
	for i := range all {
		if !a.holds(&all[i]) {
			wanted = append(wanted, all[i].Source)
		}
	}
	if flags.dryRun {
		return a.listWanted(wanted)
	}
	f, err := a.fetcher(ctx, flags)
	if err != nil {
		return err
	}
	run := &fetching{
		app: a, ctx: ctx, fetcher: f, begin: time.Now(), total: len(wanted),
		held: len(all) - len(wanted), reasons: map[string]int{},
		progress: a.newProgress(len(wanted)),
	}
	err = run.fetch(wanted)
	run.progress.end()
	if err != nil {
		return err
	}
	return run.report()
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

func (a *app) listWanted(wanted []granary.Source) error {
	for i := range wanted {
		s := &wanted[i]
		if a.json {
			err := a.printJSON(map[string]any{
				"name": s.Name, "outPath": s.OutPath, "urls": nonNil(s.URLs)})
			if err != nil {
				return err
			}
			continue
		}
		url := "(no URL)"
		if len(s.URLs) > 0 {
			url = s.URLs[0]
		}
		if err := a.printf("%s  %s\n", s.Name, printable(url)); err != nil {
			return err
		}
	}
	a.notef("%s would be fetched", count(len(wanted), "source"))
	return nil
}
