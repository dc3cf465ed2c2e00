package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"granary/closure"
	"granary/hashes"
)

// A Graph holds the derivations that attributes need, and the sources they give, with
// the rows behind its numbers.
type Graph struct {
	closure.Graph
	Roots       []int32 // of the attributes: where needs begin; closure.None: not known
	Derivations []int64 // rows, by node; 0: a download that evaluation stopped at
	Sources     []int64 // Source.ID, by the numbers of sources
}

// Graph reads what attrs need. An attribute needs every source that is reached from its
// derivation without looking behind a fixed-output derivation, or, if full is set, also
// from there; one that did not evaluate needs what its evaluation stopped at: the
// derivation that would have to be built, or the download. A node's inputs are as
// granary.Derivation has them; input sources, such as patches, are no part of it.
//
// For few attributes their closures are read, level by level: a hundred derivations
// take 1 ms. For many of them it reads all derivations: 50,000 take 35 ms.
func (c *Catalog) Graph(ctx context.Context, attrs []Attribute, full bool) (*Graph, error) {
	r := &graphReader{c: c, full: full}
	var err error
	if !manyRoots(attrs) {
		err = r.readLevels(ctx, attrs)
	}
	if err == nil && !r.complete {
		err = r.readAll(ctx)
	}
	if err == nil {
		err = r.addFetches(ctx, attrs)
	}
	return &r.g, err
}

// Beyond these it is faster to read all derivations than those that are needed.
const (
	mostRoots = 200
	mostNodes = 4000
)

func manyRoots(attrs []Attribute) bool { return len(attrs) > mostRoots }

// A graphReader reads a Graph.
type graphReader struct {
	c        *Catalog
	full     bool
	complete bool // r.g has what is needed

	g       Graph
	nodes   []int32 // by row; None and 0 alike mean that it was not read, see node
	sources []int32 // by row: one more than the number
	inputs  []int32 // of the node that is being added
	ids     []int64
}

// A derivationNode is a row of the table derivation.
type derivationNode struct {
	id, source int64
	inputs     []byte // a set
}

// readAll reads every derivation. Rows are in the order in which they were recorded:
// inputs have smaller numbers than what needs them.
func (r *graphReader) readAll(ctx context.Context) error {
	r.g, r.nodes, r.sources = Graph{}, nil, nil
	r.complete = true
	var d derivationNode
	return r.c.query(ctx, func(rows *sql.Rows) error {
		if err := rows.Scan(&d.id, &d.source, (*sql.RawBytes)(&d.inputs)); err != nil {
			return err
		}
		return r.add(&d)
	}, `SELECT id, coalesce(source_id, 0), inputs FROM derivation ORDER BY id`)
}

// readLevels reads what attrs need, unless that is too much.
func (r *graphReader) readLevels(ctx context.Context, attrs []Attribute) error {
	var all []derivationNode
	seen := map[int64]bool{}
	level := newLevel(attrs, seen)
	for len(level) > 0 && len(seen) <= mostNodes {
		begin := len(all)
		var err error
		if all, err = r.readRows(ctx, all, level); err != nil {
			return err
		}
		level = level[:0]
		for i := range all[begin:] {
			if level, err = r.follow(&all[begin+i], seen, level); err != nil {
				return err
			}
		}
	}
	if len(level) > 0 {
		return nil // too much
	}
	slices.SortFunc(all, func(a, b derivationNode) int { return int(a.id - b.id) })
	r.complete = true
	for i := range all {
		if err := r.add(&all[i]); err != nil {
			return err
		}
	}
	return nil
}

// newLevel returns the rows that attrs begin with, each once.
func newLevel(attrs []Attribute, seen map[int64]bool) (level []int64) {
	for i := range attrs {
		if row := attrs[i].row; row != 0 && !seen[row] {
			seen[row] = true
			level = append(level, row)
		}
	}
	return level
}

func (r *graphReader) readRows(
	ctx context.Context, all []derivationNode, ids []int64,
) ([]derivationNode, error) {
	err := r.c.query(ctx, func(rows *sql.Rows) error {
		var d derivationNode
		err := rows.Scan(&d.id, &d.source, &d.inputs)
		all = append(all, d)
		return err
	}, `SELECT id, coalesce(source_id, 0), inputs FROM derivation
		WHERE id IN (SELECT value FROM json_each(?))`, jsonNumbers(ids))
	return all, err
}

