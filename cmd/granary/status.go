package main

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"granary/catalog"
	"granary/closure"
	"granary/fetch"
	"granary/hashes"
)

// statusLine is what `granary status --json` prints.
type statusLine struct {
	Sources     int            `json:"sources"`
	Held        int            `json:"held"`
	Missing     int            `json:"missing"` // not tried yet, or gone from the disk
	Failed      int            `json:"failed"`
	ByHand      int            `json:"byHand"` // of those missing or failed, a person must get
	Lost        int            `json:"lost"`   // of those missing, gone from the disk
	Bytes       int64          `json:"bytes"`  // of the objects that serve held sources
	missingSize                // of those missing or failed
	Free        *int64         `json:"free"` // bytes on the disk; null: it does not say
	Kinds       map[string]int `json:"kinds"`
	Reasons     map[string]int `json:"reasons"` // of failures
	Hosts       map[string]int `json:"hosts"`   // of failures: that gave the reason
	Snapshots   []snapshotLine `json:"snapshots"`

	begun    bool                            // an evaluation has recorded something
	tallies  map[catalog.State]closure.Tally // of the sources
	untried  int                             // that a fetch would try for the first time
	failures failures                        // and what a person must get
}

const statusHelp = `Says of a disk how much of its last snapshots is buildable offline, how many of
all sources are held, missing (not tried yet) and failed, and why, and at which
hosts. Bytes are those of objects that serve held sources, and those to
download for the others, as far as that is known. On a terminal it is one
screen, with bars; elsewhere it is numbers alone.

With --json it is one object, with besides
  lost        sources of those missing whose object is gone from the disk
  byHand      sources of those missing or failed that a person must get
  missingBytes, missingKnownBytes, missingUnknown   of those missing or failed,
              the bytes to download (null if the size of one is not known), the
              bytes of those of known size, how many are of unknown size
  free        bytes on the disk; null if it does not say
  kinds       how many sources of each kind
Each of snapshots is as granary snapshots has it, with
  buildable   attributes, as granary query buildable has them
  held        sources, of those that it wants
  missingBytes, missingKnownBytes, missingUnknown   as above

With --hosts it lists every host that was asked, those with most failures
first: how many sources it was asked for, gave and did not give, what it sent
and how fast, when it last worked and failed, and its most frequent failure.
With --json each host is a line: host, asked, held, failed, share (of those
asked for that came, 0 to 1), bytes, rate (bytes a second), reason, lastGood,
lastBad.`

func newStatus(a *app) *cobra.Command {
	hosts := false
	cmd := &cobra.Command{
		Use:   "status",
		Short: "One look at a disk: what is buildable, held, missing and failed",
		Long:  statusHelp,
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if err := a.openForReading(ctx); err != nil {
				return err
			}
			if hosts {
				return a.listHosts(ctx)
			}
			status, err := a.status(ctx)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(status)
			}
			return a.printStatus(ctx, status)
		},
	}
	cmd.Flags().BoolVar(&hosts, "hosts", false, "list the hosts that were asked")
	return cmd
}

func (a *app) status(ctx context.Context) (*statusLine, error) {
	snapshots, err := a.catalog.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	stock, err := a.takeStock(ctx)
	if err != nil {
		return nil, err
	}
	last, err := a.catalog.LastURLs(ctx)
	if err != nil {
		return nil, err
	}
	st := &statusLine{Snapshots: make([]snapshotLine, len(snapshots))}
	st.count(stock, last)
	for i, s := range snapshots {
		st.Snapshots[i] = snapshotJSON(s)
	}
	if free, err := a.disk.Free(); err == nil {
		st.Free = &free
	}
	if st.begun, err = a.catalog.Begun(ctx); err != nil {
		return nil, err
	}
	return st, a.holdSnapshots(ctx, st, stock)
}

// count counts the sources.
func (st *statusLine) count(stock *stock, last map[int64]string) {
	st.Sources, st.Lost = len(stock.sources), stock.lost
	st.Kinds, st.Reasons, st.Hosts = map[string]int{}, map[string]int{}, map[string]int{}
	st.tallies, st.failures = map[catalog.State]closure.Tally{}, failures{}
	objects := map[hashes.Hash]bool{}
	var all closure.Tally
	for i := range stock.sources {
		s := &stock.sources[i]
		st.add(s, last, objects)
		tally := st.tallies[s.State]
		tallySource(&tally, &stock.present[i])
		st.tallies[s.State] = tally
		tallySource(&all, &stock.present[i])
		switch hand := byHand(&s.Source); {
		case s.State == catalog.Failed, s.State == catalog.Missing && hand:
			st.failures[failure{reason: fetch.Reason(s.Reason), byHand: hand}]++
		case s.State == catalog.Missing:
			st.untried++
		}
	}
	st.missingSize = newMissingSize(&all)
}

func (st *statusLine) add(s *catalog.Source, last map[int64]string, objects map[hashes.Hash]bool) {
	st.Kinds[string(s.Kind)]++
	if s.State != catalog.Held && byHand(&s.Source) {
		st.ByHand++
	}
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
			st.Hosts[hostOf(u)]++
		}
	}
}

// holdSnapshots says how much of each snapshot is held.
func (a *app) holdSnapshots(ctx context.Context, st *statusLine, stock *stock) error {
	attributes, err := a.catalog.Attributes(ctx, "")
	if err != nil {
		return err
	}
	g, err := a.catalog.Graph(ctx, attributes, false)
	if err != nil {
		return err
	}
	counts := g.Count(g.Roots, stock.ofGraph(g))
	buildable := map[string]int{}
	for i := range attributes {
		if v := (answer{&attributes[i], counts.Roots[i]}); v.buildable() {
			buildable[attributes[i].Snapshot]++
		}
	}
	for i := range st.Snapshots {
		s := &st.Snapshots[i]
		wanted, err := a.catalog.WantedBy(ctx, s.Snapshot)
		if err != nil {
			return err
		}
		t := stock.tally(wanted)
		s.snapshotHeld = &snapshotHeld{buildable[s.Snapshot], t.Needs - t.Missing, newMissingSize(&t)}
	}
	return nil
}

// hostOf keeps the sites of mirror:// apart from hosts.
func hostOf(u *url.URL) string {
	if u.Scheme == "mirror" {
		return "mirror://" + u.Host
	}
	return u.Host
}

// byCount returns the keys, that with the largest number first.
func byCount(numbers map[string]int) []string {
	return slices.SortedFunc(maps.Keys(numbers), func(a, b string) int {
		return cmp.Or(numbers[b]-numbers[a], strings.Compare(a, b))
	})
}
