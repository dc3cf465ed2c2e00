package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"granary"
	"granary/hashes"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// openCatalog opens a catalog for the time of the test.
func openCatalog(t testing.TB, path string) *Catalog {
	t.Helper()
	c, err := Open(t.Context(), path)
	check(t, err)
	t.Cleanup(func() { check(t, c.Close()) })
	return c
}

// newCatalog makes a catalog in a folder of its own.
func newCatalog(t testing.TB) *Catalog {
	t.Helper()
	return openCatalog(t, filepath.Join(t.TempDir(), "granary.db"))
}

// storePathOf returns a path whose digest is made of name.
func storePathOf(name string) hashes.StorePath {
	sum := hashes.Sum(hashes.SHA256, []byte(name))
	return hashes.StorePath(storePrefix + sum.NixBase32()[:32] + "-" + name)
}

// source returns a flat source named name.
func source(name string, urls ...string) granary.Source {
	s, err := granary.NewSource(name, hashes.ContentAddress{
		Mode: hashes.Flat, Hash: hashes.Sum(hashes.SHA256, []byte(name)),
	})
	if err != nil {
		panic(err)
	}
	s.URLs, s.Kind, s.Recipe = urls, granary.KindFetchurl, granary.RecipeFlat
	return s
}

// fixed returns the derivation of a source.
func fixed(s granary.Source) *granary.Derivation {
	return &granary.Derivation{
		Path: storePathOf(s.Name + ".drv"), System: "x86_64-linux", Source: &s,
		Text: "text of " + s.Name,
		Outputs: []granary.Output{{
			Name: "out", Path: string(s.OutPath), HashAlgo: "sha256", Hash: s.CA.Hash.Base16(),
		}},
	}
}

// built returns a derivation that needs others.
func built(name string, inputs ...*granary.Derivation) *granary.Derivation {
	d := &granary.Derivation{
		Path: storePathOf(name + ".drv"), System: "x86_64-linux", Text: "text of " + name,
		Outputs: []granary.Output{
			{Name: "dev", Path: string(storePathOf(name + "-dev"))},
			{Name: "out", Path: string(storePathOf(name))},
		},
	}
	for _, in := range inputs {
		d.Inputs = append(d.Inputs, granary.Input{Path: in.Path, Outputs: []string{"out"}})
	}
	return d
}

// attribute returns what leads to d.
func attribute(path string, d *granary.Derivation) granary.Attribute {
	return granary.Attribute{Path: path, DrvPath: d.Path, Name: d.Name()}
}

// An evaluation is what a test gives a Recorder.
type evaluation struct {
	name, system string
	derivations  []*granary.Derivation
	attributes   []granary.Attribute
	calls        []granary.Source
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 5, time.UTC)

func (e evaluation) snapshot() Snapshot {
	return Snapshot{
		Name: e.name, Tree: "/tree", Revision: "abc", System: e.system, Options: "--unfree",
		Nix: "2.8.0", Evaluated: noon,
	}
}

// record records an evaluation and returns its snapshot.
func record(t testing.TB, c *Catalog, e evaluation) Snapshot {
	t.Helper()
	r, err := c.Record(t.Context())
	check(t, err)
	check(t, r.Add(t.Context(), e.derivations, e.attributes, e.calls))
	s, err := r.Finish(t.Context(), e.snapshot())
	check(t, err)
	return s
}

// small is an evaluation with something of everything: hello needs gcc and
// its own source, gcc its own; doc.pdf is called for and in no closure; ifd
// could not be evaluated without building gcc, gone not at all.
func small(name, system string) evaluation {
	gccSource := fixed(source("gcc.tar", "mirror://gnu/gcc.tar"))
	gcc := built("gcc", gccSource)
	helloSource := fixed(source("hello.tar", "http://a/hello.tar", "http://b/hello.tar"))
	hello := built("hello", gcc, helloSource)
	return evaluation{
		name: name, system: system,
		derivations: []*granary.Derivation{gccSource, gcc, helloSource, hello},
		attributes: []granary.Attribute{
			attribute("hello", hello),
			{Path: "ifd", Error: "cannot build", Kind: granary.ErrorIFD, Needs: gcc.Path},
			{Path: "gone", Error: "", Kind: granary.ErrorThrow},
		},
		calls: []granary.Source{source("doc.pdf", "http://a/doc.pdf"), *helloSource.Source},
	}
}

var tables = []string{
	"derivation", "source", "url", "attribute", "snapshot", "mirror", "attempt",
	"pack", "input_source", "outcome", "ledger",
}

// rows returns the number of rows in each table.
func rows(t testing.TB, c *Catalog) map[string]int {
	t.Helper()
	all := map[string]int{}
	for _, table := range tables {
		var n int
		check(t, c.db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
		all[table] = n
	}
	return all
}

// dump returns all that stands in the catalog, but for the times of snapshots.
func dump(t testing.TB, c *Catalog) string {
	t.Helper()
	var out strings.Builder
	for _, table := range tables {
		result, err := c.db.QueryContext(t.Context(), "SELECT * FROM "+table+" ORDER BY 1, 2")
		check(t, err)
		columns, err := result.Columns()
		check(t, err)
		for result.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			check(t, result.Scan(values...))
			fmt.Fprintf(&out, "%s:", table)
			for i, value := range values {
				if columns[i] != "evaluated" {
					fmt.Fprintf(&out, " %v", *value.(*any))
				}
			}
			out.WriteByte('\n')
		}
		check(t, result.Err())
	}
	return out.String()
}

// execute runs SQL that the catalog's methods would not.
func execute(t testing.TB, path string, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	check(t, err)
	defer db.Close()
	_, err = db.ExecContext(context.Background(), statements)
	check(t, err)
}
