package catalog

import (
	"context"
	"database/sql"

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
const mostHoldings = 2000

// Holdings returns what there is to say of sources, in the order of their rows. A
// thousand take 3 ms, 30,000 take 30 ms.
func (c *Catalog) Holdings(ctx context.Context, sources []int64) ([]Holding, error) {
	const query = `SELECT s.id, coalesce(r.object_algo, ''), r.object_hash,
			coalesce(r.object_size, s.size, iif(z.exact, z.bytes, NULL), -1)
		FROM source s LEFT JOIN outcome r ON r.source_id = s.id
		LEFT JOIN size z ON z.source_id = s.id`
	place := make(map[int64]int, len(sources))
	for i, id := range sources {
		place[id] = i
	}
	all := make([]Holding, len(sources))
	scan := func(rows *sql.Rows) error {
		id, h, err := scanHolding(rows)
		if i, ok := place[id]; ok {
			all[i] = h
		}
		return err
	}
	var err error
	if len(sources) <= mostHoldings {
		err = c.query(ctx, scan, query+` WHERE s.id IN (SELECT value FROM json_each(?))`,
			jsonNumbers(sources))
	} else {
		err = c.query(ctx, scan, query)
	}
	return all, err
}

func scanHolding(rows *sql.Rows) (id int64, h Holding, err error) {
	var algo string
	var digest sql.RawBytes
	if err = rows.Scan(&id, &algo, &digest, &h.Bytes); err == nil && algo != "" {
		h.Object, err = columnHash(algo, digest)
	}
	return id, h, err
}
