package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"granary"
)

// planFlags say what a plan is about.
type planFlags struct {
	ask     askFlags
	budget  size
	reserve reserve
	sizes   sizesFlags
	how     fetchFlags // to ask for sizes, and of which attributes
}

func (f *planFlags) add(cmd *cobra.Command) {
	f.ask.addSnapshots(cmd)
	f.how.only.add(cmd)
	addBudget(cmd, &f.budget)
	cmd.Flags().Var(&f.reserve, "reserve",
		"of the free disk, what is to stay so, a `SIZE` such as 2G (default: 256M)")
	f.sizes.add(cmd)
	f.how.addAsking(cmd)
}

func newPlan(a *app) *cobra.Command {
	flags := new(planFlags)
	cmd := &cobra.Command{
		Use:   "plan [ATTR…]",
		Short: "What a fetch would take: sources and bytes, by host and kind",
		Long: "Says what a fetch would take, and fetches nothing: how many sources are wanted\n" +
			"and not held, how many bytes they have, and where they come from. ATTR, a path\n" +
			"or a pattern such as 'python3Packages.*', is the same as --only ATTR.\n\n" +
			sizingRule + "\n\n" +
			sizesRule + "\n\n" +
			"Sources are listed by the host of their first URL, by kind, and by package set,\n" +
			"in each that needs them; what only fetchers need, want-lists, and documentation,\n" +
			"is listed under (no attribute). Those with most bytes come first; -v lists all.\n" +
			"With --json each is a line, after one with \"part\":\"total\": part is host, kind or\n" +
			"packageSet, with name, sources, known, knownBytes, estimated, estimatedBytes and\n" +
			"unknown (sources each). The total has byHand (sources that only a person can\n" +
			"get), needBuilder (that nothing but Nix or a substituter makes), noURL, held,\n" +
			"free (bytes of the disk), reserve, and fits: whether what is known and estimated\n" +
			"does; null if that cannot be told.\n\n" +
			budgetRule,
		Example: "  granary plan --disk /mnt/usb\n" +
			"  granary plan 'haskellPackages.*' --budget 20G",
		RunE: func(cmd *cobra.Command, args []string) error {
			only := &flags.how.only
			only.patterns = slices.Concat(args, only.patterns)
			only.arguments = len(args) > 0
			if err := flags.how.check(); err != nil {
				return err
			}
			if err := a.openForSizes(cmd.Context(), &flags.sizes, "plan"); err != nil {
				return err
			}
			return a.plan(cmd.Context(), flags)
		},
	}
	flags.add(cmd)
	return cmd
}

// plan says what a fetch would take.
func (a *app) plan(ctx context.Context, flags *planFlags) error {
	w, err := a.sizedWish(ctx, &flags.ask, &flags.sizes, &flags.how)
	if err != nil {
		return err
	}
	if flags.budget > 0 {
		return a.planWithin(w, flags)
	}
	p := newPlanning(w)
	if p.total.space, err = a.space(flags.reserve, &p.total.amount); err != nil {
		return err
	}
	if a.json {
		return a.buffered(func() error { return a.printPlanJSON(p) })
	}
	if err := a.printf("%s", p.text(a)); err != nil {
		return err
	}
	if p.total.Unknown > 0 && !flags.sizes.wanted() {
		a.notef("granary plan --sizes asks servers how large their files are")
	}
	return nil
}

// planWithin says what a fetch within a budget would take.
func (a *app) planWithin(w *wish, flags *planFlags) error {
	b, err := w.allot(int64(flags.budget), func(place int) bool {
		return !byHand(&w.sources[place].Source)
	})
	if err != nil {
		return err
	}
	line := b.summary()
	if line.space, err = a.space(flags.reserve, &line.amount); err != nil {
		return err
	}
	return a.buffered(func() error {
		if a.json {
			return a.printBudgetJSON(b, &line)
		}
		return a.printBudget(b, &line)
	})
}

// A planning is what a fetch would take, added up.
type planning struct {
	total       planTotal
	byHost      amounts
	byKind      amounts
	packageSets amounts
}

// planTotal is the first line of `granary plan --json`.
type planTotal struct {
	Part string `json:"part"`
	amount
	ByHand      int `json:"byHand"`      // that a person must get
	NeedBuilder int `json:"needBuilder"` // that granary has no recipe for
	NoURL       int `json:"noURL"`       // of the others, that have no URL
	Held        int `json:"held"`        // that are wanted, too
	space
}

