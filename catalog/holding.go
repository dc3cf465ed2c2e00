package catalog

import (
	"context"
	"database/sql"
	"slices"

	"granary/hashes"
)

// A Holding says in short whether a source is held, and how large it is.
type Holding struct {
	Object hashes.Hash // that serves it; the zero Hash if it is not held
	// Bytes is the size of the object; if it is not held, of the download, and less
	// than 0 if that is not known.
	Bytes int64
}

// Held tells whether the catalog says that the source is held.
func (h *Holding) Held() bool { return !h.Object.IsZero() }

// mostHoldings is how many rows are looked up, and not read with all others.
const mostHoldings = 10_000

// Holdings returns what there is to say of sources, in the order of their rows. A
// thousand take 2 ms, 30,000 take 25 ms if half of them are held.
func (c *Catalog) Holdings(ctx context.Context, sources []int64) ([]Holding, error) {
	all := make([]Holding, len(sources))
	for i := range all {
		all[i].Bytes = -1
	}
	places := newByRow(sources)
	for _, of := range []struct {
		table, id string
		columns   string
		where     string
	}{ // what is in a later one counts
		{"size", "source_id", "'', NULL, bytes", "exact AND bytes IS NOT NULL"},
		{"source", "id", "'', NULL, size", "size IS NOT NULL"},
		{"outcome", "source_id", "object_algo, object_hash, object_size", "object_algo IS NOT NULL"},
	} {
		query := "SELECT " + of.id + ", " + of.columns + " FROM " + of.table + " WHERE " + of.where
		var args []any
		if len(sources) <= mostHoldings {
			query += " AND " + of.id + " IN (SELECT value FROM json_each(?))"
			args = append(args, jsonNumbers(sources))
		}
		var r holdingRow
		err := c.query(ctx, func(rows *sql.Rows) error {
			err := rows.Scan(&r.id, &r.algo, &r.digest, &r.bytes)
			if i := places.place(r.id); err == nil && i >= 0 {
				all[i], err = r.holding()
			}
			return err
		}, query, args...)
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

type holdingRow struct {
	id           int64
	algo, digest sql.RawBytes
	bytes        int64
}

func (r *holdingRow) holding() (h Holding, err error) {
	h.Bytes = r.bytes
	if len(r.algo) > 0 {
		h.Object, err = columnHash(string(r.algo), r.digest)
	}
	return h, err
}

// byRow tells where rows are in a list: their places, by row, and one more.
type byRow []int32

func newByRow(rows []int64) byRow {
	if len(rows) == 0 {
		return nil
	}
	b := make(byRow, slices.Max(rows)+1)
	for i, row := range rows {
		b[row] = int32(i) + 1
	}
	return b
}

// place returns the place of a row, or -1.
func (b byRow) place(row int64) int32 {
	if row < 0 || row >= int64(len(b)) {
		return -1
	}
	return b[row] - 1
}
