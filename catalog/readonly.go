package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
)

// OpenReadOnly opens the catalog at path for queries, also on a read-only file system.
// It must be there. Of one that an older granary made, it reads a copy that is up to date,
// without a name in the folder for temporary files: the catalog itself is left as it is.
func OpenReadOnly(ctx context.Context, path string) (*Catalog, error) {
	c, schema, err := openRecorded(ctx, path)
	if err != nil {
		return nil, err
	}
	if schema < len(schemas()) {
		return c.upToDate(ctx)
	}
	return c, nil
}

// Check returns the error that keeps this granary from reading or changing the catalog at
// path, such as ErrNewer or ErrForeign. It changes nothing.
func Check(ctx context.Context, path string) error {
	c, _, err := openRecorded(ctx, path)
	if err != nil {
		return err
	}
	return c.Close()
}

// openRecorded opens a catalog in which something is, and returns how many of the schema's
// files it has seen.
func openRecorded(ctx context.Context, path string) (c *Catalog, schema int, err error) {
	if _, err := os.Stat(path); err != nil {
		return nil, 0, fmt.Errorf("open catalog: %w", err)
	}
	params := url.Values{"mode": {"ro"}, "_busy_timeout": {"10000"}}
	c, err = open(ctx, path, params)
	if err != nil && isReadOnly(err) {
		c, err = openUnwritable(ctx, path, params)
	}
	if err != nil {
		return nil, 0, err
	}
	schema, err = version(ctx, c.db)
	if err == nil && schema == 0 {
		err = errors.New("it is empty: nothing was ever recorded")
	}
	if err != nil {
		c.Close()
		return nil, 0, fmt.Errorf("open catalog %s: %w", path, explain(err))
	}
	return c, schema, nil
}

// logSuffix ends the name of the write-ahead log.
const logSuffix = "-wal"

// openUnwritable opens a catalog in whose folder SQLite cannot make the files that it
// needs. Without them it does not read what stands in the write-ahead log alone, as after
// a crash: then it is given a copy of both.
func openUnwritable(ctx context.Context, path string, params url.Values) (*Catalog, error) {
	log, err := os.Stat(path + logSuffix)
	if err == nil && log.Size() > 0 {
		return openRecovered(ctx, path)
	}
	params.Set("immutable", "1")
	return open(ctx, path, params)
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return cmp.Or(err, out.Close())
}

// isReadOnly tells whether SQLite could not make the files that it needs
// beside the database.
func isReadOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission)
}
