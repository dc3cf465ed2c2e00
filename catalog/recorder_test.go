package catalog

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"granary"
	"granary/hashes"
)

func TestRecord(t *testing.T) {
	c := newCatalog(t)
	got := record(t, c, small("kept", "x86_64-linux"))
	want := Snapshot{
		Name: "kept", Tree: "/tree", Revision: "abc", System: "x86_64-linux", Options: "--unfree",
		Nix: "2.8.0", Evaluated: noon.Truncate(time.Second),
		Attributes: 3, Errors: 2, Derivations: 4, Sources: 3,
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	recordSmall(t, c)
	if got := describe(t, c); got != describeSmall {
		t.Errorf("got\n%s\nwant\n%s", got, describeSmall)
	}
}

// TestRecordGraph reads back what no query shows yet: inputs, outputs, systems.
func TestRecordGraph(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	var got []string
	err := c.query(t.Context(), func(rows *sql.Rows) error {
		var path, system, outputs string
		var blob []byte
		if err := rows.Scan(&path, &system, &blob, &outputs); err != nil {
			return err
		}
		inputs, err := decodeSet(nil, blob)
		got = append(got, fmt.Sprint(path[33:], " ", system, " ", inputs, " ", outputs))
		return err
	}, `SELECT path, system, inputs, coalesce(outputs, '-') FROM derivation ORDER BY id`)
	check(t, err)
	want := []string{
		"gcc.tar.drv x86_64-linux [] -",
		"gcc.drv x86_64-linux [1] dev=" + storePathOf("gcc-dev").Base() + " out=" +
			storePathOf("gcc").Base(),
		"hello.tar.drv x86_64-linux [] -",
		"hello.drv x86_64-linux [2 3] dev=" + storePathOf("hello-dev").Base() + " out=" +
			storePathOf("hello").Base(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("derivations (-want +got):\n%s", diff)
	}
}

// TestRecordAgain records the same evaluation twice: at another time, and
// under another name.
func TestRecordAgain(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	before, counts := dump(t, c), rows(t, c)

	r, err := c.Record(t.Context())
	check(t, err)
	e := small("a", "x86_64-linux")
	check(t, r.Add(t.Context(), e.derivations, e.attributes, e.calls))
	later := e.snapshot()
	later.Evaluated = noon.Add(time.Hour)
	s, err := r.Finish(t.Context(), later)
	check(t, err)
	if !s.Evaluated.Equal(later.Evaluated.Truncate(time.Second)) {
		t.Errorf("evaluated: got %v, want %v", s.Evaluated, later.Evaluated)
	}
	if after := dump(t, c); after != before {
		t.Errorf("the same evaluation changed\n%s\nto\n%s", before, after)
	}

	record(t, c, small("b", "x86_64-linux"))
	counts["snapshot"]++
	if diff := cmp.Diff(counts, rows(t, c)); diff != "" {
		t.Errorf("rows after the same evaluation under another name (-want +got):\n%s", diff)
	}
}

// TestRecordKnown records an evaluation whose derivations were known, so that
// only attributes and calls come.
func TestRecordKnown(t *testing.T) {
	c := newCatalog(t)
	e := small("a", "x86_64-linux")
	want := record(t, c, e)
	r, err := c.Record(t.Context())
	check(t, err)
	var paths []hashes.StorePath
	for _, d := range e.derivations {
		paths = append(paths, d.Path)
	}
	known := r.Known()
	slices.Sort(known)
	slices.Sort(paths)
	if !slices.Equal(known, paths) {
		t.Errorf("known: got %v, want %v", known, paths)
	}
	e.derivations = nil
	if got := record(t, c, e); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestRecordChanged records an evaluation in which hello has changed.
func TestRecordChanged(t *testing.T) {
	c := newCatalog(t)
	e := small("a", "x86_64-linux")
	record(t, c, e)
	before := rows(t, c)
	newSource := fixed(source("hello2.tar", "http://a/hello2.tar"))
	changed := built("hello2", e.derivations[1], newSource)
	e.name = "b"
	e.derivations = append(e.derivations, newSource, changed)
	e.attributes[0] = attribute("hello", changed)
	s := record(t, c, e)
	if s.Derivations != 4 || s.Sources != 4 || s.Attributes != 3 {
		// gcc and its source, hello2 and its own; what is called for beside them.
		t.Errorf("got %+v", s)
	}
	want := maps.Clone(before)
	for table, more := range map[string]int{"derivation": 2, "source": 1, "url": 1, "attribute": 1,
		"snapshot": 1, "pack": 1} {
		want[table] += more
	}
	if diff := cmp.Diff(want, rows(t, c)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	for name, drv := range map[string]*granary.Derivation{"a": e.derivations[3], "b": changed} {
		all, err := c.Attributes(t.Context(), name)
		check(t, err)
		hello := all[slices.IndexFunc(all, func(a Attribute) bool { return a.Path == "hello" })]
		if hello.DrvPath != drv.Path || hello.Snapshot != name {
			t.Errorf("snapshot %s: got %+v, want %s", name, hello, drv.Path)
		}
	}
}

// TestRecordReplaced replaces a snapshot by one with less.
func TestRecordReplaced(t *testing.T) {
	c := newCatalog(t)
	e := small("a", "x86_64-linux")
	record(t, c, e)
	s := record(t, c, evaluation{
		name: "a", system: "i686-linux", derivations: e.derivations[:2],
		attributes: []granary.Attribute{attribute("gcc", e.derivations[1])},
	})
	if s.Attributes != 1 || s.Errors != 0 || s.Sources != 1 || s.System != "i686-linux" {
		t.Errorf("got %+v", s)
	}
	sources, err := c.Sources(t.Context())
	check(t, err)
	if len(sources) != 1 || sources[0].Name != "gcc.tar" ||
		!slices.Equal(sources[0].Systems, []string{"i686-linux"}) {
		t.Errorf("sources: got %+v", sources)
	}
}

// TestRecordAbandoned records an evaluation that is not finished.
func TestRecordAbandoned(t *testing.T) {
	c := newCatalog(t)
	record(t, c, evaluation{name: "a", system: "x86_64-linux"})
	shown := describe(t, c)
	e := small("b", "x86_64-linux")
	r, err := c.Record(t.Context())
	check(t, err)
	check(t, r.Add(t.Context(), e.derivations, e.attributes, e.calls))
	check(t, r.AddMirrors(t.Context(), nil))
	if got := describe(t, c); got != shown {
		t.Errorf("an evaluation that was not finished shows: got\n%s\nwant\n%s", got, shown)
	}
	// The next evaluation uses what it left.
	before := rows(t, c)
	before["snapshot"]++
	record(t, c, e)
	if diff := cmp.Diff(before, rows(t, c)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestRecordErrors(t *testing.T) {
	e := small("a", "x86_64-linux")
	for _, row := range []struct {
		name        string
		derivations []*granary.Derivation
		attributes  []granary.Attribute
		want        string
	}{
		{
			"an input that did not come", e.derivations[1:2], nil,
			"derivation " + e.derivations[1].Path.Base() + ": its input " +
				string(e.derivations[0].Path) + " was not recorded",
		},
		{
			"an attribute's derivation that did not come", nil, e.attributes[:1],
			"attribute hello: derivation " + string(e.derivations[3].Path) + " was not recorded",
		},
		{
			"neither derivation nor error", nil, []granary.Attribute{{Path: "x"}},
			"CHECK constraint failed: (derivation_id IS NULL) = (error_kind IS NOT NULL)",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newCatalog(t)
			r, err := c.Record(t.Context())
			check(t, err)
			err = r.Add(t.Context(), row.derivations, row.attributes, nil)
			if want := "write catalog " + c.path + ": " + row.want; err == nil ||
				err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
			if got := dump(t, c); got != "" {
				t.Errorf("it left %s", got)
			}
		})
	}
	// What an import from derivation needs may not have been readable.
	c := newCatalog(t)
	s := record(t, c, evaluation{name: "a", attributes: e.attributes[1:2]})
	if s.Errors != 1 || s.Derivations != 0 {
		t.Errorf("got %+v", s)
	}
}

// TestRecordSource has calls and derivations tell of one source, in any order.
func TestRecordSource(t *testing.T) {
	call := source("a", "http://a/1", "http://a/2")
	call.Kind, call.Recipe = granary.KindFetchzip, granary.RecipeUnpack
	derived := source("a", "http://a/2", "http://a/3")
	derived.Kind, derived.Recipe, derived.Rev, derived.KeepRoot = granary.KindFetchgit, "", "abc",
		true
	better := source("a", "http://a/0")
	better.Kind, better.Recipe = granary.KindFetchurl, granary.RecipeFlat
	for _, row := range []struct {
		name  string
		steps []any // granary.Source: a call; *granary.Derivation
		want  string
	}{
		{"a call", []any{call}, "fetchzip unpack [http://a/1 http://a/2]"},
		{"two calls", []any{call, better}, "fetchzip unpack [http://a/1 http://a/2 http://a/0]"},
		{
			"call, then derivation", []any{call, fixed(derived)},
			"fetchgit  abc keeps root [http://a/1 http://a/2 http://a/3]",
		},
		{
			"derivation, then call", []any{fixed(derived), call},
			"fetchgit  abc keeps root [http://a/2 http://a/3 http://a/1]",
		},
		{
			"a derivation with a recipe after one without",
			[]any{fixed(derived), renamed(fixed(better), "other.drv")},
			"fetchurl flat [http://a/2 http://a/3 http://a/0]",
		},
		{
			"a derivation without a recipe after one with",
			[]any{fixed(better), renamed(fixed(derived), "other.drv")},
			"fetchurl flat [http://a/0 http://a/2 http://a/3]",
		},
	} {
		for _, atOnce := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, at once %v", row.name, atOnce), func(t *testing.T) {
				c := newCatalog(t)
				recordSteps(t, c, row.steps, atOnce)
				sources, err := c.Sources(t.Context())
				check(t, err)
				if len(sources) != 1 {
					t.Fatalf("got %d sources", len(sources))
				}
				if got := describeSource(sources[0].Source); got != row.want {
					t.Errorf("got %s, want %s", got, row.want)
				}
			})
		}
	}
}

// recordSteps records calls and derivations in one evaluation, or in one each.
func recordSteps(t *testing.T, c *Catalog, steps []any, atOnce bool) {
	t.Helper()
	r, err := c.Record(t.Context())
	check(t, err)
	for i, step := range steps {
		if !atOnce && i > 0 {
			r, err = c.Record(t.Context())
			check(t, err)
		}
		switch step := step.(type) {
		case granary.Source:
			check(t, r.Add(t.Context(), nil, nil, []granary.Source{step}))
		case *granary.Derivation:
			ds := []*granary.Derivation{step}
			as := []granary.Attribute{attribute("a", step)}
			check(t, r.Add(t.Context(), ds, as, nil))
		}
	}
	_, err = r.Finish(t.Context(), Snapshot{Name: "s"})
	check(t, err)
}

// renamed gives a derivation another path.
func renamed(d *granary.Derivation, name string) *granary.Derivation {
	d.Path = storePathOf(name)
	return d
}

func describeSource(s granary.Source) string {
	words := []string{string(s.Kind), string(s.Recipe)}
	if s.Rev != "" {
		words = append(words, s.Rev)
	}
	if s.KeepRoot {
		words = append(words, "keeps root")
	}
	return strings.Join(append(words, fmt.Sprint(s.URLs)), " ")
}

func TestMirrors(t *testing.T) {
	c := newCatalog(t)
	for i, step := range []struct{ found, want map[string][]string }{
		{nil, map[string][]string{}},
		{
			map[string][]string{"gnu": {"http://a/", "http://b/"}, "cpan": {"http://c/"}},
			map[string][]string{"gnu": {"http://a/", "http://b/"}, "cpan": {"http://c/"}},
		},
		{
			map[string][]string{"gnu": {"http://n/", "http://b/"}},
			map[string][]string{"gnu": {"http://n/", "http://b/", "http://a/"},
				"cpan": {"http://c/"}},
		},
		{
			map[string][]string{"gnu": {"http://n/", "http://b/", "http://n/"},
				"kde": {"http://k/"}},
			map[string][]string{
				"gnu": {"http://n/", "http://b/", "http://a/"}, "cpan": {"http://c/"},
				"kde": {"http://k/"},
			},
		},
	} {
		r, err := c.Record(t.Context())
		check(t, err)
		check(t, r.AddMirrors(t.Context(), step.found))
		got, err := c.Mirrors(t.Context())
		check(t, err)
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("step %d: mirrors (-want +got):\n%s", i, diff)
		}
	}
}
