package main

import (
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
)

// A report is what the page is made of.
type report struct {
	*ranking
	disk      string
	made      time.Time
	scope     []string // what was asked for, in words; none: everything
	snapshots []catalog.Snapshot
	wanted    []catalog.Source // by name
	last      map[int64]string // URLs of failures, by Source.ID
	status    *statusLine      // without snapshots
	tallies   []closure.Tally  // by attribute
	leading   *leadingNodes
	names     map[int64]string // of derivations on the way to what is missing, by row
}

// readReport reads what flags ask for.
func (a *app) readReport(ctx context.Context, flags *askFlags) (*report, error) {
	disk, err := filepath.Abs(a.diskDir)
	if err != nil {
		return nil, fmt.Errorf("find disk %s: %w", a.diskDir, err)
	}
	r := &report{disk: disk, made: time.Now(), ranking: new(ranking)}
	if r.inquiry, r.wanted, err = a.inquireWanted(ctx, flags); err != nil {
		return nil, err
	}
	if err := r.readSnapshots(ctx, a, flags); err != nil {
		return nil, err
	}
	if r.last, err = a.catalog.LastURLs(ctx); err != nil {
		return nil, err
	}
	r.reckon()
	return r, r.readNames(ctx, a)
}

// readSnapshots reads those that flags leave.
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

// reckon works out what there is to say of what was read.
func (r *report) reckon() {
	r.find()
	r.describe(r.wanted)
	r.sort()
	r.status = new(statusLine)
	r.status.count(r.stock(), r.last)
	r.tallies = r.count().Roots
	r.leading = r.findLeading()
}

// stock returns the sources for counting. Those that are gone from the disk were found.
func (r *report) stock() *stock {
	all := r.inquiry.sources
	numbers := make(map[int64]int, len(all))
	for number, id := range r.graph.Sources {
		numbers[id] = number
	}
	s := &stock{sources: r.wanted, present: make([]closure.Source, len(r.wanted))}
	for i := range r.wanted {
		s.present[i] = all[numbers[r.wanted[i].ID]]
	}
	for i := range r.lacks {
		if r.lacks[i].lost {
			s.lost++
		}
	}
	return s
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

// why says in short why a source is missing.
func (l *lack) why() string {
	switch {
	case l.reason() != "":
		return l.reason()
	case byHand(&l.Source.Source):
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
