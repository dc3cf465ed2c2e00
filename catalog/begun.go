package catalog

import (
	"context"
	"database/sql"
)

// Begun tells whether an evaluation has recorded anything, though it may not have come
// to its end.
func (c *Catalog) Begun(ctx context.Context) (begun bool, err error) {
	err = c.query(ctx, func(rows *sql.Rows) error { return rows.Scan(&begun) },
		`SELECT EXISTS (SELECT 1 FROM derivation UNION ALL SELECT 1 FROM attribute)`)
	return begun, err
}
