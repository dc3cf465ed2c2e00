package main

import (
	"context"
	"net/url"

	"github.com/spf13/cobra"

	"granary/catalog"
	"granary/hashes"
)

// statusLine is what `granary status --json` prints.
type statusLine struct {
	Sources   int            `json:"sources"`
	Held      int            `json:"held"`
	Missing   int            `json:"missing"`
	Failed    int            `json:"failed"`
	Bytes     int64          `json:"bytes"` // of the objects that serve held sources
	Kinds     map[string]int `json:"kinds"`
	Reasons   map[string]int `json:"reasons"` // of failures
	Hosts     map[string]int `json:"hosts"`   // of failures: that asked last
	Snapshots []snapshotLine `json:"snapshots"`
}

func newStatus(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "One look at a disk: snapshots, sources held, missing and failed, bytes",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if err := a.openForReading(ctx); err != nil {
				return err
			}
			status, err := a.status(ctx)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(status)
			}
			return a.printStatus(status)
		},
	}
}

func (a *app) status(ctx context.Context) (*statusLine, error) {
	sources, err := a.catalog.Sources(ctx)
	if err != nil {
		return nil, err
	}
	last, err := a.catalog.LastURLs(ctx)
	if err != nil {
		return nil, err
	}
	snapshots, err := a.catalog.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	st := &statusLine{
		Sources: len(sources), Kinds: map[string]int{}, Reasons: map[string]int{},
		Hosts: map[string]int{}, Snapshots: make([]snapshotLine, 0, len(snapshots)),
	}
	objects := map[hashes.Hash]bool{}
	for i := range sources {
		st.add(&sources[i], last, objects)
	}
	for _, s := range snapshots {
		st.Snapshots = append(st.Snapshots, snapshotJSON(s))
	}
	return st, nil
}

func (st *statusLine) add(s *catalog.Source, last map[int64]string, objects map[hashes.Hash]bool) {
	st.Kinds[string(s.Kind)]++
	switch s.State {
	case catalog.Held:
		st.Held++
		if !objects[s.Object] {
			objects[s.Object] = true
			st.Bytes += s.Size
		}
	case catalog.Missing:
		st.Missing++
	case catalog.Failed:
		st.Failed++
		st.Reasons[s.Reason]++
		if u, err := url.Parse(last[s.ID]); err == nil && u.Host != "" {
			st.Hosts[u.Host]++
		}
	}
}

func (a *app) printStatus(st *statusLine) error {
	if err := a.printf("disk %s: %s\n", a.diskDir, count(st.Sources, "source")); err != nil {
		return err
	}
	lines := []struct {
		n     int
		text  string
		parts map[string]int
	}{
		{st.Held, "held, " + bytes(st.Bytes), nil},
		{st.Missing, "missing (not tried yet)", nil},
		{st.Failed, "failed", st.Reasons},
	}
	for _, line := range lines {
		if err := a.printf("  %7s  %s\n", thousands(line.n), line.text); err != nil {
			return err
		}
		if err := a.printCounts(line.parts, len(line.parts)); err != nil {
			return err
		}
	}
	for _, table := range []struct {
		title   string
		numbers map[string]int
		most    int
	}{{"hosts with failures", st.Hosts, 10}, {"kinds of source", st.Kinds, 20}} {
		if len(table.numbers) == 0 {
			continue
		}
		if err := a.printf("%s\n", table.title); err != nil {
			return err
		}
		if err := a.printCounts(table.numbers, table.most); err != nil {
			return err
		}
	}
	for _, s := range st.Snapshots {
		err := a.printf("snapshot %s\n  %s (%s), %s, %s, evaluated %s\n", printable(s.Snapshot),
			count(s.Attrs, "attribute"), count(s.Errors, "error"),
			count(s.Derivations, "derivation"), count(s.Sources, "source"), s.Evaluated)
		if err != nil {
			return err
		}
	}
	a.suggest(st)
	return nil
}

// printCounts prints the largest numbers, at most that many.
func (a *app) printCounts(numbers map[string]int, most int) error {
	for i, key := range byCount(numbers) {
		if i == most {
			return a.printf("           and %s more\n", thousands(len(numbers)-most))
		}
		if err := a.printf("  %9s  %s\n", thousands(numbers[key]), printable(key)); err != nil {
			return err
		}
	}
	return nil
}

// suggest says what to do next.
func (a *app) suggest(st *statusLine) {
	switch {
	case len(st.Snapshots) == 0:
		a.notef("nothing was evaluated yet: granary harvest TREE --disk %s", a.diskDir)
	case st.Missing > 0:
		a.notef("granary fetch --disk %s fetches what is missing", a.diskDir)
	case st.Failed > 0:
		a.notef("granary sources --disk %s --state failed lists what failed", a.diskDir)
	}
}
