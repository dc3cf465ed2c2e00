package catalog

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"

	"granary"
)

// An Attribute is an attribute of a snapshot.
type Attribute struct {
	granary.Attribute
	Snapshot, System string

	row int64 // of the derivation that its needs begin with: see Graph; 0: none is known
}

// Attributes returns the attributes of a snapshot, or of all if name is "",
// each snapshot's in the order of their paths. 20,000 take 35 ms.
func (c *Catalog) Attributes(ctx context.Context, name string) ([]Attribute, error) {
	return c.attributes(ctx, name, everyRow)
}

const everyRow = "true"

// AttributesAt returns those of the attributes that are at one of paths, which are
// looked up: 0.1 ms each.
func (c *Catalog) AttributesAt(
	ctx context.Context, name string, paths []string,
) ([]Attribute, error) {
	list, err := json.Marshal(paths)
	if err != nil {
		return nil, err
	}
	return c.attributes(ctx, name, "a.path IN (SELECT value FROM json_each(?))", string(list))
}

// attributes returns the attributes for which where is true.
func (c *Catalog) attributes(
	ctx context.Context, name, where string, args ...any,
) ([]Attribute, error) {
	snapshots, err := c.attributeSets(ctx, name)
	if err != nil {
		return nil, err
	}
	var rows []numberedAttribute
	if where == everyRow {
		for i := range snapshots {
			rows = slices.Grow(rows, len(snapshots[i].attributes))
		}
	}
	if rows, err = c.attributeRows(ctx, rows, where, args...); err != nil {
		return nil, err
	}
	order := byPath(rows)
	var all []Attribute
	for _, s := range snapshots {
		all = slices.Grow(all, min(len(s.attributes), len(rows)))
		in := rowSet(nil).with(s.attributes)
		for _, i := range order {
			if in.has(rows[i].id) {
				all = append(all, rows[i].Attribute)
				at := &all[len(all)-1]
				at.Snapshot, at.System = s.Name, s.System
			}
		}
	}
	return all, nil
}

// byPath returns the places of attributes in the order of their paths. To have them read
// in that order, so that SQLite looks up each row, takes twice as long.
func byPath(all []numberedAttribute) []int32 {
	order := make([]int32, len(all))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		a, b := &all[i], &all[j]
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.id, b.id))
	})
	return order
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

// A numberedAttribute is an Attribute without what concerns snapshots, and its row.
type numberedAttribute struct {
	Attribute
	id int64
}

// attributeRows appends the attributes for which where is true.
func (c *Catalog) attributeRows(
	ctx context.Context, all []numberedAttribute, where string, args ...any,
) ([]numberedAttribute, error) {
	var a numberedAttribute
	err := c.query(ctx, func(rows *sql.Rows) error {
		err := rows.Scan(&a.id, &a.Path, &a.DrvPath, &a.Name, &a.Unfree, &a.row)
		all = append(all, a)
		return err
	}, `SELECT a.id, a.path, coalesce('`+storePrefix+`' || d.path, ''), a.name, a.unfree,
			coalesce(a.derivation_id, a.needs_id, 0)
		FROM attribute a LEFT JOIN derivation d ON d.id = a.derivation_id WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	return all, c.attributeErrors(ctx, all, where, args...)
}

// attributeErrors adds to attributes what went wrong.
func (c *Catalog) attributeErrors(
	ctx context.Context, all []numberedAttribute, where string, args ...any,
) error {
	if !slices.ContainsFunc(all, func(a numberedAttribute) bool { return a.DrvPath == "" }) {
		return nil
	}
	wrong := map[int64]*granary.Attribute{}
	for i := range all {
		if all[i].DrvPath == "" {
			wrong[all[i].id] = &all[i].Attribute.Attribute
		}
	}
	return c.query(ctx, func(rows *sql.Rows) error {
		var id int64
		var fetch string
		var a granary.Attribute
		err := rows.Scan(&id, &a.Error, &a.Kind, &a.Needs, &fetch)
		if to := wrong[id]; err == nil && to != nil {
			to.Error, to.Kind, to.Needs = a.Error, a.Kind, a.Needs
			to.Fetch, err = decodeJSON[granary.Fetch](fetch)
		}
		return err
	}, `SELECT a.id, a.error, a.error_kind, coalesce('`+storePrefix+`' || n.path, ''),
			coalesce(a.fetch, '')
		FROM attribute a LEFT JOIN derivation n ON n.id = a.needs_id
		WHERE a.error_kind IS NOT NULL AND `+where, args...)
}
