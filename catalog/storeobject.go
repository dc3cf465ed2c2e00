package catalog

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"granary"
	"granary/hashes"
)

// A node is a store object that the catalog may keep.
type node struct {
	path    string // base
	refs    []*node
	at      place // zero: it is not kept
	seen    bool  // by the walk under way
	missing bool  // it, or something that it refers to, is not kept
	isDrv   bool
}

// An objectGraph holds all derivations and input sources, and what they refer to.
type objectGraph struct {
	derivations map[int64]*node
	inputs      map[int64]*node
	byPath      map[string]*node
}

// StoreObjects calls each for the closure of derivations, as far as no builder
// is needed: texts of derivations and input sources, each once and after all
// that it refers to. An error of each ends it. A derivation whose closure is
// not kept as a whole is an error: see Derivers. It takes 0.2 s for a catalog
// of 50,000 derivations, and a second more if it hands on all of them.
func (c *Catalog) StoreObjects(
	ctx context.Context, drvs []hashes.StorePath, each func(granary.StoreObject) error,
) error {
	g, err := c.objectGraph(ctx)
	if err != nil {
		return err
	}
	var closure []*node
	for _, path := range drvs {
		root := g.byPath[path.Base()]
		if root == nil {
			return fmt.Errorf("read catalog %s: derivation %s was never recorded", c.path, path)
		}
		if closure = root.walk(closure); root.missing {
			return fmt.Errorf("read catalog %s: what derivation %s needs is not kept", c.path, path)
		}
	}
	// The order in which they were recorded, so that each pack is read once.
	slices.SortFunc(closure, func(a, b *node) int {
		return cmp.Or(cmp.Compare(a.at.pack, b.at.pack), cmp.Compare(a.at.begin, b.at.begin))
	})
	var pack int64
	var data []byte
	for _, n := range closure {
		if n.at.pack != pack {
			pack = n.at.pack
			if data, err = c.unpack(ctx, pack); err != nil {
				return err
			}
		}
		object, err := n.object(data)
		if err != nil {
			return fmt.Errorf("read catalog %s: %w", c.path, err)
		}
		if err := each(object); err != nil {
			return err
		}
	}
	return nil
}

// object takes n out of its pack.
func (n *node) object(pack []byte) (granary.StoreObject, error) {
	o := granary.StoreObject{Path: storePath(n.path)}
	data, err := n.at.cut(pack)
	if err != nil {
		return o, fmt.Errorf("%s: %w", n.path, err)
	}
	for _, ref := range n.refs {
		o.References = append(o.References, storePath(ref.path))
	}
	slices.Sort(o.References)
	o.References = slices.Compact(o.References)
	if n.isDrv {
		o.Text = string(data)
	} else {
		o.NAR = data
	}
	return o, nil
}

// walk appends n and what it needs to all, without what was walked before.
func (n *node) walk(all []*node) []*node {
	if n.seen {
		return all
	}
	n.seen, n.missing = true, n.at.pack == 0
	for _, ref := range n.refs {
		all = ref.walk(all)
		n.missing = n.missing || ref.missing
	}
	return append(all, n)
}

// Derivers returns, for each of the sources at outPaths, the derivation that
// gives it, preferably one that system or Nix itself builds. Left out, and
// counted as lost, are sources whose derivations have no closure that the
// catalog keeps as a whole: an older granary recorded them, or an input source
// is too large.
func (c *Catalog) Derivers(
	ctx context.Context, outPaths []hashes.StorePath, system string,
) (found map[hashes.StorePath]hashes.StorePath, lost int, err error) {
	g, err := c.objectGraph(ctx)
	if err != nil {
		return nil, 0, err
	}
	wanted := make(map[string]bool, len(outPaths))
	for _, path := range outPaths {
		wanted[path.Base()] = true
	}
	found = map[hashes.StorePath]hashes.StorePath{}
	incomplete := map[hashes.StorePath]bool{}
	err = c.query(ctx, func(rows *sql.Rows) error {
		var id int64
		var out string
		if err := rows.Scan(&id, &out); err != nil || !wanted[out] {
			return err
		}
		n := g.derivations[id]
		if n.walk(nil); n.missing {
			incomplete[storePath(out)] = true
		} else if found[storePath(out)] == "" {
			found[storePath(out)] = storePath(n.path)
		}
		return nil
	}, `SELECT d.id, s.out_path FROM derivation d JOIN source s ON s.id = d.source_id
		ORDER BY d.system NOT IN (?, 'builtin'), d.id`, system)
	for out := range incomplete {
		if found[out] == "" {
			lost++
		}
	}
	return found, lost, err
}

// objectGraph reads all derivations and input sources.
func (c *Catalog) objectGraph(ctx context.Context) (*objectGraph, error) {
	g := &objectGraph{map[int64]*node{}, map[int64]*node{}, map[string]*node{}}
	err := c.query(ctx, func(rows *sql.Rows) error { return g.addInput(rows) },
		`SELECT id, path, refs, coalesce(pack_id, 0), begin, size FROM input_source ORDER BY id`)
	if err != nil {
		return nil, err
	}
	return g, c.query(ctx, func(rows *sql.Rows) error { return g.addDerivation(rows) },
		`SELECT id, path, inputs, coalesce(sources, x''), coalesce(pack_id, 0),
			coalesce(begin, 0), coalesce(size, 0) FROM derivation ORDER BY id`)
}

func (g *objectGraph) addInput(rows *sql.Rows) error {
	n := new(node)
	var id int64
	var refs []byte
	err := rows.Scan(&id, &n.path, &refs, &n.at.pack, &n.at.begin, &n.at.size)
	if err != nil {
		return err
	}
	g.inputs[id], g.byPath[n.path] = n, n
	return n.refer(g.inputs, refs)
}

func (g *objectGraph) addDerivation(rows *sql.Rows) error {
	n := &node{isDrv: true}
	var id int64
	var inputs, sources []byte
	err := rows.Scan(&id, &n.path, &inputs, &sources, &n.at.pack, &n.at.begin, &n.at.size)
	if err != nil {
		return err
	}
	if input := g.byPath[n.path]; input != nil { // an input source that is a derivation
		*input = *n
		n = input
	}
	g.derivations[id], g.byPath[n.path] = n, n
	return cmp.Or(n.refer(g.derivations, inputs), n.refer(g.inputs, sources))
}

// refer adds references to rows, which were read before.
func (n *node) refer(rows map[int64]*node, set []byte) error {
	ids, err := decodeSet(nil, set)
	for _, id := range ids {
		if rows[id] == nil {
			return fmt.Errorf("%s refers to row %d, which is not there", n.path, id)
		}
		n.refs = append(n.refs, rows[id])
	}
	return err
}
