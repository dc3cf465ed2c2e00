//go:build cgo

package catalog

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"
)

// backupPages is how many pages of a catalog are copied at a time: 16 MiB.
const backupPages = 4096

// upToDate returns a copy of c, which an older granary made, brought up to date, and closes
// c. It takes as long as migrating the catalog itself.
func (c *Catalog) upToDate(ctx context.Context) (*Catalog, error) {
	defer c.Close()
	return c.temporary(ctx, (*Catalog).applyMissing)
}

// openRecovered returns a copy of the catalog at path, with what stands in its write-ahead
// log alone.
func openRecovered(ctx context.Context, path string) (*Catalog, error) {
	dir, err := os.MkdirTemp("", "granary-")
	if err != nil {
		return nil, fmt.Errorf("open catalog %s: copy it: %w", path, err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "granary.db")
	err = cmp.Or(copyFile(file, path), copyFile(file+logSuffix, path+logSuffix))
	if err != nil {
		return nil, fmt.Errorf("open catalog %s: copy it: %w", path, err)
	}
	c, err := open(ctx, file, nil)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.path = path
	return c.temporary(ctx, func(*Catalog, context.Context) error { return nil })
}

// temporary returns a copy of c as it is at one moment, whoever writes to it, after change
// had its way with it. The copy is for queries. It is in a file without a name, which is gone
// as soon as the copy is closed or the process ends, however that may be.
func (c *Catalog) temporary(
	ctx context.Context, change func(*Catalog, context.Context) error,
) (*Catalog, error) {
	t, err := open(ctx, "", url.Values{"_foreign_keys": {"on"}})
	if err != nil {
		return nil, err
	}
	t.path = c.path
	if err = t.copyFrom(ctx, c); err == nil {
		err = change(t, ctx)
	}
	if err == nil {
		_, err = t.db.ExecContext(ctx, `PRAGMA query_only = ON`)
	}
	if err != nil {
		t.Close()
		return nil, fmt.Errorf("open catalog %s: read a copy: %w", c.path, explain(err))
	}
	return t, nil
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
