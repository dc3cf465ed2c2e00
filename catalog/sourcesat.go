package catalog

import (
	"context"
	"database/sql"
)

// mostSources is how many sources are looked up, and not read with all others.
const mostSources = 10_000

// SourcesAt returns the sources with these IDs, wanted or not, in the order of their
// names; IDs that are of none are left out. A hundred take 3 ms, 30,000 take 0.1 s.
func (c *Catalog) SourcesAt(ctx context.Context, ids []int64) ([]Source, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	asked := make(map[int64]bool, len(ids))
	for _, id := range ids {
		asked[id] = true
	}
	var read []int64 // all
	if len(ids) <= mostSources {
		var err error
		if read, err = c.withStarts(ctx, ids); err != nil {
			return nil, err
		}
	}
	return c.readSources(ctx, read, func(s *Source, _ bool) bool { return asked[s.ID] })
}

// withStarts returns the rows of sources, and of those that they start from.
func (c *Catalog) withStarts(ctx context.Context, ids []int64) ([]int64, error) {
	all := append([]int64(nil), ids...)
	err := c.query(ctx, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		all = append(all, id)
		return err
	}, `SELECT id FROM source WHERE out_path IN (SELECT from_path FROM source
		WHERE id IN (SELECT value FROM json_each(?)))`, jsonNumbers(ids))
	return all, err
}
