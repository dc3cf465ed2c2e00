package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"granary"
)

// A Wanted is a source that a want-list wants.
type Wanted struct {
	granary.Source
	Size  int64  // of what is to be downloaded, in bytes; 0: not known
	Extra string // fields of the want-list that granary does not know: JSON, or ""
}

// Import records the sources of a want-list, all or nothing, and returns how
// many of them the catalog had never heard of. They stay wanted, whatever
// snapshots want. Of a source that a derivation gives, only URLs that are new,
// size, extra fields and a message are taken: the derivation knows the rest
// better. 30,000 sources take 1 s.
func (c *Catalog) Import(ctx context.Context, wanted []Wanted) (added int, err error) {
	err = c.write(ctx, func(tx *sql.Tx) error {
		i, err := newImporter(ctx, tx)
		if err != nil {
			return err
		}
		for n := range wanted {
			if err := i.add(ctx, &wanted[n]); err != nil {
				return fmt.Errorf("source %s: %w", wanted[n].OutPath, err)
			}
		}
		added = i.added
		return nil
	})
	return added, err
}

// An importer is a transaction that imports.
type importer struct {
	source, url *sql.Stmt
	urls        map[int64][]string // those that are known, by source
	last        int64              // the newest source that is not imported now
	added       int
}

func newImporter(ctx context.Context, tx *sql.Tx) (*importer, error) {
	i := &importer{urls: map[int64][]string{}}
	err := tx.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM source`).Scan(&i.last)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, urlQuery+" ORDER BY source_id, position")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scanURL(rows, i.urls); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if i.source, err = tx.PrepareContext(ctx, importSource); err != nil {
		return nil, err
	}
	i.url, err = tx.PrepareContext(ctx,
		`INSERT INTO url (source_id, position, url) VALUES (?, ?, ?)`)
	return i, err
}

// ifBetter begins the value of a column that says how a source is made: what an
// earlier want-list said, or nobody, is replaced, if there is a recipe now.
const ifBetter = `CASE WHEN derived = 0 AND (imported = 1 OR recipe = '')
		AND excluded.recipe <> '' THEN excluded.`

const importSource = `INSERT INTO source (out_path, name, mode, algo, hash, kind, rev, recipe,
		keep_root, strip, omit, from_path, checkout, message, imported, listed, size)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
	ON CONFLICT (out_path) DO UPDATE SET
		kind = ` + ifBetter + `kind ELSE kind END,
		rev = ` + ifBetter + `rev ELSE rev END,
		recipe = ` + ifBetter + `recipe ELSE recipe END,
		keep_root = ` + ifBetter + `keep_root ELSE keep_root END,
		strip = ` + ifBetter + `strip ELSE strip END,
		omit = ` + ifBetter + `omit ELSE omit END,
		from_path = ` + ifBetter + `from_path ELSE from_path END,
		checkout = ` + ifBetter + `checkout ELSE checkout END,
		message = CASE message WHEN '' THEN excluded.message ELSE message END,
		listed = CASE excluded.listed WHEN '' THEN listed ELSE excluded.listed END,
		size = coalesce(excluded.size, size),
		imported = 1
	RETURNING id`

func (i *importer) add(ctx context.Context, w *Wanted) error {
	var id int64
	h := w.CA.Hash
	err := i.source.QueryRowContext(ctx, w.OutPath.Base(), w.Name, w.CA.Mode.String(),
		h.Algorithm().String(), h.Digest(), string(w.Kind), w.Rev, string(w.Recipe), w.KeepRoot,
		w.Strip, w.Omit, w.From.Base(), encodeJSON(w.Checkout), w.Message, w.Extra,
		null(w.Size)).Scan(&id)
	if err != nil {
		return err
	}
	if id > i.last {
		i.last = id
		i.added++
	}
	for _, url := range w.URLs {
		if slices.Contains(i.urls[id], url) {
			continue
		}
		if _, err := i.url.ExecContext(ctx, id, len(i.urls[id]), url); err != nil {
			return err
		}
		i.urls[id] = append(i.urls[id], url)
	}
	return nil
}

const urlQuery = `SELECT source_id, url FROM url`

func scanURL(rows *sql.Rows, urls map[int64][]string) error {
	var id int64
	var url string
	err := rows.Scan(&id, &url)
	urls[id] = append(urls[id], url)
	return err
}
