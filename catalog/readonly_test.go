package catalog

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// oldCatalogs are those that granaries with older schemas made: see TestSchemas.
var oldCatalogs = []string{"schema-1.db", "schema-2.db", "schema-3.db"}

// copyOf returns the path of a copy of a kept catalog, in a folder of its own.
func copyOf(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	check(t, err)
	path := filepath.Join(t.TempDir(), "granary.db")
	check(t, os.WriteFile(path, text, 0o600))
	return path
}

// folder returns what is in the files of a folder.
func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	check(t, err)
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		check(t, err)
		files[entry.Name()] = string(text)
	}
	return files
}

// TestOlderReadOnly reads catalogs that older granaries made, and looks that they stay as
// they are, and that nothing is left in the folder for temporary files.
func TestOlderReadOnly(t *testing.T) {
	for _, file := range oldCatalogs {
		t.Run(file, func(t *testing.T) {
			path, temporary := copyOf(t, file), t.TempDir()
			t.Setenv("SQLITE_TMPDIR", temporary)
			before := folder(t, filepath.Dir(path))
			c, err := OpenReadOnly(t.Context(), path)
			check(t, err)
			if diff := cmp.Diff(describeSmall, describe(t, c)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if err := c.RecordOutcomes(t.Context(), []Outcome{{Reason: "x"}}); err == nil {
				t.Error("it can be written to")
			}
			check(t, c.Close())
			after := folder(t, filepath.Dir(path))
			delete(after, "granary.db-shm")
			delete(after, "granary.db-wal")
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("it changed: -before +after:\n%s", diff)
			}
			if left := folder(t, temporary); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestOlderWhileWritten reads a catalog of an older granary of which the last writes are in
// the write-ahead log alone.
func TestOlderWhileWritten(t *testing.T) {
	path := copyOf(t, "schema-1.db")
	writer, err := open(t.Context(), path, nil)
	check(t, err)
	defer writer.Close()
	_, err = writer.db.ExecContext(t.Context(), `PRAGMA journal_mode = WAL`)
	check(t, err)
	_, err = writer.db.ExecContext(t.Context(), `UPDATE snapshot SET name = 'later'`)
	check(t, err)
	c, err := OpenReadOnly(t.Context(), path)
	check(t, err)
	defer c.Close()
	if _, err := c.Snapshot(t.Context(), "later"); err != nil {
		t.Errorf("what was written last: %v", err)
	}
}

// TestOlderInterrupted ends the copying.
func TestOlderInterrupted(t *testing.T) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	_, err := OpenReadOnly(ctx, copyOf(t, "schema-3.db"))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestCheck tells which catalogs can be used.
func TestCheck(t *testing.T) {
	newer := copyOf(t, "schema-3.db")
	execute(t, newer, "PRAGMA user_version = 1000")
	foreign := filepath.Join(t.TempDir(), "other.db")
	execute(t, foreign, "CREATE TABLE t (x)")
	tests := []struct {
		name, path string
		want       error
	}{
		{"old", copyOf(t, "schema-1.db"), nil},
		{"newer", newer, ErrNewer},
		{"foreign", foreign, ErrForeign},
		{"none", filepath.Join(t.TempDir(), "x.db"), os.ErrNotExist},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := Check(t.Context(), test.path); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}
