package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"

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
	ByHand    int            `json:"byHand"` // of those missing or failed, a person must get
	Bytes     int64          `json:"bytes"`  // of the objects that serve held sources
	Kinds     map[string]int `json:"kinds"`
	Reasons   map[string]int `json:"reasons"` // of failures
	Hosts     map[string]int `json:"hosts"`   // of failures: that gave the reason
	Snapshots []snapshotLine `json:"snapshots"`
}

func newStatus(a *app) *cobra.Command {
	hosts := false
	cmd := &cobra.Command{
		Use:   "status",
		Short: "One look at a disk: what is held, what is missing, what failed",
		Long: "Says what a disk holds, what is missing, and what failed, by reason and by host.\n\n" +
			"With --hosts it lists every host that was asked, those with most failures first:\n" +
			"how many sources it was asked for, gave and did not give, what it sent and how\n" +
			"fast, when it last worked and failed, and its most frequent failure. With --json\n" +
			"each host is a line: host, asked, held, failed, share (of those asked for that\n" +
			"came, 0 to 1), bytes, rate (bytes a second), reason, lastGood, lastBad.",
		Args: noArgs,
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
			return a.printStatus(status)
		},
	}
	cmd.Flags().BoolVar(&hosts, "hosts", false, "list the hosts that were asked")
	return cmd
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

// hostOf keeps the sites of mirror:// apart from hosts.
func hostOf(u *url.URL) string {
	if u.Scheme == "mirror" {
		return "mirror://" + u.Host
	}
	return u.Host
}

func (a *app) printStatus(st *statusLine) error {
	w := new(strings.Builder)
	fmt.Fprintf(w, "disk %s\n", printable(a.diskDir))
	for _, s := range st.Snapshots {
		fmt.Fprintf(w, "\nsnapshot %s\n  %s, evaluated %s\n", printable(s.Snapshot),
			s.contents(), s.at.Local().Format(dateFormat))
	}
	fmt.Fprintf(w, "\nsources\n")
	writeCount(w, st.Held, "held, "+bytes(st.Bytes))
	writeCount(w, st.Missing, "missing: not tried yet")
	writeCount(w, st.Failed, "failed")
	if st.ByHand > 0 {
		writeCount(w, st.ByHand, "of these to be added by hand")
	}
	for _, table := range []struct {
		title   string
		numbers map[string]int
	}{{"why they failed", st.Reasons}, {"hosts with failures", st.Hosts}, {"kinds", st.Kinds}} {
		writeCounts(w, table.title, table.numbers)
	}
	if err := a.printf("%s", w); err != nil {
		return err
	}
	a.suggest(st)
	return nil
}

func writeCount(w io.Writer, n int, what string) {
	fmt.Fprintf(w, "%9s  %s\n", thousands(n), what)
}

// writeCounts writes the largest numbers; status is one look.
func writeCounts(w io.Writer, title string, numbers map[string]int) {
	const most = 12
	if len(numbers) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	keys := byCount(numbers)
	for _, key := range keys[:min(most, len(keys))] {
		writeCount(w, numbers[key], printable(key))
	}
	if len(keys) > most {
		fmt.Fprintf(w, "           and %s more\n", thousands(len(keys)-most))
	}
}

// byCount returns the keys, that with the largest number first.
func byCount(numbers map[string]int) []string {
	return slices.SortedFunc(maps.Keys(numbers), func(a, b string) int {
		return cmp.Or(numbers[b]-numbers[a], strings.Compare(a, b))
	})
}

// suggest says what to do next.
func (a *app) suggest(st *statusLine) {
	switch {
	case len(st.Snapshots) == 0 && st.Sources == 0:
		a.notef("nothing was evaluated yet: granary harvest TREE --disk %s", a.diskDir)
	case st.Missing > 0:
		a.notef("granary fetch --disk %s fetches what is missing", a.diskDir)
	case st.Failed > 0:
		a.notef("granary sources --disk %s --state failed lists what failed", a.diskDir)
		a.notef("granary status --disk %s --hosts shows how each host did", a.diskDir)
	}
}
