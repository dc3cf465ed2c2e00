package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "granary.db")
	for range 2 {
		c, err := Open(t.Context(), path)
		check(t, err)
		snapshots, err := c.Snapshots(t.Context())
		if err != nil || len(snapshots) != 0 {
			t.Errorf("got %v, %v of a new catalog", snapshots, err)
		}
		check(t, c.Close())
	}
	for _, name := range []string{"with space", "100%", "a?b#c", "ünïcode", "dol$lar'"} {
		dir := filepath.Join(t.TempDir(), name)
		check(t, os.Mkdir(dir, 0o700))
		record(t, openCatalog(t, filepath.Join(dir, "granary.db")), small("a", "x86_64-linux"))
		if _, err := os.Stat(filepath.Join(dir, "granary.db")); err != nil {
			t.Error(err)
		}
		c, err := OpenReadOnly(t.Context(), filepath.Join(dir, "granary.db"))
		check(t, err)
		check(t, c.Close())
	}
}

// TestPragmas reads back what SQLite would ignore if it were misspelt.
func TestPragmas(t *testing.T) {
	c := newCatalog(t)
	for pragma, want := range map[string]string{
		"foreign_keys": "1", "journal_mode": "wal", "synchronous": "1", "busy_timeout": "10000",
		"cache_size": "-65536", "application_id": "1196576345",
		"user_version":    fmt.Sprint(len(schemas())),
		"integrity_check": "ok",
	} {
		var got string
		check(t, c.db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
		if got != want {
			t.Errorf("%s: got %s, want %s", pragma, got, want)
		}
	}
	_, err := c.db.ExecContext(t.Context(), `INSERT INTO url VALUES (17, 0, 'x')`)
	if err == nil {
		t.Error("foreign keys are not looked at")
	}
}

func TestOpenTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "granary.db")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			c, err := Open(context.Background(), path)
			if err != nil {
				t.Error(err)
				return
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestOpenErrors(t *testing.T) {
	for _, row := range []struct {
		name string
		make func(t *testing.T, path string)
		want string
		is   error // what errors.Is finds
	}{
		{
			"newer", func(t *testing.T, path string) {
				check(t, openCatalog(t, path).Close())
				execute(t, path, "PRAGMA user_version = 99")
			}, fmt.Sprintf("a newer granary made it (schema 99, this one knows %d)",
				len(schemas())), ErrNewer,
		},
		{
			"another program's", func(t *testing.T, path string) {
				execute(t, path, "CREATE TABLE moz_places (id INTEGER); PRAGMA user_version = 1")
			}, "it is not a catalog of granary", ErrForeign,
		},
		{
			"no database", func(t *testing.T, path string) {
				check(t, os.WriteFile(path, []byte(strings.Repeat("<html>", 1000)), 0o600))
			}, "it is not a catalog of granary", ErrForeign,
		},
		{
			"damaged", func(t *testing.T, path string) {
				check(t, openCatalog(t, path).Close())
				text, err := os.ReadFile(path)
				check(t, err)
				for i := 100; i < 4096; i++ { // the first page, behind the header
					text[i] = 0xff
				}
				check(t, os.WriteFile(path, text, 0o600))
			}, "it is damaged: database disk image is malformed", nil,
		},
		{
			"a folder", func(t *testing.T, path string) { check(t, os.Mkdir(path, 0o700)) },
			"it is a folder", nil,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "granary.db")
			row.make(t, path)
			before, _ := os.ReadFile(path)
			for name, open := range map[string]func(context.Context, string) (*Catalog, error){
				"Open": Open, "OpenReadOnly": OpenReadOnly,
			} {
				_, err := open(t.Context(), path)
				want := "open catalog " + path + ": " + row.want
				if err == nil || err.Error() != want || row.is != nil && !errors.Is(err, row.is) {
					t.Errorf("%s: got %v, want %s", name, err, want)
				}
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("it was changed")
			}
		})
	}
}

func TestOpenReadOnlyErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "granary.db")
	if _, err := OpenReadOnly(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("not there: got %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it was made")
	}
	check(t, os.WriteFile(path, nil, 0o600))
	want := "open catalog " + path + ": it is empty: nothing was ever recorded"
	if _, err := OpenReadOnly(t.Context(), path); err == nil || err.Error() != want {
		t.Errorf("empty: got %v, want %s", err, want)
	}
}

