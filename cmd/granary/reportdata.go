package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"granary/catalog"
	"granary/closure"
	"granary/hashes"
)

// A report is what the page is made of.
type report struct {
	*inquiry
	disk      string
	made      time.Time
	scope     []string // what was asked for, in words; none: everything
	snapshots []catalog.Snapshot
	sources   []catalog.Source
	holdings  []catalog.Holding // by sources
	last      map[int64]string  // URLs of failures, by Source.ID
	numbers   map[int64]int32   // the graph's, by Source.ID
	counts    closure.Count
	missing   []missingSource // those first that hold back most attributes
	leading   *leadingNodes
	names     map[int64]string // of derivations on the way to what is missing, by row
}

// A missingSource is a source that is not on the disk.
type missingSource struct {
	*catalog.Source
	number         int32 // in the graph, or closure.None
	lost           bool  // the catalog has it, and the disk has it no more
	bytes          int64 // to download; less than 0: not known
	host           string
	users, unlocks int32 // attributes, as closure.Count has them
}

// readReport reads what flags ask for.
func (a *app) readReport(ctx context.Context, flags *askFlags) (*report, error) {
	disk, err := filepath.Abs(a.diskDir)
	if err != nil {
		return nil, fmt.Errorf("find disk %s: %w", a.diskDir, err)
	}
	r := &report{disk: disk, made: time.Now(), inquiry: &inquiry{graph: new(catalog.Graph)}}
	if err := r.readSnapshots(ctx, a, flags); err != nil {
		return nil, err
	}
	if len(r.snapshots) > 0 || len(r.scope) > 0 { // else there are want-lists at most
		if r.inquiry, err = a.inquire(ctx, flags, nil); err != nil {
			return nil, err
		}
	}
	r.counts = r.count()
	if err := r.readSources(ctx, a); err != nil {
		return nil, err
	}
	r.findMissing(a.disk.Has)
	r.leading = r.findLeading()
	return r, r.readNames(ctx, a)
}

func (r *report) readSnapshots(ctx context.Context, a *app, flags *askFlags) (err error) {
	if r.snapshots, err = a.catalog.Snapshots(ctx); err != nil {
		return err
	}
	r.snapshots = slices.DeleteFunc(r.snapshots, func(s catalog.Snapshot) bool {
		return flags.snapshot != "" && s.Name != flags.snapshot ||
			len(flags.systems) > 0 && !slices.Contains(flags.systems, s.System)
	})
	if flags.snapshot != "" {
		r.scope = append(r.scope, "snapshot "+flags.snapshot)
	}
	for _, system := range flags.systems {
		r.scope = append(r.scope, "system "+system)
	}
	return nil
}

// readSources reads the sources: all, or those that the attributes need that were
// asked for.
func (r *report) readSources(ctx context.Context, a *app) (err error) {
	r.numbers = make(map[int64]int32, len(r.graph.Sources))
	for number, id := range r.graph.Sources {
		r.numbers[id] = int32(number)
	}
	if r.sources, err = a.catalog.Sources(ctx); err != nil {
		return err
	}
	if len(r.scope) > 0 {
		r.sources = slices.DeleteFunc(r.sources, func(s catalog.Source) bool {
			number, ok := r.numbers[s.ID]
			return !ok || r.counts.Users[number] == 0
		})
	}
	ids := make([]int64, len(r.sources))
	for i := range r.sources {
		ids[i] = r.sources[i].ID
	}
	if r.holdings, err = a.catalog.Holdings(ctx, ids); err != nil {
		return err
	}
	r.last, err = a.catalog.LastURLs(ctx)
	return err
}

// findMissing finds and ranks the sources that are missing. The inquiry has looked for
// the objects of those in its graph; has does so for others.
func (r *report) findMissing(has func(hashes.Hash) bool) {
	for i := range r.sources {
		m := missingSource{
			Source: &r.sources[i], number: closure.None, bytes: r.holdings[i].Bytes,
			host: r.host(&r.sources[i]),
		}
		if number, ok := r.numbers[m.ID]; ok {
			m.number, m.users = number, r.counts.Users[number]
			m.unlocks = r.counts.Unlocks[number]
			m.lost = m.State == catalog.Held && r.inquiry.sources[number].Missing
		} else {
			m.lost = m.State == catalog.Held && !has(m.Object)
		}
		if m.State != catalog.Held || m.lost {
			r.missing = append(r.missing, m)
		}
	}
	slices.SortStableFunc(r.missing, func(a, b missingSource) int {
		return cmp.Or(cmp.Compare(b.users, a.users), cmp.Compare(b.unlocks, a.unlocks))
	})
}

// host returns who failed to give a source, as status has it; of one that was not
// tried yet, who would be asked first.
func (r *report) host(s *catalog.Source) string {
	text := r.last[s.ID]
	if s.State != catalog.Failed && len(s.URLs) > 0 {
		text = s.URLs[0]
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return ""
	}
	return hostOf(u)
}

// readNames reads the names of derivations that give no source themselves.
func (r *report) readNames(ctx context.Context, a *app) error {
	var rows []int64
	for _, node := range r.leading.nodes {
		if row := r.graph.Derivations[node]; row != 0 && r.leading.source(r.graph, node) < 0 {
			rows = append(rows, row)
		}
	}
	paths, err := a.catalog.DerivationPaths(ctx, rows)
	r.names = make(map[int64]string, len(paths))
	for row, path := range paths {
		r.names[row] = strings.TrimSuffix(path.Name(), ".drv")
	}
	return err
}

// status returns the numbers that `granary status` has, of the report's sources.
func (r *report) status() *statusLine {
	st := &statusLine{
		Sources: len(r.sources), Kinds: map[string]int{}, Reasons: map[string]int{},
		Hosts: map[string]int{},
	}
	objects := map[hashes.Hash]bool{}
	for i := range r.sources {
		st.add(&r.sources[i], r.last, objects)
	}
	for _, s := range r.snapshots {
		st.Snapshots = append(st.Snapshots, snapshotJSON(s))
	}
	return st
}

// why says in short why a source is missing.
func (m *missingSource) why() string {
	switch {
	case m.lost:
		return "gone from the disk"
	case m.State == catalog.Failed:
		return m.Reason
	case byHand(&m.Source.Source):
		return "to be added by hand"
	}
	return "not tried yet"
}

// plain returns text from strangers for a page. What cannot be seen, or changes the
// direction of what stands around it, is replaced.
func plain(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t':
			return c
		case unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			return unicode.ReplacementChar
		}
		return c
	}, text)
}
