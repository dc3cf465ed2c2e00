package catalog

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSchemas opens catalogs that granaries with each released schema made, of
// small and recordSmall, and looks for all that stood in them. They are kept for
// ever. Schema 1 has no texts of derivations, which the next evaluation adds.
func TestSchemas(t *testing.T) {
	tests := []struct {
		file  string
		known int
	}{{"schema-1.db", 0}, {"schema-2.db", 4}, {"schema-3.db", 4}, {"schema-4.db", 4}}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			text, err := os.ReadFile("testdata/" + test.file)
			check(t, err)
			path := filepath.Join(t.TempDir(), "granary.db")
			check(t, os.WriteFile(path, text, 0o600))
			c := openCatalog(t, path)
			checkSizes(t, c, test.file == "schema-4.db")
			checkKept(t, c, test.known)
		})
	}
}

// checkSizes looks for the size of gcc.tar, which catalogs have from schema 4 on.
func checkSizes(t *testing.T, c *Catalog, want bool) {
	t.Helper()
	sizes, err := c.Sizes(t.Context())
	check(t, err)
	for _, size := range sizes {
		if size.OutPath != source("gcc.tar").OutPath || size.Bytes != 90 || !size.Exact {
			t.Errorf("got %+v", size)
		}
	}
	if got := len(sizes) == 1; got != want {
		t.Errorf("got %d sizes", len(sizes))
	}
}

// checkKept looks at a kept catalog in which so many derivations are known, and
// records what stands in it once more.
func checkKept(t *testing.T, c *Catalog, known int) {
	t.Helper()
	if got := describe(t, c); got != describeSmall {
		t.Errorf("got\n%s\nwant\n%s", got, describeSmall)
	}
	r, err := c.Record(t.Context())
	check(t, err)
	if got := r.Known(); len(got) != known {
		t.Errorf("got %v as known, want %d", got, known)
	}
	want := rows(t, c)
	want["pack"] = 1
	for range 2 {
		e := small("kept", "x86_64-linux")
		record(t, c, e)
		if got := rows(t, c); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("the same evaluation once more: got rows %v, want %v", got, want)
		}
		if got := texts(t, c, e.derivations[3].Path); len(got) != 4 {
			t.Errorf("the same evaluation once more: got texts %q, want 4", got)
		}
	}
}

// describeSmall is what small gives, after recordSmall.
const describeSmall = `kept: /tree abc x86_64-linux --unfree 2.8.0 2026-11-20 12:00:00 +0000 UTC 3 2 4 3
gone throw "" ""
hello  "" ""
ifd ifd "cannot build" "gcc.drv"
doc.pdf missing fetchurl flat [http://a/doc.pdf] [x86_64-linux] false
gcc.tar failed fetchurl flat [mirror://gnu/gcc.tar] [x86_64-linux] true not found: 404
hello.tar held fetchurl flat [http://a/hello.tar http://b/hello.tar] [x86_64-linux] true by flat, 12 bytes
mirrors: map[gnu:[http://m/gnu/]]
last: http://m/gnu/gcc.tar
gcc.tar http://m/gnu/gcc.tar failed 2026-11-20T12:00:00Z: 1 not found
hello.tar http://a/hello.tar worked 2026-11-20T12:00:00Z to 2026-11-20T12:00:00Z, 12 bytes in 1s
`

// recordSmall records mirrors and outcomes of small's sources.
func recordSmall(t *testing.T, c *Catalog) {
	t.Helper()
	r, err := c.Record(t.Context())
	check(t, err)
	check(t, r.AddMirrors(t.Context(), map[string][]string{"gnu": {"http://m/gnu/"}}))
	hello, gcc := source("hello.tar"), source("gcc.tar")
	check(t, c.RecordOutcomes(t.Context(), []Outcome{
		{
			OutPath: hello.OutPath, Object: hello.CA.Hash, Recipe: "flat", Size: 12,
			Attempts: []Attempt{{URL: "http://a/hello.tar", At: noon, Duration: time.Second,
				Status: 200, Bytes: 12}},
		},
		{
			OutPath: gcc.OutPath, Reason: "not found", Detail: "404",
			Attempts: []Attempt{{URL: "http://m/gnu/gcc.tar", At: noon, Status: 404,
				Reason: "not found"}},
		},
	}))
}

// describe returns what the catalog's queries tell.
func describe(t *testing.T, c *Catalog) string {
	t.Helper()
	var out strings.Builder
	snapshots, err := c.Snapshots(t.Context())
	check(t, err)
	for _, s := range snapshots {
		fmt.Fprintln(&out, s.Name+":", s.Tree, s.Revision, s.System, s.Options, s.Nix, s.Evaluated,
			s.Attributes, s.Errors, s.Derivations, s.Sources)
	}
	attributes, err := c.Attributes(t.Context(), "")
	check(t, err)
	for _, a := range attributes {
		needs := ""
		if a.Needs != "" {
			needs = a.Needs.Name()
		}
		fmt.Fprintf(&out, "%s %s %q %q\n", a.Path, a.Kind, a.Error, needs)
	}
	sources, err := c.Sources(t.Context())
	check(t, err)
	for _, s := range sources {
		fmt.Fprint(&out, s.Name, " ", s.State, " ", s.Kind, " ", s.Recipe, " ", s.URLs, " ",
			s.Systems, " ", s.InClosure)
		switch s.State {
		case Held:
			fmt.Fprintf(&out, " by %s, %d bytes", s.HeldBy, s.Size)
		case Failed:
			fmt.Fprintf(&out, " %s: %s", s.Reason, s.Detail)
		}
		fmt.Fprintln(&out)
	}
	mirrors, err := c.Mirrors(t.Context())
	check(t, err)
	fmt.Fprintln(&out, "mirrors:", mirrors)
	last, err := c.LastURLs(t.Context())
	check(t, err)
	for _, url := range last {
		fmt.Fprintln(&out, "last:", url)
	}
	describeLedger(t, c, sources, &out)
	return out.String()
}

func describeLedger(t *testing.T, c *Catalog, sources []Source, out *strings.Builder) {
	t.Helper()
	for _, s := range sources {
		past, err := c.Ledger(t.Context(), func(id int64) bool { return id == s.ID })
		check(t, err)
		for _, p := range past {
			fmt.Fprint(out, s.Name, " ", p.URL)
			if !p.FirstGood.IsZero() {
				fmt.Fprintf(out, " worked %s to %s, %d bytes in %s", p.FirstGood.Format(time.RFC3339),
					p.LastGood.Format(time.RFC3339), p.Bytes, p.Duration)
			}
			if p.Failures > 0 {
				fmt.Fprintf(out, " failed %s: %d %s", p.LastBad.Format(time.RFC3339), p.Failures,
					p.Reason)
			}
			fmt.Fprintln(out)
		}
	}
}