// TestFullDisk lets the file grow no further.
func TestFullDisk(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	before := dump(t, c)
	_, err := c.db.ExecContext(t.Context(), "PRAGMA max_page_count = 1")
	check(t, err)
	big := evaluation{name: "big", system: "x86_64-linux"}
	for i := range 2000 {
		big.calls = append(big.calls, source(fmt.Sprintf("s%d", i),
			"http://a/"+strings.Repeat("x", 100)))
	}
	r, err := c.Record(t.Context())
	check(t, err)
	err = r.Add(t.Context(), nil, nil, big.calls)
	if want := "write catalog " + c.path + ": the disk is full"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if after := dump(t, c); after != before {
		t.Errorf("what could not be written was written: got\n%s\nwant\n%s", after, before)
	}
	// Once there is room again, it goes on.
	_, err = c.db.ExecContext(t.Context(), "PRAGMA max_page_count = 1000000")
	check(t, err)
	if got := record(t, c, big); got.Sources != 2000 {
		t.Errorf("got %+v", got)
	}
}

func TestCancelled(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	r, err := c.Record(t.Context())
	check(t, err)
	before := dump(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := small("b", "i686-linux")
	for name, do := range map[string]func() error{
		"Open": func() error {
			_, err := Open(ctx, filepath.Join(t.TempDir(), "granary.db"))
			return err
		},
		"Add": func() error { return r.Add(ctx, e.derivations, e.attributes, e.calls) },
		"AddMirrors": func() error {
			return r.AddMirrors(ctx,
				map[string][]string{"a": {"b"}})
		},
		"RecordOutcomes": func() error {
			return c.RecordOutcomes(ctx,
				[]Outcome{{OutPath: source("x").OutPath}})
		},
		"Finish":     func() error { _, err := r.Finish(ctx, e.snapshot()); return err },
		"Record":     func() error { _, err := c.Record(ctx); return err },
		"Sources":    func() error { _, err := c.Sources(ctx); return err },
		"Attributes": func() error { _, err := c.Attributes(ctx, ""); return err },
		"Snapshots":  func() error { _, err := c.Snapshots(ctx); return err },
		"Mirrors":    func() error { _, err := c.Mirrors(ctx); return err },
		"LastURLs":   func() error { _, err := c.LastURLs(ctx); return err },
	} {
		if err := do(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", name, err)
		}
	}
	if after := dump(t, c); after != before {
		t.Errorf("it was changed: got\n%s\nwant\n%s", after, before)
	}
}

// TestWait has a writer wait for another program's, and a reader not.
func TestWait(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	other := openCatalog(t, c.path)
	tx, err := other.db.BeginTx(t.Context(), nil)
	check(t, err)
	if sources, err := c.Sources(t.Context()); err != nil || len(sources) != 3 {
		t.Errorf("while another writes: got %d sources, %v", len(sources), err)
	}
	written := make(chan error)
	go func() { written <- c.RecordOutcomes(context.Background(), nil) }()
	check(t, tx.Rollback())
	check(t, <-written)
}

// TestReadWhileWritten reads a catalog that another one is writing to: a
// snapshot is there with all that belongs to it, or not at all.
func TestReadWhileWritten(t *testing.T) {
	writer := newCatalog(t)
	record(t, writer, small("s0", "x86_64-linux"))
	reader, err := OpenReadOnly(t.Context(), writer.path)
	check(t, err)
	defer reader.Close()
	const snapshots = 40
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 1; i < snapshots; i++ {
			record(t, writer, growing(i))
		}
	})
	for seen := 0; seen < snapshots; {
		all, err := reader.Snapshots(t.Context())
		check(t, err)
		if len(all) < seen {
			t.Fatalf("got %d snapshots after %d", len(all), seen)
		}
		seen = len(all)
		for _, s := range all {
			if s.Name != "s0" && (s.Attributes != 2 || s.Errors != 1 || s.Derivations != 2 ||
				s.Sources != 1) {
				t.Fatalf("got %+v", s)
			}
		}
		sources, err := reader.Sources(t.Context())
		check(t, err)
		if len(sources) < 3+seen-1 {
			t.Fatalf("got %d sources of %d snapshots", len(sources), seen)
		}
		for _, s := range sources {
			if len(s.URLs) == 0 || len(s.Systems) == 0 {
				t.Fatalf("got %+v", s)
			}
		}
		attributes, err := reader.Attributes(t.Context(), "")
		check(t, err)
		if len(attributes) < 3+2*(seen-1) {
			t.Fatalf("got %d attributes of %d snapshots", len(attributes), seen)
		}
	}
	wg.Wait()
}

// growing is an evaluation that shares nothing with those of other numbers.
func growing(i int) evaluation {
	src := fixed(source(fmt.Sprintf("src%d", i), "http://a"))
	pkg := built(fmt.Sprintf("pkg%d", i), src)
	e := small(fmt.Sprintf("s%d", i), "x86_64-linux")
	e.derivations, e.calls, e.attributes = append(e.derivations[:0:0], src, pkg), nil,
		e.attributes[2:]
	e.attributes[0].Error = fmt.Sprint(i)
	e.attributes = append(e.attributes, attribute("pkg", pkg))
	return e
}
