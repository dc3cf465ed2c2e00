package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"granary"
	"granary/catalog"
	"granary/hashes"
)

// missingLine is a line of `granary query missing --json`.
type missingLine struct {
	sourceLine
	Users   int      `json:"users"`   // attributes that it holds back
	Unlocks int      `json:"unlocks"` // those of them that lack nothing else
	Bytes   *int64   `json:"bytes"`   // to download; null if that is not known
	Attrs   []string `json:"attrs"`   // a few of the users

	Path     []string           `json:"path,omitzero"` // for named attributes
	DrvPaths []hashes.StorePath `json:"drvPaths,omitzero"`
}

const missingHelp = `Lists the missing sources, one a line, those first that hold back most
attributes: how many attributes need it, how many of those lack nothing else,
its size (? if that is not known), its name, and why the last attempt failed. -v
adds details, its URLs, and a few of the attributes. At the end stand sources
that are wanted, and that no attribute needs: files such as documentation that
the tree calls fetchurl for, what only the tools of fetchers need (see --full),
what evaluation itself fetches, and what want-lists want.

For named attributes, or patterns such as 'python3Packages.*', it lists what
they lack: each source with a shortest way to it from one of them, why the last
attempt failed, and its URLs as the tree has them. Numbers are of these alone.

An attribute path counts once for each system, however many snapshots hold it:
it needs what it needs in any of them. --snapshot asks for one. An attribute
that did not evaluate counts if it is known what its evaluation stopped at.

The exit status is 3 if anything is missing.

With --json each line has the fields of granary sources --json, but ledger, and
  users     how many attributes it holds back
  unlocks   how many of these lack nothing else
  bytes     the size of its download; null if that is not known
  attrs     up to three of the attributes that it holds back
and, for named attributes,
  path      an attribute's path, the names of derivations, the source's name
  drvPaths  the derivations on that way, the attribute's first`

func newMissing(a *app) *cobra.Command {
	flags := new(askFlags)
	limit := 0
	cmd := &cobra.Command{
		Use:   "missing [ATTR…]",
		Short: "What is missing, that first which holds back most attributes",
		Long:  missingHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if limit < 0 {
				return usagef("--limit %d: not a number of lines", limit)
			}
			if err := a.openForReading(ctx); err != nil {
				return err
			}
			r, err := a.rank(ctx, flags, args)
			if err != nil {
				return err
			}
			return a.queryMissing(ctx, r, limit)
		},
	}
	flags.add(cmd)
	cmd.Flags().IntVar(&limit, "limit", 0, "no more than the first `N` (default: all)")
	return cmd
}

func (a *app) queryMissing(ctx context.Context, r *ranking, limit int) error {
	shown := r.lacks
	if limit > 0 {
		shown = shown[:min(limit, len(shown))]
	}
	if err := a.readMore(ctx, r, shown); err != nil {
		return err
	}
	err := a.buffered(func() error {
		for i := range shown {
			if err := a.printLack(r, &shown[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.tellRanking(r, len(shown))
	if len(r.lacks) > 0 {
		return errIncomplete
	}
	return nil
}

func (a *app) printLack(r *ranking, l *lack) error {
	if a.json {
		return a.printJSON(r.json(l))
	}
	lines := []string{l.text(r.columns())}
	if r.named || a.verbose {
		lines = append(lines, l.details(r.named)...)
	}
	if !r.named && a.verbose && l.users > 0 {
		lines = append(lines, "needed by "+r.someUsers(l))
	}
	return a.print(printable(strings.Join(lines, "\n         ")) + "\n")
}

func (r *ranking) json(l *lack) missingLine {
	line := missingLine{
		sourceLine: sourceJSON(l.Source), Users: l.users, Unlocks: l.unlocks,
		Bytes: knownBytes(l.bytes), Attrs: nonNil(r.examples(l)),
	}
	if r.named {
		line.Path, line.DrvPaths = l.names, l.drvPaths
	}
	return line
}

// someUsers names a few of the attributes that a source holds back.
func (r *ranking) someUsers(l *lack) string {
	paths := r.examples(l)
	text := strings.Join(paths, ", ")
	if more := l.users - len(paths); more > 0 {
		text += " and " + thousands(more) + " more"
	}
	return text
}

// text is the line for people; columns says whether it has numbers.
func (l *lack) text(columns bool) string {
	if !columns {
		return "missing  " + l.summary()
	}
	return fmt.Sprintf("%7s  %7s  %s", thousands(l.users), thousands(l.unlocks), l.summary())
}

// details are the lines below the first.
func (l *lack) details(named bool) (lines []string) {
	if named {
		lines = append(lines, wrapWay(l.names)...)
	}
	if l.Detail != "" && l.Detail != l.Message {
		lines = append(lines, l.Reason+": "+lineBreaks.ReplaceAllString(l.Detail, " "))
	}
	if l.State == catalog.Missing && !l.lost {
		lines = append(lines, "never tried")
	}
	lines = append(lines, l.URLs...)
	if l.Message != "" {
		lines = append(lines, strings.Split(strings.TrimSpace(l.Message), "\n")...)
	}
	return lines
}

// wrapWay returns a way in lines for a terminal of 80 columns.
func wrapWay(names []string) (lines []string) {
	const most = 80 - len("         ")
	line := ""
	for i, name := range names {
		if i > 0 {
			name = " -> " + name
		}
		if len(line)+len(name) > most && line != "" {
			lines = append(lines, line)
			line, name = "", " "+name
		}
		line += name
	}
	return append(lines, line)
}

// tellRanking sums up.
func (a *app) tellRanking(r *ranking, shown int) {
	a.tellUnevaluated(r.attributes, r.named)
	if len(r.lacks) == 0 {
		if r.known > 0 || !r.named {
			a.notef("nothing is missing: %s held", count(r.needed, "source"))
		}
		return
	}
	more := ""
	if shown < len(r.lacks) {
		more = fmt.Sprintf(" (%s shown)", thousands(shown))
	}
	a.notef("%s missing%s, %s; they hold back %s of %s", count(len(r.lacks), "source"), more,
		sizeOfMissing(&r.total), thousands(r.heldBack), count(r.known, "attribute"))
	if r.unneeded > 0 {
		a.notef("%s of these no attribute needs", thousands(r.unneeded))
	}
	if !a.json && r.columns() {
		a.notef("columns: attributes held back, those of them that lack nothing else, size, " +
			"name, last failure")
	}
}

// tellUnevaluated says which of the attributes did not evaluate: by name, if they were
// named and are few.
func (a *app) tellUnevaluated(attributes []catalog.Attribute, named bool) {
	const few = 3
	var failed []*catalog.Attribute
	seen := map[attributeKey]bool{}
	for i := range attributes {
		at := &attributes[i]
		if key := attributeOfSystem(at); at.Kind != "" && !seen[key] {
			seen[key] = true
			failed = append(failed, at)
		}
	}
	if len(failed) > 0 && (!named || len(failed) > few) {
		a.notef("%s did not evaluate: granary attrs --errors", count(len(failed), "attribute"))
		return
	}
	for _, at := range failed {
		a.notef("warning: %s did not evaluate: %s: %s", printable(at.Path), at.Kind, needsOf(at))
	}
}

// needsOf says how much is known of what an attribute that did not evaluate needs.
func needsOf(at *catalog.Attribute) string {
	if at.Kind == granary.ErrorIFD && (at.Needs != "" || at.Fetch.OutPath != "") {
		return "no more is known than what its evaluation stopped at"
	}
	return "what it needs is not known"
}
