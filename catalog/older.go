//go:build cgo

package catalog

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net/url"

	"github.com/mattn/go-sqlite3"
)

// backupPages is how many pages of a catalog are copied at a time: 16 MiB.
const backupPages = 4096

// upToDate returns a copy of c, which an older granary made, brought up to date, and closes
// c. The copy has what c had at one moment, whoever writes to it. It is in a temporary file
// without a name, which is gone as soon as the catalog is closed or the process ends,
// however that may be. It takes as long as migrating the catalog itself.
func (c *Catalog) upToDate(ctx context.Context) (*Catalog, error) {
	defer c.Close()
	temporary, err := open(ctx, "", url.Values{"_foreign_keys": {"on"}})
	if err != nil {
		return nil, err
	}
	temporary.path = c.path
	if err = temporary.copyFrom(ctx, c); err == nil {
		err = temporary.applyMissing(ctx)
	}
	if err == nil {
		_, err = temporary.db.ExecContext(ctx, `PRAGMA query_only = ON`)
	}
	if err != nil {
		temporary.Close()
		return nil, fmt.Errorf("open catalog %s: copy it, since an older granary made it: %w",
			c.path, explain(err))
	}
	return temporary, nil
}

// copyFrom makes c a copy of another catalog.
func (c *Catalog) copyFrom(ctx context.Context, other *Catalog) error {
	return c.rawConn(ctx, func(to *sqlite3.SQLiteConn) error {
		return other.rawConn(ctx, func(from *sqlite3.SQLiteConn) error {
			return backup(ctx, to, from)
		})
	})
}

// backup copies a database page by page, as https://www.sqlite.org/backup.html has it.
func backup(ctx context.Context, to, from *sqlite3.SQLiteConn) error {
	b, err := to.Backup("main", from, "main")
	if err != nil {
		return err
	}
	for done := false; !done && err == nil; {
		if done, err = b.Step(backupPages); err == nil {
			err = ctx.Err()
		}
	}
	if end := b.Finish(); err == nil {
		err = end
	}
	return err
}

func (c *Catalog) rawConn(ctx context.Context, use func(*sqlite3.SQLiteConn) error) error {
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(raw any) error {
		sqlite, ok := raw.(*sqlite3.SQLiteConn)
		if !ok {
			return fmt.Errorf("%T: %w", raw, driver.ErrBadConn)
		}
		return use(sqlite)
	})
}
