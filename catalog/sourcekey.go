package catalog

import (
	"context"
	"database/sql"

	"granary/hashes"
)

// A SourceKey is what a source may be named by, but for URLs.
type SourceKey struct {
	ID      int64 // Source.ID
	OutPath hashes.StorePath
	Name    string
	Hash    hashes.Hash // promised
	Object  hashes.Hash // that serves it; the zero Hash if it is not held
}

// SourceKeys returns those of every source, wanted or not, in the order of their rows: 30 ms
// for 30,000.
func (c *Catalog) SourceKeys(ctx context.Context) (all []SourceKey, err error) {
	err = c.query(ctx, func(rows *sql.Rows) error {
		k, err := scanSourceKey(rows)
		all = append(all, k)
		return err
	}, `SELECT s.id, s.out_path, s.name, s.algo, s.hash, coalesce(r.object_algo, ''), r.object_hash
		FROM source s LEFT JOIN outcome r ON r.source_id = s.id ORDER BY s.id`)
	return all, err
}

func scanSourceKey(rows *sql.Rows) (k SourceKey, err error) {
	var path, algo, objectAlgo string
	var digest, objectDigest sql.RawBytes
	err = rows.Scan(&k.ID, &path, &k.Name, &algo, &digest, &objectAlgo, &objectDigest)
	if err != nil {
		return k, err
	}
	k.OutPath = storePath(path)
	if k.Hash, err = columnHash(algo, digest); err == nil && objectAlgo != "" {
		k.Object, err = columnHash(objectAlgo, objectDigest)
	}
	return k, err
}

// SourcesFrom returns the IDs of the sources that a URL is of, as the tree has it or as
// it was asked for. It reads all URLs: 20 ms for 30,000.
func (c *Catalog) SourcesFrom(ctx context.Context, url string) (ids []int64, err error) {
	err = c.query(ctx, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT source_id FROM url WHERE url = ?1
		UNION SELECT source_id FROM ledger WHERE url = ?1
		UNION SELECT source_id FROM attempt WHERE url = ?1
		UNION SELECT source_id FROM outcome WHERE failed_url = ?1`, url)
	return ids, err
}
