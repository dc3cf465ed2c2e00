package main

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"granary/fetch"
)

// netFlags say how to ask for a URL.
type netFlags struct {
	rewrites []string
	retries  int
	timeout  time.Duration
	rate     byteRate
	reserve  reserve
}

func (f *netFlags) add(cmd *cobra.Command) {
	f.addAsking(cmd)
	flags := cmd.Flags()
	flags.Var(&f.rate, "limit-rate",
		"most bytes a second in all, a `RATE` such as 500k or 2M, but for what git, svn, hg "+
			"and Nix receive (default: no limit)")
	flags.Var(&f.reserve, "reserve",
		"begin no download when less of the disk is free, a `SIZE` such as 2G "+
			"(default: 256M; 0: until it is full)")
}

// addAsking adds the flags of commands that ask servers and download nothing.
func (f *netFlags) addAsking(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.rewrites, "rewrite", nil,
		"ask for a URL that begins with FROM at TO plus the rest: `FROM=TO` (repeatable)")
	flags.IntVar(&f.retries, "retries", 3, "try a URL again `N` times")
	flags.DurationVar(&f.timeout, "timeout", 30*time.Second,
		"longest silence of a server, a `TIME` such as 30s or 5m")
}

// check finds what is wrong with the flags before anything is done.
func (f *netFlags) check() error {
	switch {
	case f.retries < 0:
		return usagef("--retries %d: too small", f.retries)
	case f.timeout <= 0:
		return usagef("--timeout %s: too small", f.timeout)
	}
	_, err := f.rewriteList()
	return err
}

func (f *netFlags) rewriteList() ([]fetch.Rewrite, error) {
	var list []fetch.Rewrite
	for _, text := range f.rewrites {
		from, to, ok := strings.Cut(text, "=")
		if !ok || from == "" || to == "" {
			return nil, usagef("--rewrite %q: not of the form FROM=TO", text)
		}
		list = append(list, fetch.Rewrite{From: from, To: to})
	}
	return list, nil
}

// fetcher returns a fetcher as the flags want it.
func (a *app) fetcher(ctx context.Context, f *netFlags) (*fetch.Fetcher, error) {
	rewrites, err := f.rewriteList()
	if err != nil {
		return nil, err
	}
	known, err := a.catalog.Mirrors(ctx)
	if err != nil {
		return nil, err
	}
	mirrors := fetch.BuiltinMirrors()
	maps.Copy(mirrors, known)
	retries := f.retries
	if retries == 0 {
		retries = -1 // 0 would be the default
	}
	return &fetch.Fetcher{
		Disk: a.disk, Rewrites: rewrites, Mirrors: mirrors, Retries: retries,
		Timeout: f.timeout, LimitRate: int64(f.rate), Reserve: int64(f.reserve),
		Version: version(), Logger: a.logger(),
	}, nil
}
