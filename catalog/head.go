package catalog

import (
	"context"
	"database/sql"
)

// SnapshotHeads returns every snapshot, the oldest first, with its name and system alone.
// It takes no time.
func (c *Catalog) SnapshotHeads(ctx context.Context) (all []Snapshot, err error) {
	err = c.query(ctx, func(rows *sql.Rows) error {
		var s Snapshot
		err := rows.Scan(&s.Name, &s.System)
		all = append(all, s)
		return err
	}, `SELECT name, system FROM snapshot ORDER BY evaluated, id`)
	return all, err
}

// Unfinished tells whether an evaluation recorded attributes that no snapshot has, after
// all that snapshots have: it did not come to its end, or has not yet.
func (c *Catalog) Unfinished(ctx context.Context) (bool, error) {
	snapshots, err := c.attributeSets(ctx, "")
	if err != nil {
		return false, err
	}
	var last, finished int64
	for i := range snapshots {
		if ids := snapshots[i].attributes; len(ids) > 0 {
			finished = max(finished, ids[len(ids)-1])
		}
	}
	err = c.query(ctx, func(rows *sql.Rows) error { return rows.Scan(&last) },
		`SELECT coalesce(max(id), 0) FROM attribute`)
	return last > finished, err
}

// Imported tells whether want-lists were imported.
func (c *Catalog) Imported(ctx context.Context) (imported bool, err error) {
	err = c.query(ctx, func(rows *sql.Rows) error { return rows.Scan(&imported) },
		`SELECT EXISTS (SELECT 1 FROM source WHERE imported)`)
	return imported, err
}
