package main

import (
	"cmp"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"granary/catalog"
	"granary/fetch"
	"granary/wantlist"
)

func newWant(a *app) *cobra.Command {
	only := new(onlyFlags)
	cmd := &cobra.Command{
		Use:   "want",
		Short: "Print what is missing as a want-list, for import elsewhere",
		Long: "Prints every source that is wanted and not held as a want-list: one JSON object\n" +
			"a line, with all that granary import and granary fetch need to know on a machine\n" +
			"without Nix.\n\n" +
			"mirror:// URLs stay as they are; behind them come those that this disk's trees\n" +
			"know for the site, and that are not in granary's own list.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if err := only.check(); err != nil {
				return err
			}
			if err := a.openForReading(ctx); err != nil {
				return err
			}
			chosen, err := a.choose(ctx, only)
			if err != nil {
				return err
			}
			sources, _, err := a.wanted(ctx, chosen.has)
			if err = cmp.Or(err, chosen.check()); err != nil {
				return err
			}
			chosen.sort(sources)
			known, err := a.catalog.Mirrors(ctx)
			if err != nil {
				return err
			}
			return a.printWantList(sources, known)
		},
	}
	only.add(cmd)
	return cmd
}

// printWantList prints sources that are not held.
func (a *app) printWantList(sources []catalog.Source, known fetch.MirrorMap) error {
	mirrors := unheardOf(known)
	for i := range sources {
		line, err := wantedEntry(&sources[i], mirrors).Line()
		if err != nil {
			return err
		}
		if _, err := a.stdout.Write(line); err != nil {
			return err
		}
	}
	a.notef("%s wanted", count(len(sources), "source"))
	return nil
}

func wantedEntry(s *catalog.Source, mirrors fetch.MirrorMap) *wantlist.Entry {
	e := &wantlist.Entry{Source: s.Source, Size: s.Download, Extra: s.Extra}
	e.URLs = slices.Clone(s.URLs)
	for _, url := range s.URLs {
		for _, more := range mirrors.Expand(url) {
			if !slices.Contains(e.URLs, more) {
				e.URLs = append(e.URLs, more)
			}
		}
	}
	return e
}

// unheardOf returns what a granary without this disk's mirrors does not know.
func unheardOf(known fetch.MirrorMap) fetch.MirrorMap {
	builtin := fetch.BuiltinMirrors()
	mirrors := maps.Clone(known)
	for site, urls := range mirrors {
		mirrors[site] = slices.DeleteFunc(slices.Clone(urls), func(url string) bool {
			return slices.Contains(builtin[site], url)
		})
	}
	return mirrors
}