// jsonNumbers returns what SQLite's json_each takes.
func jsonNumbers(ids []int64) string {
	text, err := json.Marshal(ids)
	if err != nil {
		panic(err) // they are numbers
	}
	return string(text)
}

// follow appends to level what d needs and was not seen yet.
func (r *graphReader) follow(
	d *derivationNode, seen map[int64]bool, level []int64,
) ([]int64, error) {
	ids, err := r.inputsOf(d)
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			level = append(level, id)
		}
	}
	return level, err
}

// inputsOf returns the rows of d's inputs that count, until it is called again.
func (r *graphReader) inputsOf(d *derivationNode) (ids []int64, err error) {
	if d.source != 0 && !r.full {
		return nil, nil
	}
	r.ids, err = decodeSet(r.ids[:0], d.inputs)
	return r.ids, err
}

// add adds a derivation whose inputs were added.
func (r *graphReader) add(d *derivationNode) error {
	ids, err := r.inputsOf(d)
	if err != nil {
		return err
	}
	r.inputs = r.inputs[:0]
	for _, id := range ids {
		node := r.node(id)
		if node == closure.None {
			return fmt.Errorf("read catalog %s: derivation in row %d: its input in row %d came later",
				r.c.path, d.id, id)
		}
		r.inputs = append(r.inputs, node)
	}
	for int64(len(r.nodes)) <= d.id {
		r.nodes = append(r.nodes, closure.None)
	}
	r.nodes[d.id] = r.g.Add(r.inputs, r.source(d.source))
	r.g.Derivations = append(r.g.Derivations, d.id)
	return nil
}

// node returns the node of a row, or None.
func (r *graphReader) node(row int64) int32 {
	if row <= 0 || row >= int64(len(r.nodes)) {
		return closure.None
	}
	return r.nodes[row]
}

// source returns the number of a source's row; of row 0 it is None.
func (r *graphReader) source(row int64) int32 {
	if row == 0 {
		return closure.None
	}
	for int64(len(r.sources)) <= row {
		r.sources = append(r.sources, 0)
	}
	if r.sources[row] == 0 {
		r.g.Sources = append(r.g.Sources, row)
		r.sources[row] = int32(len(r.g.Sources))
	}
	return r.sources[row] - 1
}

// addFetches finds the attributes' roots, and adds those that are downloads.
func (r *graphReader) addFetches(ctx context.Context, attrs []Attribute) error {
	r.g.Roots = make([]int32, len(attrs))
	for i := range attrs {
		r.g.Roots[i] = r.node(attrs[i].row)
		path := attrs[i].Fetch.OutPath
		if r.g.Roots[i] != closure.None || path == "" {
			continue
		}
		id, err := r.c.sourceRow(ctx, path)
		if err != nil {
			return err
		}
		if id != 0 {
			r.g.Roots[i] = r.g.Add(nil, r.source(id))
			r.g.Derivations = append(r.g.Derivations, 0)
		}
	}
	return nil
}

// sourceRow returns the row of the source at path, 0 if there is none.
func (c *Catalog) sourceRow(ctx context.Context, path hashes.StorePath) (id int64, err error) {
	err = c.query(ctx, func(rows *sql.Rows) error { return rows.Scan(&id) },
		`SELECT id FROM source WHERE out_path = ?`, path.Base())
	return id, err
}

// DerivationPaths returns the paths of derivations by their rows. It looks each of them
// up: 5 µs.
func (c *Catalog) DerivationPaths(
	ctx context.Context, rows []int64,
) (map[int64]hashes.StorePath, error) {
	paths := make(map[int64]hashes.StorePath, len(rows))
	err := c.query(ctx, func(rows *sql.Rows) error {
		var id int64
		var path string
		err := rows.Scan(&id, &path)
		paths[id] = storePath(path)
		return err
	}, `SELECT id, path FROM derivation WHERE id IN (SELECT value FROM json_each(?))`,
		jsonNumbers(rows))
	return paths, err
}
