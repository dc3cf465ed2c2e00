package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"granary/hashes"
)

// A SizeOrigin says who told the size of a download.
type SizeOrigin string

// The origins, the most trusted first.
const (
	SizeOfHead    SizeOrigin = "head"    // the server, asked with HEAD
	SizeOfAttempt SizeOrigin = "attempt" // the server, in an attempt that came to nothing
	SizeOfNARInfo SizeOrigin = "narinfo" // a substituter
)

// A Size is how large the download of a source is, as somebody said.
type Size struct {
	OutPath hashes.StorePath
	Bytes   int64 // less than 0: who was asked did not say
	Exact   bool  // else it is about so many
	Origin  SizeOrigin
	At      time.Time // to the second
}

// RecordSizes records what was said of sources, all or nothing. Of a source the latest
// counts, but for one that does not say it.
func (c *Catalog) RecordSizes(ctx context.Context, sizes []Size) error {
	return c.write(ctx, func(tx *sql.Tx) error { return recordSizes(ctx, tx, sizes) })
}

func recordSizes(ctx context.Context, tx *sql.Tx, sizes []Size) error {
	if len(sizes) == 0 {
		return nil
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO size (source_id, bytes, exact, origin, at)
		SELECT id, ?, ?, ?, ? FROM source WHERE out_path = ?
		ON CONFLICT DO UPDATE SET bytes = excluded.bytes, exact = excluded.exact,
			origin = excluded.origin, at = excluded.at
		WHERE excluded.bytes IS NOT NULL OR bytes IS NULL`)
	if err != nil {
		return err
	}
	for i := range sizes {
		s := &sizes[i]
		bytes := sql.NullInt64{Int64: s.Bytes, Valid: s.Bytes >= 0}
		_, err := insert.ExecContext(ctx, bytes, s.Exact, string(s.Origin), s.At.Unix(),
			s.OutPath.Base())
		if err != nil {
			return fmt.Errorf("source %s: %w", s.OutPath, err)
		}
	}
	return nil
}

// Sizes returns what was said of sources, by Source.ID. 30,000 take 30 ms.
func (c *Catalog) Sizes(ctx context.Context) (map[int64]Size, error) {
	sizes := map[int64]Size{}
	err := c.query(ctx, func(rows *sql.Rows) error {
		var id, at int64
		var path string
		var s Size
		err := rows.Scan(&id, &path, &s.Bytes, &s.Exact, &s.Origin, &at)
		s.OutPath, s.At = storePath(path), second(at)
		sizes[id] = s
		return err
	}, `SELECT z.source_id, s.out_path, coalesce(z.bytes, -1), z.exact, z.origin, z.at
		FROM size z JOIN source s ON s.id = z.source_id`)
	return sizes, err
}
