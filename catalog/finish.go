package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// Finish writes the snapshot. One of the same name is replaced: if it differs
// in nothing but the time, only that is written. Finish returns the snapshot
// with its numbers.
func (r *Recorder) Finish(ctx context.Context, s Snapshot) (Snapshot, error) {
	closure, err := r.closure(ctx)
	if err != nil {
		return s, err
	}
	var sources []int64
	bySource := make(map[int64]int64, len(r.sources))
	for _, d := range r.derivations {
		bySource[d.id] = d.source
	}
	for _, id := range closure {
		if bySource[id] != 0 {
			sources = append(sources, bySource[id])
		}
	}
	s.Evaluated = s.Evaluated.Truncate(time.Second)
	err = r.c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO snapshot (name, tree, revision, system, options,
				nix, evaluated, attributes, derivations, sources, calls, fetches)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET tree = excluded.tree, revision = excluded.revision,
				system = excluded.system, options = excluded.options, nix = excluded.nix,
				evaluated = excluded.evaluated, attributes = excluded.attributes,
				derivations = excluded.derivations, sources = excluded.sources,
				calls = excluded.calls, fetches = excluded.fetches`,
			s.Name, s.Tree, s.Revision, s.System, s.Options, s.Nix, s.Evaluated.Unix(),
			encodeSet(r.evaluated), encodeSet(closure), encodeSet(sources), encodeSet(r.calls),
			encodeSet(r.fetches))
		return err
	})
	if err != nil {
		return s, err
	}
	return r.c.Snapshot(ctx, s.Name)
}

// closure returns the derivations that r.roots need, themselves among them.
func (r *Recorder) closure(ctx context.Context) ([]int64, error) {
	inputs := make([][]byte, r.nextID.derivation+1)
	err := r.c.query(ctx, func(rows *sql.Rows) error {
		var id int64
		var blob []byte
		err := rows.Scan(&id, &blob)
		inputs[id] = blob
		return err
	}, `SELECT id, inputs FROM derivation`)
	if err != nil {
		return nil, err
	}
	seen := make([]bool, len(inputs))
	var closure []int64
	stack := slices.Clone(r.roots)
	for len(stack) > 0 {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[id] {
			continue
		}
		seen[id] = true
		closure = append(closure, id)
		if stack, err = decodeSet(stack, inputs[id]); err != nil {
			return nil, fmt.Errorf("read catalog %s: %w", r.c.path, err)
		}
	}
	return closure, nil
}
