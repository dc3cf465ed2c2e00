package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"granary"
	"granary/catalog"
	"granary/closure"
	"granary/hashes"
)

// changedSnapshot is the name of the second snapshot.
const changedSnapshot = "changed"

// change makes a disk with a second snapshot, as if one attribute in twenty had got a new
// version: a derivation of its own with the same inputs, and one source more. One in two
// hundred is gone.
func (d *questionDisks) change(ctx context.Context, dir string) error {
	if err := copyCatalog(d.path("half"), dir); err != nil {
		return err
	}
	c, err := catalog.Open(ctx, filepath.Join(dir, "granary.db"))
	if err != nil {
		return err
	}
	defer c.Close()
	before, err := c.Snapshots(ctx)
	if err != nil {
		return err
	}
	ch := &change{c: c, random: rand.New(rand.NewPCG(2018, 9))}
	if err := ch.read(ctx); err != nil {
		return err
	}
	ch.make()
	r, err := c.Record(ctx)
	if err != nil {
		return err
	}
	if err := r.Add(ctx, ch.derivations, ch.after, ch.calls); err != nil {
		return err
	}
	s := before[0]
	s.Name, s.Evaluated = changedSnapshot, s.Evaluated.Add(24*time.Hour)
	_, err = r.Finish(ctx, s)
	return err
}

// A change is what differs between two evaluations.
type change struct {
	c      *catalog.Catalog
	random *rand.Rand

	attributes []catalog.Attribute // before
	graph      *catalog.Graph
	paths      map[int64]hashes.StorePath
	calls      []granary.Source

	derivations []*granary.Derivation
	after       []granary.Attribute
}

func (ch *change) read(ctx context.Context) (err error) {
	if ch.attributes, err = ch.c.Attributes(ctx, ""); err != nil {
		return err
	}
	if ch.graph, err = ch.c.Graph(ctx, ch.attributes, true); err != nil {
		return err
	}
	if ch.paths, err = ch.c.DerivationPaths(ctx, ch.graph.Derivations); err != nil {
		return err
	}
	sources, err := ch.c.Sources(ctx)
	for i := range sources {
		ch.calls = append(ch.calls, sources[i].Source)
	}
	return err
}

func (ch *change) make() {
	for i := range ch.attributes {
		a := ch.attributes[i].Attribute
		root := ch.graph.Roots[i]
		n := ch.random.IntN(200)
		switch {
		case n == 0:
			continue
		case n <= 10 && a.DrvPath != "" && ch.graph.Source(root) == closure.None:
			a.DrvPath = ch.newVersion(a.DrvPath, root)
		}
		ch.after = append(ch.after, a)
	}
}

// newVersion adds a derivation that replaces another.
func (ch *change) newVersion(old hashes.StorePath, node int32) hashes.StorePath {
	name := strings.TrimSuffix(old.Name(), ".drv") + "-new"
	s := newSource(1_000_000_000 + len(ch.derivations))
	fetcher := &granary.Derivation{
		Path: storePathOf(s.Name + ".drv"), System: syntheticSystem, Source: &s, Text: s.Name,
		Outputs: []granary.Output{{
			Name: "out", Path: string(s.OutPath), HashAlgo: "sha256", Hash: s.CA.Hash.Base16(),
		}},
	}
	d := &granary.Derivation{
		Path: storePathOf(name + ".drv"), System: syntheticSystem, Text: name,
		Outputs: []granary.Output{{Name: "out", Path: string(storePathOf(name))}},
		Inputs:  []granary.Input{needs(fetcher.Path)},
	}
	for _, input := range ch.graph.Inputs(node) {
		d.Inputs = append(d.Inputs, needs(ch.paths[ch.graph.Derivations[input]]))
	}
	ch.derivations = append(ch.derivations, fetcher, d)
	return d.Path
}

// popularSource returns a source that very many attributes need, and the snapshot.
func popularSource(ctx context.Context, path string) (source, snapshot string, err error) {
	c, err := catalog.OpenReadOnly(ctx, path)
	if err != nil {
		return "", "", err
	}
	defer c.Close()
	attributes, err := c.Attributes(ctx, "")
	if err != nil {
		return "", "", err
	}
	g, err := c.Graph(ctx, attributes, false)
	if err != nil {
		return "", "", err
	}
	count := g.Count(g.Roots, make([]closure.Source, g.NumSources()))
	most := slices.Index(count.Users, slices.Max(count.Users))
	sources, err := c.Sources(ctx)
	for i := range sources {
		if err == nil && sources[i].ID == g.Sources[most] {
			return string(sources[i].OutPath), attributes[0].Snapshot, nil
		}
	}
	return "", "", fmt.Errorf("no source is needed most: %w", err)
}
