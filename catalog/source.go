package catalog

import (
	"context"
	"database/sql"
	"fmt"

	"granary"
	"granary/hashes"
)

// A State says whether a source is on the disk.
type State string

// The states.
const (
	Held    State = "held"
	Missing State = "missing" // never tried, or not yet
	Failed  State = "failed"  // the last try failed; see Source.Reason
)

// A Source is a source that is wanted, with what became of it.
type Source struct {
	granary.Source
	ID        int64
	State     State
	Object    hashes.Hash    // names the object that serves a held source
	HeldBy    granary.Recipe // the recipe by which it does
	Size      int64          // of the object, in bytes
	Reason    string         // of the last failure
	Detail    string
	Systems   []string // of the snapshots that want it, sorted
	InClosure bool     // it is in the closure of an attribute
	Fetched   bool     // evaluation itself fetches it

	// Download is how many bytes there are to download, as a want-list said, or exactly
	// a server; 0 if that is not known.
	Download int64
	Extra    string // fields of a want-list that granary does not know, a JSON object or ""
}

// Sources returns every source that a snapshot or a want-list wants, in the
// order of their names: 0.3 s for 30,000.
func (c *Catalog) Sources(ctx context.Context) ([]Source, error) {
	return c.readSources(ctx, nil, func(s *Source, imported bool) bool {
		return imported || len(s.Systems) > 0
	})
}

// readSources reads the sources with ids, or all if that is nil, and returns those that keep
// keeps.
func (c *Catalog) readSources(
	ctx context.Context, ids []int64, keep func(s *Source, imported bool) bool,
) ([]Source, error) {
	usage, err := c.usage(ctx)
	if err != nil {
		return nil, err
	}
	urls, err := c.urls(ctx, ids)
	if err != nil {
		return nil, err
	}
	starts, err := c.starts(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := make([]Source, 0, len(urls))
	err = c.querySources(ctx, func(rows *sql.Rows) error {
		s, imported, err := scanSource(rows)
		s.URLs = urls[s.ID]
		if start := starts[s.OutPath]; start != nil && s.CA.Mode == hashes.Flat {
			*start = s.Source
		}
		usage.add(&s)
		if keep(&s, imported) {
			all = append(all, s)
		}
		return err
	}, ids, sourceQuery, "s.id", "s.name, s.out_path")
	for i := range all {
		if start := starts[all[i].From]; start != nil && start.OutPath != "" {
			all[i].startFrom(start)
		}
	}
	return all, err
}

// querySources runs a query about the sources with ids, which are in column, or about all
// if ids is nil.
func (c *Catalog) querySources(
	ctx context.Context, scan func(*sql.Rows) error, ids []int64, query, column, order string,
) error {
	if ids == nil {
		return c.query(ctx, scan, query+" ORDER BY "+order)
	}
	return c.query(ctx, scan, query+" WHERE "+column+" IN (SELECT value FROM json_each(?)) ORDER BY "+
		order, jsonNumbers(ids))
}

// starts returns a place for each source that those with ids, or all, may start from.
func (c *Catalog) starts(
	ctx context.Context, ids []int64,
) (map[hashes.StorePath]*granary.Source, error) {
	starts := map[hashes.StorePath]*granary.Source{}
	err := c.querySources(ctx, func(rows *sql.Rows) error {
		var path string
		err := rows.Scan(&path)
		if path != "" {
			starts[storePath(path)] = new(granary.Source)
		}
		return err
	}, ids, `SELECT DISTINCT from_path FROM source`, "id", "1")
	return starts, err
}

// startFrom takes over what s needs of the source at s.From.
func (s *Source) startFrom(start *granary.Source) {
	s.FromHash = start.CA.Hash
	if len(s.URLs) == 0 {
		s.URLs = start.URLs
	}
}

const sourceQuery = `SELECT s.id, s.out_path, s.name, s.mode, s.algo, s.hash, s.kind, s.rev,
		s.recipe, s.keep_root, s.strip, s.omit, s.from_path, s.checkout, s.message, s.imported,
		coalesce(s.size, iif(z.exact, z.bytes, NULL), 0), s.listed, coalesce(r.held_by, ''),
		coalesce(r.reason, ''), coalesce(r.detail, ''), coalesce(r.object_algo, ''),
		r.object_hash, coalesce(r.object_size, 0)
	FROM source s LEFT JOIN outcome r ON r.source_id = s.id
	LEFT JOIN size z ON z.source_id = s.id`

// Source returns the source with that output path, wanted or not, but for its
// URLs and what concerns snapshots; false if there is none.
func (c *Catalog) Source(ctx context.Context, path hashes.StorePath) (s Source, ok bool, err error) {
	err = c.query(ctx, func(rows *sql.Rows) error {
		var err error
		ok = true
		s, _, err = scanSource(rows)
		return err
	}, sourceQuery+` WHERE s.out_path = ?`, path.Base())
	return s, ok, err
}

func scanSource(rows *sql.Rows) (s Source, imported bool, err error) {
	var path, mode, algo, from, checkout, objectAlgo string
	var digest, objectDigest []byte
	err = rows.Scan(&s.ID, &path, &s.Name, &mode, &algo, &digest, &s.Kind, &s.Rev,
		&s.Recipe, &s.KeepRoot, &s.Strip, &s.Omit, &from, &checkout, &s.Message, &imported,
		&s.Download, &s.Extra, &s.HeldBy, &s.Reason, &s.Detail, &objectAlgo, &objectDigest, &s.Size)
	if err != nil {
		return s, false, err
	}
	s.OutPath = storePath(path)
	s.From = storePath(from)
	if s.Checkout, err = decodeJSON[granary.Checkout](checkout); err != nil {
		return s, false, fmt.Errorf("source %s: %w", path, err)
	}
	if s.CA.Mode, err = hashes.ParseMode(mode); err != nil {
		return s, false, fmt.Errorf("source %s: %w", path, err)
	}
	if s.CA.Hash, err = columnHash(algo, digest); err != nil {
		return s, false, fmt.Errorf("source %s: %w", path, err)
	}
	s.State = Missing
	switch {
	case objectAlgo != "":
		s.State = Held
		if s.Object, err = columnHash(objectAlgo, objectDigest); err != nil {
			return s, false, fmt.Errorf("source %s: %w", path, err)
		}
	case s.Reason != "":
		s.State = Failed
	}
	return s, imported, nil
}

func columnHash(algo string, digest []byte) (hashes.Hash, error) {
	a, err := hashes.ParseAlgorithm(algo)
	if err != nil {
		return hashes.Hash{}, err
	}
	return hashes.New(a, digest)
}

func (c *Catalog) urls(ctx context.Context, ids []int64) (map[int64][]string, error) {
	urls := map[int64][]string{}
	err := c.querySources(ctx, func(rows *sql.Rows) error { return scanURL(rows, urls) }, ids,
		urlQuery, "source_id", "source_id, position")
	return urls, err
}

const urlQuery = `SELECT source_id, url FROM url`

func scanURL(rows *sql.Rows, urls map[int64][]string) error {
	var id int64
	var url string
	err := rows.Scan(&id, &url)
	urls[id] = append(urls[id], url)
	return err
}
