package main

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"granary/catalog"
	"granary/fetch"
	"granary/wantlist"
)

func newWant(a *app) *cobra.Command {
	return &cobra.Command{
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
			if err := a.openForReading(ctx); err != nil {
				return err
			}
			sources, err := a.catalog.Sources(ctx)
			if err != nil {
				return err
			}
			known, err := a.catalog.Mirrors(ctx)
			if err != nil {
				return err
			}
			return a.printWantList(sources, known)
		},
	}
}

func (a *app) printWantList(sources []catalog.Source, known fetch.MirrorMap) error {
	mirrors := unheardOf(known)
	wanted := 0
	for i := range sources {
		if a.holds(&sources[i]) {
			continue
		}
		line, err := wantedEntry(&sources[i], mirrors).Line()
		if err != nil {
			return err
		}
		if _, err := a.stdout.Write(line); err != nil {
			return err
		}
		wanted++
	}
	a.notef("%s wanted", count(wanted, "source"))
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
