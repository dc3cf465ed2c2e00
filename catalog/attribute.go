package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"granary"
)

// An Attribute is an attribute of a snapshot.
type Attribute struct {
	granary.Attribute
	Snapshot, System string

	row int64 // of the derivation that its needs begin with: see Graph; 0: none is known
}

// Attributes returns the attributes of a snapshot, or of all if name is "",
// each snapshot's in the order of their paths. 20,000 take 60 ms.
func (c *Catalog) Attributes(ctx context.Context, name string) ([]Attribute, error) {
	return c.attributes(ctx, name, attributeQuery+` ORDER BY a.path, a.id`)
}

// AttributesAt returns those of the attributes that are at one of paths, which are
// looked up: 0.1 ms each.
func (c *Catalog) AttributesAt(
	ctx context.Context, name string, paths []string,
) ([]Attribute, error) {
	list, err := json.Marshal(paths)
	if err != nil {
		return nil, err
	}
	return c.attributes(ctx, name, attributeQuery+
		` WHERE a.path IN (SELECT value FROM json_each(?)) ORDER BY a.path, a.id`, string(list))
}

func (c *Catalog) attributes(
	ctx context.Context, name, query string, args ...any,
) ([]Attribute, error) {
	snapshots, err := c.attributeSets(ctx, name)
	if err != nil {
		return nil, err
	}
	rows, ids, err := c.attributeRows(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	var all []Attribute
	for _, s := range snapshots {
		all = slices.Grow(all, min(len(s.attributes), len(rows)))
		for i := range rows {
			if _, ok := slices.BinarySearch(s.attributes, ids[i]); ok {
				at := rows[i]
				at.Snapshot, at.System = s.Name, s.System
				all = append(all, at)
			}
		}
	}
	return all, nil
}

// attributeSets reads no more of the snapshots than that. Like members it is called
// before what the sets name is read.
func (c *Catalog) attributeSets(ctx context.Context, name string) (all []members, err error) {
	err = c.query(ctx, func(rows *sql.Rows) error {
		var m members
		var blob sql.RawBytes
		err := rows.Scan(&m.Name, &m.System, &blob)
		if err == nil {
			m.attributes, err = decodeSet(nil, blob)
		}
		all = append(all, m)
		return err
	}, `SELECT name, system, attributes FROM snapshot
		WHERE ?1 IN ('', name) ORDER BY evaluated, id`, name)
	if err == nil && name != "" && len(all) == 0 {
		err = &NoSnapshotError{name}
	}
	return all, err
}

const attributeQuery = `SELECT a.id, a.path, coalesce(d.path, ''), a.name, a.unfree,
		coalesce(a.error, ''), coalesce(a.error_kind, ''), coalesce(n.path, ''),
		coalesce(a.fetch, ''), coalesce(a.derivation_id, a.needs_id, 0)
	FROM attribute a LEFT JOIN derivation d ON d.id = a.derivation_id
	LEFT JOIN derivation n ON n.id = a.needs_id`

// attributeRows returns attributes without what concerns snapshots, and their rows.
func (c *Catalog) attributeRows(
	ctx context.Context, query string, args ...any,
) (all []Attribute, ids []int64, err error) {
	err = c.query(ctx, func(rows *sql.Rows) error {
		var a Attribute
		var id int64
		var drv, needs, fetch string
		err := rows.Scan(&id, &a.Path, &drv, &a.Name, &a.Unfree, &a.Error, &a.Kind, &needs,
			&fetch, &a.row)
		if err != nil {
			return err
		}
		a.DrvPath, a.Needs = storePath(drv), storePath(needs)
		a.Fetch, err = decodeJSON[granary.Fetch](fetch)
		all = append(all, a)
		ids = append(ids, id)
		return err
	}, query, args...)
	return all, ids, err
}
