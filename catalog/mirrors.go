package catalog

import (
	"context"
	"database/sql"
	"maps"
	"slices"
)

// Mirrors returns the base URLs of every mirror:// site that evaluations
// found, the newest list's first.
func (c *Catalog) Mirrors(ctx context.Context) (map[string][]string, error) {
	mirrors := map[string][]string{}
	err := c.query(ctx, func(rows *sql.Rows) error {
		return scanMirror(rows, mirrors)
	}, mirrorQuery)
	return mirrors, err
}

const mirrorQuery = `SELECT site, url FROM mirror ORDER BY site, position`

func scanMirror(rows *sql.Rows, mirrors map[string][]string) error {
	var site, url string
	err := rows.Scan(&site, &url)
	mirrors[site] = append(mirrors[site], url)
	return err
}

// addMirrors puts the URLs found for a site before those that were known, and
// writes what that changes.
func addMirrors(ctx context.Context, tx *sql.Tx, found map[string][]string) error {
	rows, err := tx.QueryContext(ctx, mirrorQuery)
	if err != nil {
		return err
	}
	defer rows.Close()
	known := map[string][]string{}
	for rows.Next() {
		if err := scanMirror(rows, known); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, site := range slices.Sorted(maps.Keys(found)) {
		merged := union(found[site], known[site])
		if slices.Equal(merged, known[site]) {
			continue
		}
		if err := replaceMirror(ctx, tx, site, merged); err != nil {
			return err
		}
	}
	return nil
}

func replaceMirror(ctx context.Context, tx *sql.Tx, site string, urls []string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM mirror WHERE site = ?`, site); err != nil {
		return err
	}
	for i, url := range urls {
		_, err := tx.ExecContext(ctx,
			`INSERT INTO mirror (site, position, url) VALUES (?, ?, ?)`, site, i, url)
		if err != nil {
			return err
		}
	}
	return nil
}

// union returns the strings of both lists, each once, in order.
func union(a, b []string) []string {
	var all []string
	for _, s := range slices.Concat(a, b) {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}
