package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"granary/catalog"
	"granary/closure"
	"granary/hashes"
)

// askFlags say which attributes a query is about, besides its arguments.
type askFlags struct {
	snapshot string
	systems  []string
	full     bool
}

func (f *askFlags) add(cmd *cobra.Command) {
	f.addSnapshots(cmd)
	cmd.Flags().BoolVar(&f.full, "full", false,
		"look behind fixed outputs: count the sources of the fetchers' tools, too")
}

// addSnapshots adds the flags that say of which snapshots.
func (f *askFlags) addSnapshots(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.snapshot, "snapshot", "",
		"of the snapshot `NAME` only, or the one whose name begins so (default: of each)")
	flags.StringArrayVar(&f.systems, "system", nil,
		"of snapshots for the system `S` only, such as x86_64-linux (repeatable)")
}

// An inquiry is what attributes need, and what there is of it.
type inquiry struct {
	attributes []catalog.Attribute
	named      []bool // by attribute: its path is an argument, word for word
	graph      *catalog.Graph
	holdings   []catalog.Holding // by the graph's sources
	sources    []closure.Source  // the same, for counting
}

// inquire reads what the attributes need that match one of args, or all if there are
// none.
func (a *app) inquire(ctx context.Context, flags *askFlags, args []string) (*inquiry, error) {
	q := new(inquiry)
	var err error
	if q.attributes, q.named, err = a.ask(ctx, flags, args); err != nil {
		return nil, err
	}
	if q.graph, err = a.catalog.Graph(ctx, q.attributes, flags.full); err != nil {
		return nil, err
	}
	if q.holdings, err = a.catalog.Holdings(ctx, q.graph.Sources); err != nil {
		return nil, err
	}
	q.sources, err = a.present(q.holdings)
	return q, err
}

// count counts what each attribute needs.
func (q *inquiry) count() closure.Count { return q.graph.Count(q.graph.Roots, q.sources) }

// ask returns the attributes that are asked for, and which of them by their whole path.
func (a *app) ask(
	ctx context.Context, flags *askFlags, args []string,
) ([]catalog.Attribute, []bool, error) {
	c := new(choice)
	var paths []string
	exactly := map[string]bool{}
	for _, text := range args {
		p := parsePattern(text)
		c.patterns = append(c.patterns, p)
		if !isPattern(text) && p.path != nil {
			paths = append(paths, p.path.String())
			exactly[p.path.String()] = true
		}
	}
	attributes, err := a.candidates(ctx, flags, args, paths)
	if err == nil {
		err = a.tellUnfinished(ctx)
	}
	if err != nil {
		return nil, nil, err
	}
	if len(args) > 0 {
		attributes = c.matching(attributes)
		if err := a.checkMatches(ctx, flags, c); err != nil {
			return nil, nil, err
		}
	}
	named := make([]bool, len(attributes))
	for i := range attributes {
		named[i] = exactly[attributes[i].Path]
	}
	return attributes, named, nil
}

// candidates returns attributes of the snapshots that the flags name: those at paths if
// these are all that is asked for, else all.
func (a *app) candidates(
	ctx context.Context, flags *askFlags, args, paths []string,
) (all []catalog.Attribute, err error) {
	if err := a.chooseSnapshots(ctx, flags); err != nil {
		return nil, err
	}
	if len(args) > 0 && len(paths) == len(args) {
		all, err = a.catalog.AttributesAt(ctx, flags.snapshot, paths)
	} else {
		all, err = a.catalog.Attributes(ctx, flags.snapshot)
	}
	if len(flags.systems) > 0 {
		all = slices.DeleteFunc(all, func(at catalog.Attribute) bool {
			return !slices.Contains(flags.systems, at.System)
		})
	}
	return all, err
}

// checkMatches returns a *noMatchError if one of the arguments matches nothing.
func (a *app) checkMatches(ctx context.Context, flags *askFlags, c *choice) error {
	for _, p := range c.patterns {
		if p.hits > 0 {
			continue
		}
		all, err := a.candidates(ctx, flags, nil, nil)
		if err != nil {
			return err
		}
		paths := make([]string, len(all))
		for i := range all {
			paths[i] = all[i].Path
		}
		if isPattern(p.text) {
			return &noMatchError{p.text + ": no attribute matches", nearestPaths(p.text, paths, "")}
		}
		return &noMatchError{p.text + ": there is no such attribute", nearestPaths(p.text, paths, "")}
	}
	return nil
}

// present tells which sources are missing. An object that the catalog knows and the disk
// has no more is not there.
func (a *app) present(holdings []catalog.Holding) ([]closure.Source, error) {
	const few = 5000 // to be looked up one by one
	has := a.disk.Has
	if len(holdings) > few {
		names, err := a.disk.Names()
		if err != nil {
			return nil, err
		}
		has = func(h hashes.Hash) bool { return names[h] }
	}
	sources := make([]closure.Source, len(holdings))
	lost := 0
	for i := range holdings {
		h := &holdings[i]
		sources[i] = closure.Source{Missing: !h.Held(), Bytes: h.Bytes}
		if h.Held() && !has(h.Object) {
			sources[i].Missing = true
			lost++
		}
	}
	if lost > 0 {
		a.notef("warning: %s gone from the disk: granary fetch gets them again",
			count(lost, "object"))
	}
	return sources, nil
}
