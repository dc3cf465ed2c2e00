package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"granary/catalog"
	"granary/closure"
	"granary/hashes"
)

// needsLine is a line of `granary query needs --json`.
type needsLine struct {
	sourceLine
	Bytes *int64   `json:"bytes"` // of the object, or to download; null if not known
	Attrs []string `json:"attrs"` // of those asked for: which need it
}

func newNeeds(a *app) *cobra.Command {
	flags := new(askFlags)
	cmd := &cobra.Command{
		Use:   "needs ATTR…",
		Short: "Which sources attributes need, held or not",
		Long: "Lists the sources that attributes need, or those that match patterns such as\n" +
			"'python3Packages.*': each once, by name, with its state, its size (? if that is\n" +
			"not known), its name, and why the last attempt failed.\n\n" +
			"With --json each line has the fields of granary sources --json but ledger, and\n" +
			"  bytes  the size of its object, or of its download; null if that is not known\n" +
			"  attrs  which of the attributes need it",
		Args: oneOrMore("attribute"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := a.openForReading(ctx); err != nil {
				return err
			}
			q, err := a.inquire(ctx, flags, args)
			if err != nil {
				return err
			}
			return a.queryNeeds(ctx, q)
		},
	}
	flags.add(cmd)
	return cmd
}

func (a *app) queryNeeds(ctx context.Context, q *inquiry) error {
	sources, err := a.neededSources(ctx, q, q.graph.Reach(q.graph.Roots...))
	if err != nil {
		return err
	}
	users := func(int32) []string { return nil }
	if a.json {
		users = q.users()
	}
	err = a.buffered(func() error {
		for i := range sources {
			if err := a.printNeed(&sources[i], users(sources[i].number)); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		a.tellUnevaluated(q.attributes, true)
		a.notef("%s", sumOf(sources))
	}
	return err
}

// users returns a function that tells which attributes' paths need a source of the graph.
func (q *inquiry) users() func(number int32) []string {
	roots, paths := q.merged(attributePath)
	users := q.graph.Users(roots)
	return func(number int32) []string {
		names := make([]string, len(users[number]))
		for i, place := range users[number] {
			names[i] = paths[place]
		}
		return names
	}
}

func (a *app) printNeed(n *neededSource, users []string) error {
	if a.json {
		return a.printJSON(needsLine{sourceJSON(n.Source), knownBytes(n.bytes), users})
	}
	return a.printf("%-7s  %s\n", n.State, printable(n.summary()))
}

// sumOf sums up in a line.
func sumOf(sources []neededSource) string {
	var held, missing closure.Tally
	objects := map[hashes.Hash]bool{} // one may serve several sources
	for i := range sources {
		n := &sources[i]
		if n.State == catalog.Held {
			held.Needs++
			if !objects[n.Object] {
				objects[n.Object] = true
				held.Bytes += n.bytes
			}
			continue
		}
		missing.Missing++
		if n.bytes < 0 {
			missing.Unknown++
		} else {
			missing.Bytes += n.bytes
		}
	}
	text := fmt.Sprintf("%s, %s held (%s)", count(len(sources), "source"), thousands(held.Needs),
		bytes(held.Bytes))
	if missing.Missing > 0 {
		text += fmt.Sprintf(", %s missing, %s", thousands(missing.Missing), sizeOfMissing(&missing))
	}
	return text
}