// planPart is a further line.
type planPart struct {
	Part string `json:"part"`
	Name string `json:"name"`
	amount
}

func newPlanning(w *wish) *planning {
	p := &planning{planTotal{Part: "total", Held: w.held}, amounts{}, amounts{}, amounts{}}
	for i := range w.sources {
		s, d := &w.sources[i].Source, w.sizes[i]
		p.total.add(d)
		p.byHost.add(firstHost(s), d)
		p.byKind.add(string(s.Kind), d)
		switch {
		case byHand(s):
			p.total.ByHand++
		case s.Recipe == "":
			p.total.NeedBuilder++
		case len(s.URLs) == 0:
			p.total.NoURL++
		}
	}
	p.addPackageSets(w)
	return p
}

// firstHost returns the host that a fetch asks first.
func firstHost(s *granary.Source) string {
	if len(s.URLs) == 0 {
		return "(no URL)"
	}
	u, err := url.Parse(s.URLs[0])
	if err != nil || u.Host == "" {
		return "(no host)"
	}
	return strings.ToLower(hostOf(u))
}

// noSet is the package set of what no attribute needs.
const noSet = "(no attribute)"

// addPackageSets counts a source in each package set that needs it.
func (p *planning) addPackageSets(w *wish) {
	group, names := w.packageSets()
	needed := make([]bool, len(w.sources))
	w.graph.Groups(w.graph.Roots, group, func(number, source int32) {
		if i, ok := w.place[w.graph.Sources[source]]; ok {
			p.packageSets.add(names[number], w.sizes[i])
			needed[i] = true
		}
	})
	for i, d := range w.sizes {
		if !needed[i] {
			p.packageSets.add(noSet, d)
		}
	}
}

// packageSets returns by attribute the number of its package set, and their names.
func (w *wish) packageSets() (group []int32, names []string) {
	group = make([]int32, len(w.attributes))
	numbers := map[string]int32{}
	for i := range w.attributes {
		set := packageSet(w.attributes[i].Path)
		number, ok := numbers[set]
		if !ok {
			number = int32(len(names))
			numbers[set] = number
			names = append(names, set)
		}
		group[i] = number
	}
	return group, names
}

func (a *app) printPlanJSON(p *planning) error {
	if err := a.printJSON(p.total); err != nil {
		return err
	}
	for _, part := range []struct {
		name    string
		amounts amounts
	}{{"host", p.byHost}, {"kind", p.byKind}, {"packageSet", p.packageSets}} {
		for _, name := range part.amounts.names() {
			err := a.printJSON(planPart{part.name, name, *part.amounts[name]})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// planRows is how many hosts, kinds and package sets a person can take in at a glance.
const planRows = 10

// text is for people.
func (p *planning) text(a *app) string {
	w := new(strings.Builder)
	t, most := &p.total, planRows
	if a.verbose {
		most = max(len(p.byHost), len(p.packageSets), len(p.byKind))
	}
	fmt.Fprintf(w, "%s to fetch, %s; %s held already\n", count(t.Sources, "source"), &t.amount,
		thousands(t.Held))
	if t.Sources == 0 {
		return w.String()
	}
	if t.Unknown < t.Sources {
		w.WriteString(t.amount.rows())
	}
	w.WriteString(t.space.text())
	w.WriteString(t.obstacles())
	for _, part := range []struct {
		title   string
		amounts amounts
	}{
		{"host of the first URL", p.byHost}, {"kind", p.byKind},
		{"package set; sources count in several", p.packageSets},
	} {
		fmt.Fprintf(w, "\n%9s %11s %9s  by %s\n%s", "sources", "bytes", "unknown", part.title,
			part.amounts.table(most))
	}
	return w.String()
}

// obstacles says what a fetch cannot get.
func (t *planTotal) obstacles() string {
	w := new(strings.Builder)
	for _, row := range []struct {
		n    int
		text string
	}{
		{t.ByHand, "a person must get, and granary add takes: granary sources says how"},
		{t.NeedBuilder, "have no recipe: a substituter has them, or --builders makes them"},
		{t.NoURL, "have no URL: a hashed mirror or a substituter may have them"},
	} {
		if row.n > 0 {
			fmt.Fprintf(w, "%9s  %s\n", thousands(row.n), row.text)
		}
	}
	if w.Len() == 0 {
		return ""
	}
	return "\nof these\n" + w.String()
}
