package catalog

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"granary"
)

// A recorded derivation is a row of the table derivation, and where its text is.
type recorded struct {
	row int64
	d   granary.Derivation
	at  place // zero: the text is not kept
}

// Derivations calls each for the derivations in rows (see Graph.Derivations), in no
// particular order: with their paths, their systems, the names and paths of their
// outputs, and their texts, which are "" where an older granary recorded them. Rows that
// are not there are left out. An error of each ends it. It unpacks what holds the texts:
// 10 ms for a hundred of them, 0.6 s for 50,000.
func (c *Catalog) Derivations(
	ctx context.Context, rows []int64, each func(row int64, d *granary.Derivation) error,
) error {
	all, err := c.recorded(ctx, rows)
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b recorded) int {
		return cmp.Or(cmp.Compare(a.at.pack, b.at.pack), cmp.Compare(a.at.begin, b.at.begin))
	})
	var pack int64
	var data []byte
	for i := range all {
		r := &all[i]
		if r.at.pack != pack {
			pack = r.at.pack
			if data, err = c.unpack(ctx, pack); err != nil {
				return err
			}
		}
		if r.at.pack != 0 {
			text, err := r.at.cut(data)
			if err != nil {
				return fmt.Errorf("read catalog %s: derivation %s: %w", c.path, r.d.Path, err)
			}
			r.d.Text = string(text)
		}
		if err := each(r.row, &r.d); err != nil {
			return err
		}
	}
	return nil
}

// recorded reads rows without texts.
func (c *Catalog) recorded(ctx context.Context, rows []int64) (all []recorded, err error) {
	err = c.query(ctx, func(rows *sql.Rows) error {
		var r recorded
		var path, outputs string
		err := rows.Scan(&r.row, &path, &r.d.System, &outputs, &r.at.pack, &r.at.begin, &r.at.size)
		r.d.Path = storePath(path)
		r.d.Outputs = parseOutputs(outputs)
		all = append(all, r)
		return err
	}, `SELECT d.id, d.path, d.system, coalesce(d.outputs, 'out=' || s.out_path, ''),
			coalesce(d.pack_id, 0), coalesce(d.begin, 0), coalesce(d.size, 0)
		FROM derivation d LEFT JOIN source s ON s.id = d.source_id
		WHERE d.id IN (SELECT value FROM json_each(?))`, jsonNumbers(rows))
	return all, err
}

// parseOutputs undoes outputs, but for what is not in the column.
func parseOutputs(column string) (all []granary.Output) {
	for word := range strings.FieldsSeq(column) {
		name, path, _ := strings.Cut(word, "=")
		all = append(all, granary.Output{Name: name, Path: string(storePath(path))})
	}
	return all
}

// cut takes the bytes at p out of its pack.
func (p place) cut(pack []byte) ([]byte, error) {
	if p.begin < 0 || p.size < 0 || p.size > len(pack)-p.begin {
		return nil, fmt.Errorf("pack %d is too short", p.pack)
	}
	return pack[p.begin : p.begin+p.size], nil
}
