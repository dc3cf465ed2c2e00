package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"granary/catalog"
	"granary/closure"
	"granary/hashes"
)

// usersLine is a line of `granary query users --json`.
type usersLine struct {
	OutPath  hashes.StorePath  `json:"outPath"`
	Name     string            `json:"name"`
	Snapshot string            `json:"snapshot"`
	System   string            `json:"system"`
	AttrPath string            `json:"attrPath"`
	DrvPath  *hashes.StorePath `json:"drvPath"` // null if it did not evaluate
	Path     []string          `json:"path"`
}

const usersHelp = `Lists the attributes that need a source, below its output path: all that lead to
it, by way of others, too. --direct leaves those whose own derivation needs it.
With -v each has a shortest way that leads to it.

A SOURCE is
  an output path      /nix/store/353j…-hello-2.10.tar.gz, or its last part
  a hash              that was promised, or of the object that serves it: SRI,
                      base16, nixbase32 or base64, with or without sha256:
  an object's name    sha256/ab/abcd…, or a file of that name
  a URL               as the tree has it, or as it was asked for
  a name              hello-2.10.tar.gz, or a pattern such as 'hello-*'
What names several sources stands for all of them.

An attribute that did not evaluate is listed if what its evaluation stopped at
needs the source.

With --json each line is an attribute of a snapshot, with
  outPath, name       of the source
  snapshot, system, attrPath, drvPath
                      of the attribute, as granary attrs --json has them
  path                a shortest way: the attribute's path, the names of
                      derivations, the source's name`

func newUsers(a *app) *cobra.Command {
	flags := new(askFlags)
	direct := false
	cmd := &cobra.Command{
		Use:   "users SOURCE…",
		Short: "Which attributes need a source",
		Long:  usersHelp,
		Args:  oneOrMore("source"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := a.openForReading(ctx); err != nil {
				return err
			}
			sources, err := a.namedSources(ctx, args)
			if err != nil {
				return err
			}
			u, err := a.newUserFinder(ctx, flags)
			if err != nil {
				return err
			}
			u.direct = direct
			if err := u.print(ctx, sources); err != nil {
				return err
			}
			u.sumUp(len(sources))
			return nil
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&direct, "direct", false, "only those whose own derivation needs it")
	return cmd
}

// A userFinder finds and prints who needs sources.
type userFinder struct {
	*app
	attributes []catalog.Attribute
	graph      *catalog.Graph
	numbers    map[int64]int32 // by Source.ID: in the graph
	ways       *closure.Approaches
	full       bool // fixed outputs are looked behind
	direct     bool // only of one step
	several    bool // attributes are of several snapshots

	found    map[*catalog.Attribute]bool // those that were printed
	unneeded []hashes.StorePath          // sources without users
}

// newUserFinder reads what all attributes need that the flags leave.
func (a *app) newUserFinder(ctx context.Context, flags *askFlags) (*userFinder, error) {
	u := &userFinder{
		app: a, full: flags.full, numbers: map[int64]int32{}, found: map[*catalog.Attribute]bool{},
	}
	var err error
	if u.attributes, err = a.attributesLeft(ctx, flags); err != nil {
		return nil, err
	}
	if u.graph, err = a.catalog.Graph(ctx, u.attributes, flags.full); err != nil {
		return nil, err
	}
	for number, id := range u.graph.Sources {
		u.numbers[id] = int32(number)
	}
	for i := range u.attributes {
		u.several = u.several || u.attributes[i].Snapshot != u.attributes[0].Snapshot
	}
	u.ways = u.graph.Approaches()
	return u, nil
}

// print prints the users of sources.
func (u *userFinder) print(ctx context.Context, sources []catalog.SourceKey) error {
	return u.buffered(func() error {
		for i := range sources {
			if err := u.printUsers(ctx, &sources[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// sumUp says how many users there are, and which sources have none.
func (u *userFinder) sumUp(sources int) {
	const few = 5
	no := "no attribute needs"
	if u.direct {
		no = "no attribute's own derivation needs"
	}
	for _, path := range u.unneeded[:min(few, len(u.unneeded))] {
		u.notef("%s %s", no, path)
	}
	if more := len(u.unneeded) - few; more > 0 {
		u.notef("%s %s", no, count(more, "other source"))
	}
	if len(u.unneeded) > 0 && !u.full && !u.direct {
		u.notef("such a source is wanted for the tools of fetchers (--full looks there), by a " +
			"call of fetchurl, or by a want-list")
	}
	switch needed := sources - len(u.unneeded); {
	case needed > 1:
		u.notef("%s for %s", count(len(u.found), "attribute"), count(needed, "source"))
	case needed == 1:
		u.notef("%s", count(len(u.found), "attribute"))
	}
}

func (u *userFinder) printUsers(ctx context.Context, s *catalog.SourceKey) error {
	found, ways := u.find(s.ID)
	if len(found) == 0 {
		u.unneeded = append(u.unneeded, s.OutPath)
		return nil
	}
	var namer *wayfinder
	if u.json || u.verbose {
		var err error
		if namer, err = u.newWayfinder(ctx, u.graph, ways); err != nil {
			return err
		}
	}
	if !u.json {
		if err := u.printf("%s\n", s.OutPath); err != nil {
			return err
		}
	}
	for i, at := range found {
		u.found[at] = true
		if err := u.printUser(s, at, namer.names(at, ways[i], s.Name)); err != nil {
			return err
		}
	}
	return nil
}

// find returns the attributes that need a source, each with a way to it.
func (u *userFinder) find(id int64) (found []*catalog.Attribute, ways [][]int32) {
	number, ok := u.numbers[id]
	if !ok {
		return nil, nil
	}
	u.ways.Turn(number)
	for i := range u.attributes {
		root := u.graph.Roots[i]
		steps := u.ways.Steps(root)
		if steps == closure.None || u.direct && steps > 1 {
			continue
		}
		found = append(found, &u.attributes[i])
		ways = append(ways, u.ways.From(root))
	}
	return found, ways
}

func (u *userFinder) printUser(s *catalog.SourceKey, at *catalog.Attribute, names []string) error {
	if !u.json {
		return u.printf("%s\n", u.text(at, names))
	}
	line := usersLine{
		OutPath: s.OutPath, Name: s.Name, Snapshot: at.Snapshot, System: at.System,
		AttrPath: at.Path, Path: names,
	}
	if at.Kind == "" {
		line.DrvPath = &at.DrvPath
	}
	return u.printJSON(line)
}

// text names an attribute, or the way from it.
func (u *userFinder) text(at *catalog.Attribute, names []string) string {
	line := "  " + at.Path
	if u.several {
		line += "  " + at.Snapshot
	}
	if len(names) > 0 {
		line = strings.Join(append([]string{line}, wrapWay(names)...), "\n         ")
	}
	return printable(line)
}
