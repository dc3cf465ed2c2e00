package catalog

import (
	"context"
	"database/sql"
	"slices"
)

// Wanted returns the sources that a snapshot wants, or any if name is "", of those for
// systems, or for any if there are none. With neither it also returns those that
// want-lists want. Of each it says no more than ID, OutPath, Name and Reason. They are in
// no particular order: 30,000 take 30 ms. The error is a *NoSnapshotError if there is no
// such snapshot.
func (c *Catalog) Wanted(ctx context.Context, name string, systems []string) ([]Source, error) {
	snapshots, err := c.memberSets(ctx, name)
	if err != nil {
		return nil, err
	}
	lists := name == "" && len(systems) == 0
	var wanted rowSet
	for i := range snapshots {
		if m := &snapshots[i]; len(systems) == 0 || slices.Contains(systems, m.System) {
			wanted = wanted.with(m.sources).with(m.calls).with(m.fetches)
		}
	}
	all := make([]Source, 0, wanted.count())
	var path, sourceName, reason sql.RawBytes
	err = c.query(ctx, func(rows *sql.Rows) error {
		var id int64
		var imported bool
		err := rows.Scan(&id, &path, &sourceName, &reason, &imported)
		if err == nil && (lists && imported || wanted.has(id)) {
			all = append(all, Source{ID: id, Reason: string(reason)})
			s := &all[len(all)-1]
			s.OutPath, s.Name = storePath(string(path)), string(sourceName)
		}
		return err
	}, `SELECT s.id, s.out_path, s.name, r.reason, s.imported
		FROM source s LEFT JOIN outcome r ON r.source_id = s.id`)
	return all, err
}
