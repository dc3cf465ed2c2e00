package catalog

import (
	"context"
	"database/sql"
	"fmt"

	"granary"
	"granary/hashes"
)

// A sourceReader reads sources: their rows first, then what other tables say of them, all
// in the order of rows. That takes half as long as one query that joins the tables.
type sourceReader struct {
	c      *Catalog
	column string // one of the conditions below
	args   []any

	all      []Source
	imported []bool // by a want-list
	next     int    // of all: see at
}

// Conditions that a column of sources' rows meets.
const (
	everySource = ""
	sourcesIn   = " IN (SELECT value FROM json_each(?))"
	sourcesAt   = " IN (SELECT id FROM source WHERE out_path = ?)"
)

// query calls scan for each row of a query whose column names a source that is to be read.
func (r *sourceReader) query(
	ctx context.Context, scan func(*sql.Rows) error, query, column, order string,
) error {
	if r.column != everySource {
		query += " AND " + column + r.column
	}
	r.next = 0
	return r.c.query(ctx, scan, query+" ORDER BY "+order, r.args...)
}

// at returns the source of a row, or nil. Rows are asked for in rising order.
func (r *sourceReader) at(row int64) *Source {
	for r.next < len(r.all) && r.all[r.next].ID < row {
		r.next++
	}
	if r.next == len(r.all) || r.all[r.next].ID != row {
		return nil
	}
	return &r.all[r.next]
}

// sources reads the table of sources.
func (r *sourceReader) sources(ctx context.Context) error {
	if r.column == everySource {
		last := 0
		err := r.c.query(ctx, func(rows *sql.Rows) error { return rows.Scan(&last) },
			`SELECT coalesce(max(id), 0) FROM source`)
		if err != nil {
			return err
		}
		r.all = make([]Source, 0, last) // a source is large: to copy them would take memory
	}
	var s sourceColumns
	return r.query(ctx, func(rows *sql.Rows) error {
		if err := s.scan(rows); err != nil {
			return err
		}
		r.all, r.imported = append(r.all, s.Source), append(r.imported, s.imported)
		return nil
	}, `SELECT id, out_path, name, mode, algo, hash, kind, rev, recipe, keep_root, strip, omit,
			from_path, checkout, message, imported, coalesce(size, -1), listed
		FROM source WHERE true`, "id", "id")
}

// sourceColumns are those of a row of the table of sources.
type sourceColumns struct {
	Source
	imported           bool
	path, from         string
	checkout           string
	mode, algo, digest sql.RawBytes
}

// scan fills in s.Source, but for what other tables say. A size that is not known is -1.
func (s *sourceColumns) scan(rows *sql.Rows) (err error) {
	err = rows.Scan(&s.ID, &s.path, &s.Name, &s.mode, &s.algo, &s.digest, &s.Kind, &s.Rev,
		&s.Recipe, &s.KeepRoot, &s.Strip, &s.Omit, &s.from, &s.checkout, &s.Message, &s.imported,
		&s.Download, &s.Extra)
	if err != nil {
		return err
	}
	s.OutPath, s.From, s.State = storePath(s.path), storePath(s.from), Missing
	s.Checkout, err = decodeJSON[granary.Checkout](s.checkout)
	if err == nil {
		s.CA.Mode, err = hashes.ParseMode(string(s.mode))
	}
	if err == nil {
		s.CA.Hash, err = columnHash(string(s.algo), s.digest)
	}
	if err != nil {
		return fmt.Errorf("source %s: %w", s.path, err)
	}
	return nil
}

// outcomes reads what became of sources.
func (r *sourceReader) outcomes(ctx context.Context) error {
	var id, size int64
	var heldBy, reason, detail string
	var algo, digest sql.RawBytes
	return r.query(ctx, func(rows *sql.Rows) error {
		err := rows.Scan(&id, &heldBy, &reason, &detail, &algo, &digest, &size)
		s := r.at(id)
		if err != nil || s == nil {
			return err
		}
		s.HeldBy, s.Reason, s.Detail, s.Size = granary.Recipe(heldBy), reason, detail, size
		switch {
		case len(algo) > 0:
			s.State = Held
			if s.Object, err = columnHash(string(algo), digest); err != nil {
				return fmt.Errorf("source %s: %w", s.OutPath.Base(), err)
			}
		case reason != "":
			s.State = Failed
		}
		return nil
	}, `SELECT source_id, coalesce(held_by, ''), coalesce(reason, ''), coalesce(detail, ''),
			coalesce(object_algo, ''), object_hash, coalesce(object_size, 0)
		FROM outcome WHERE true`, "source_id", "source_id")
}

// sizes reads what servers said of downloads of which no want-list says the size.
func (r *sourceReader) sizes(ctx context.Context) error {
	var id, bytes int64
	err := r.query(ctx, func(rows *sql.Rows) error {
		err := rows.Scan(&id, &bytes)
		if s := r.at(id); s != nil && s.Download < 0 {
			s.Download = bytes
		}
		return err
	}, `SELECT source_id, bytes FROM size WHERE exact AND bytes IS NOT NULL`,
		"source_id", "source_id")
	for i := range r.all {
		r.all[i].Download = max(r.all[i].Download, 0)
	}
	return err
}

// urls reads where sources may be had. The lists of all are parts of one.
func (r *sourceReader) urls(ctx context.Context) error {
	var id int64
	var url string
	list := make([]string, 0, len(r.all))
	return r.query(ctx, func(rows *sql.Rows) error {
		err := rows.Scan(&id, &url)
		if s := r.at(id); err == nil && s != nil {
			list = append(list, url)
			begin := len(list) - len(s.URLs) - 1
			s.URLs = list[begin:len(list):len(list)]
		}
		return err
	}, `SELECT source_id, url FROM url WHERE true`, "source_id", "source_id, position")
}

// start adds to sources what they take over from those that they start from.
func (r *sourceReader) start() {
	starts := map[hashes.StorePath]*Source{}
	for i := range r.all {
		if from := r.all[i].From; from != "" {
			starts[from] = nil
		}
	}
	if len(starts) == 0 {
		return
	}
	for i := range r.all {
		s := &r.all[i]
		if _, ok := starts[s.OutPath]; ok && s.CA.Mode == hashes.Flat {
			starts[s.OutPath] = s
		}
	}
	for i := range r.all {
		if start := starts[r.all[i].From]; start != nil {
			r.all[i].startFrom(start)
		}
	}
}
