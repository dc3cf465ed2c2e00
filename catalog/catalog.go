package catalog

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// applicationID marks the file as granary's in the header that file(1) reads:
// "GRNY".
const applicationID = 0x47524e59

// A Catalog is an open catalog. Its methods may be called by several
// goroutines at once; each method that writes is one transaction.
type Catalog struct {
	db   *sql.DB
	path string
	rule ledgerRule
}

// ErrNewer means that a newer granary wrote the catalog.
var ErrNewer = errors.New("a newer granary made it")

// ErrForeign means that the file is no catalog.
var ErrForeign = errors.New("it is not a catalog of granary")

// Open opens the catalog at path, makes it if it is not there, and brings an
// older one up to date. The error is ErrNewer or ErrForeign where that is the
// cause. The caller closes it.
func Open(ctx context.Context, path string) (*Catalog, error) {
	c, err := open(ctx, path, url.Values{
		"_txlock":       {"immediate"},
		"_foreign_keys": {"on"},
		"_busy_timeout": {"10000"},
		"_synchronous":  {"NORMAL"},
		"_cache_size":   {"-65536"},
	})
	if err != nil {
		return nil, err
	}
	if err := c.migrate(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func open(ctx context.Context, path string, params url.Values) (*Catalog, error) {
	// database/sql has a connection used by one goroutine at a time: SQLite need not see
	// to that, too, which is a fifth of what reading takes.
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String() +
		"?_mutex=no&" + params.Encode()
	db, err := sql.Open("sqlite3", dsn)
	if err != nil {
		return nil, fmt.Errorf("open catalog %s: %w", path, explain(err))
	}
	// One connection: SQLite has one writer, and does not look at ctx while it
	// waits for another. A temporary database is that of its connection.
	db.SetMaxOpenConns(1)
	c := &Catalog{db: db, path: path, rule: standardRule()}
	if _, err := version(ctx, db); err != nil {
		db.Close()
		return nil, fmt.Errorf("open catalog %s: %w", path, explain(err))
	}
	return c, nil
}

// Close closes the catalog.
func (c *Catalog) Close() error { return c.db.Close() }

// version returns how many of the schema's files the catalog has seen, 0 for
// an empty file.
func version(ctx context.Context, q interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}) (int, error) {
	var application, version, tables int
	err := q.QueryRowContext(ctx, `SELECT (SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version),
		(SELECT count(*) FROM sqlite_schema)`).Scan(&application, &version, &tables)
	switch {
	case err != nil:
		return 0, err
	case tables == 0 && version == 0:
		return 0, nil
	case application != applicationID:
		return 0, ErrForeign
	case version > len(schemas()):
		return 0, fmt.Errorf("%w (schema %d, this one knows %d)", ErrNewer, version, len(schemas()))
	}
	return version, nil
}

// schemas returns the names of the schema's files in their order.
func schemas() []string {
	names, err := fs.Glob(schemaFiles, "schema/*.sql")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	slices.Sort(names)
	return names
}

// migrate brings an older or empty catalog up to date. Another program may be
// about to do the same.
func (c *Catalog) migrate(ctx context.Context) error {
	// Only now, when it is known to be ours: this writes to the file. SQLite does
	// not wait here for another program, which then does the same.
	_, err := c.db.ExecContext(ctx, `PRAGMA journal_mode = WAL`)
	if err != nil && !isBusy(err) {
		return fmt.Errorf("open catalog %s: %w", c.path, explain(err))
	}
	return c.applyMissing(ctx)
}

// applyMissing runs the files of the schema that the catalog has not seen.
func (c *Catalog) applyMissing(ctx context.Context) error {
	schema, err := version(ctx, c.db)
	switch {
	case err != nil:
		return fmt.Errorf("open catalog %s: %w", c.path, explain(err))
	case schema == len(schemas()):
		return nil
	}
	// A table that is made anew must not take with it what refers to it. That
	// can only be turned off outside of transactions.
	if _, err := c.db.ExecContext(ctx, `PRAGMA foreign_keys = OFF`); err != nil {
		return fmt.Errorf("open catalog %s: %w", c.path, explain(err))
	}
	err = c.write(ctx, func(tx *sql.Tx) error {
		schema, err := version(ctx, tx)
		if err != nil {
			return err
		}
		return applySchemas(ctx, tx, schemas()[schema:])
	})
	if err == nil {
		_, err = c.db.ExecContext(ctx, `PRAGMA foreign_keys = ON`)
	}
	return err
}

// applySchemas runs files of the schema, the last of which is the newest.
func applySchemas(ctx context.Context, tx *sql.Tx, names []string) error {
	for _, name := range names {
		text, err := schemaFiles.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, string(text)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	var orphans int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM pragma_foreign_key_check`).Scan(&orphans)
	if err == nil && orphans > 0 {
		err = fmt.Errorf("%d rows refer to nothing", orphans)
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf(
		"PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(schemas())))
	return err
}

// write runs do in an immediate transaction.
func (c *Catalog) write(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("write catalog %s: %w", c.path, explain(err))
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return fmt.Errorf("write catalog %s: %w", c.path, explain(err))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("write catalog %s: %w", c.path, explain(err))
	}
	return nil
}

// query calls scan for each row of a query.
func (c *Catalog) query(
	ctx context.Context, scan func(*sql.Rows) error, text string, args ...any,
) error {
	rows, err := c.db.QueryContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("read catalog %s: %w", c.path, explain(err))
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("read catalog %s: %w", c.path, explain(err))
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read catalog %s: %w", c.path, explain(err))
	}
	return nil
}
