package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"granary"
	"granary/hashes"
)

// TestSources has two snapshots want what they share, for two systems, and one
// source that only a call tells of.
func TestSources(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	b := small("b", "aarch64-linux")
	b.derivations, b.calls = b.derivations[:2], nil
	b.attributes = b.attributes[1:2] // needs gcc
	record(t, c, b)
	record(t, c, small("again", "x86_64-linux"))
	sources, err := c.Sources(t.Context())
	check(t, err)
	var got []string
	for _, s := range sources {
		got = append(got, fmt.Sprint(s.Name, " ", s.State, " ", s.Systems, " ", s.InClosure))
		if want := source(s.Name); s.OutPath != want.OutPath || s.CA != want.CA {
			t.Errorf("%s: got %s, %v, want %s, %v", s.Name, s.OutPath, s.CA, want.OutPath, want.CA)
		}
		if !s.Object.IsZero() || s.Size != 0 || s.HeldBy != "" || s.Reason != "" {
			t.Errorf("%s was never fetched: got %+v", s.Name, s)
		}
	}
	want := []string{
		"doc.pdf missing [x86_64-linux] false",
		"gcc.tar missing [aarch64-linux x86_64-linux] true",
		"hello.tar missing [x86_64-linux] true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestImportedSources shows what a want-list wants, which no snapshot does.
func TestImportedSources(t *testing.T) {
	c := newCatalog(t)
	e := small("a", "x86_64-linux")
	r, err := c.Record(t.Context())
	check(t, err)
	check(t, r.Add(t.Context(), e.derivations, e.attributes, e.calls))
	execute(t, c.path, "UPDATE source SET imported = 1 WHERE name = 'gcc.tar'")
	sources, err := c.Sources(t.Context())
	check(t, err)
	if len(sources) != 1 || sources[0].Name != "gcc.tar" || sources[0].InClosure ||
		sources[0].Systems != nil {
		t.Errorf("got %+v", sources)
	}
}

// TestFrom has one source made from another.
func TestFrom(t *testing.T) {
	tarball := source("a.tar.xz", "http://x/a.tar.xz")
	made := source("a")
	made.CA.Mode = hashes.Recursive
	made.Recipe, made.KeepRoot, made.Strip, made.Omit = granary.RecipeUnpack, true, 1, "b\nc"
	made.From = tarball.OutPath
	orphan := made
	orphan.OutPath, orphan.From = storePathOf("orphan"), storePathOf("nothing")
	c := newCatalog(t)
	recordSteps(t, c, []any{made, tarball, orphan}, true)
	sources, err := c.Sources(t.Context())
	check(t, err)
	served := made
	served.URLs, served.FromHash = tarball.URLs, tarball.CA.Hash
	want := map[hashes.StorePath]granary.Source{
		tarball.OutPath: tarball, made.OutPath: served, orphan.OutPath: orphan,
	}
	got := map[hashes.StorePath]granary.Source{}
	for _, s := range sources {
		got[s.OutPath] = s.Source
	}
	comparable := cmp.Comparer(func(a, b hashes.ContentAddress) bool { return a == b })
	same := cmp.Comparer(func(a, b hashes.Hash) bool { return a == b })
	if diff := cmp.Diff(want, got, comparable, same); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestModes records sources of each mode and algorithm.
func TestModes(t *testing.T) {
	c := newCatalog(t)
	e := evaluation{name: "a", system: "x86_64-linux"}
	want := map[string]hashes.ContentAddress{}
	for _, ca := range []hashes.ContentAddress{
		{Mode: hashes.Flat, Hash: hashes.Sum(hashes.MD5, nil)},
		{Mode: hashes.Flat, Hash: hashes.Sum(hashes.SHA1, nil)},
		{Mode: hashes.Recursive, Hash: hashes.Sum(hashes.SHA256, nil)},
		{Mode: hashes.Recursive, Hash: hashes.Sum(hashes.SHA512, nil)},
		{Mode: hashes.Git, Hash: hashes.Sum(hashes.SHA1, nil)},
		{Mode: hashes.Text, Hash: hashes.Sum(hashes.SHA256, nil)},
		{Mode: hashes.Flat, Hash: hashes.Sum(hashes.BLAKE3, nil)},
	} {
		s := source(strings.NewReplacer(":", "-").Replace(ca.Mode.String() + "-" +
			ca.Hash.Algorithm().String()))
		s.CA = ca
		want[s.Name] = ca
		e.calls = append(e.calls, s)
	}
	record(t, c, e)
	sources, err := c.Sources(t.Context())
	check(t, err)
	for _, s := range sources {
		if s.CA != want[s.Name] {
			t.Errorf("%s: got %v, want %v", s.Name, s.CA, want[s.Name])
		}
	}
	if len(sources) != len(want) {
		t.Errorf("got %d sources, want %d", len(sources), len(want))
	}
}

// TestOutcomes records one outcome after another for hello.tar.
func TestOutcomes(t *testing.T) {
	out := source("hello.tar").OutPath
	object, other := hashes.Sum(hashes.SHA256, []byte("x")), hashes.Sum(hashes.SHA512, []byte("y"))
	held := Outcome{OutPath: out, Object: object, Recipe: "flat", Size: 12}
	failed := Outcome{OutPath: out, Reason: "not found", Detail: "404"}
	for _, row := range []struct {
		name     string
		outcomes []Outcome
		want     string
	}{
		{"held", []Outcome{held}, "held " + object.SRI() + " flat 12"},
		{"held twice", []Outcome{held, held}, "held " + object.SRI() + " flat 12"},
		{
			"held by another object",
			[]Outcome{held, {OutPath: out, Object: other, Recipe: "nar", Size: 7}},
			"held " + other.SRI() + " nar 7",
		},
		{
			"held, of another size",
			[]Outcome{held, {OutPath: out, Object: object, Recipe: "unpack", Size: 13}},
			"held " + object.SRI() + " unpack 13",
		},
		{"failed", []Outcome{failed}, "failed not found: 404"},
		{
			"failed twice", []Outcome{failed, {OutPath: out, Reason: "timeout"}},
			"failed timeout: ",
		},
		{"failed, then held", []Outcome{failed, held}, "held " + object.SRI() + " flat 12"},
		{"held, then failed", []Outcome{held, failed}, "failed not found: 404"},
		{"neither", []Outcome{{OutPath: out}}, "missing"},
	} {
		for _, atOnce := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, at once %v", row.name, atOnce), func(t *testing.T) {
				c := newCatalog(t)
				record(t, c, small("a", "x86_64-linux"))
				if atOnce {
					check(t, c.RecordOutcomes(t.Context(), row.outcomes))
				} else {
					for _, o := range row.outcomes {
						check(t, c.RecordOutcomes(t.Context(), []Outcome{o}))
					}
				}
				if got := describeState(t, c, "hello.tar"); got != row.want {
					t.Errorf("got %s, want %s", got, row.want)
				}
				if got := describeState(t, c, "gcc.tar"); got != "missing" {
					t.Errorf("another source: got %s", got)
				}
			})
		}
	}
}

func describeState(t *testing.T, c *Catalog, name string) string {
	t.Helper()
	sources, err := c.Sources(t.Context())
	check(t, err)
	s := sources[slices.IndexFunc(sources, func(s Source) bool { return s.Name == name })]
	switch s.State {
	case Held:
		return fmt.Sprintf("held %s %s %d", s.Object.SRI(), s.HeldBy, s.Size)
	case Failed:
		return fmt.Sprintf("failed %s: %s", s.Reason, s.Detail)
	}
	return string(s.State)
}

// TestOutcomeErrors records outcomes of which one is wrong: none counts.
func TestOutcomeErrors(t *testing.T) {
	hello := Outcome{
		OutPath: source("hello.tar").OutPath, Object: hashes.Sum(hashes.SHA256, nil),
		Recipe:   "flat",
		Attempts: []Attempt{{URL: "http://a"}},
	}
	nobody := source("unwanted").OutPath
	wrongRecipe := hello
	wrongRecipe.Recipe = "magic"
	for _, row := range []struct {
		name    string
		outcome Outcome
		want    string
	}{
		{
			"unknown source", Outcome{OutPath: nobody, Reason: "x"},
			"source " + string(nobody) + ": it was never wanted",
		},
		{
			"unknown recipe", wrongRecipe, "source " + string(hello.OutPath) +
				": CHECK constraint failed: held_by IN ('flat', 'executable', 'unpack', 'nar')",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newCatalog(t)
			record(t, c, small("a", "x86_64-linux"))
			before := dump(t, c)
			err := c.RecordOutcomes(t.Context(), []Outcome{hello, row.outcome})
			if want := "write catalog " + c.path + ": " + row.want; err == nil ||
				err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
			if after := dump(t, c); after != before {
				t.Errorf("it left\n%s\nof\n%s", after, before)
			}
		})
	}
}

func TestAttempts(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	hello, gcc := source("hello.tar").OutPath, source("gcc.tar").OutPath
	try := func(url, reason string) Attempt {
		return Attempt{URL: url, At: noon, Duration: 1500 * time.Millisecond, Status: 200, Bytes: 7,
			Reason: reason}
	}
	check(t, c.RecordOutcomes(t.Context(), []Outcome{
		{
			OutPath: hello, Reason: "x", Attempts: []Attempt{try("http://h/1", "x"),
				try("http://h/2", "x"), try("http://cache/h", "z")},
		},
		{OutPath: gcc, Reason: "x", Attempts: []Attempt{try("http://g/1", "x")}},
	}))
	check(t, c.RecordOutcomes(t.Context(), []Outcome{
		{OutPath: gcc, Reason: "y", Attempts: []Attempt{try("http://g/2", "y")}},
	}))
	got := lastURLs(t, c)
	if want := "gcc.tar http://g/2, hello.tar http://h/2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	object := hashes.Sum(hashes.SHA256, nil)
	check(t, c.RecordOutcomes(t.Context(), []Outcome{
		{
			OutPath: hello, Object: object, Recipe: "flat",
			Attempts: []Attempt{try("http://h/3", "")},
		},
	}))
	if got := lastURLs(t, c); got != "gcc.tar http://g/2" {
		t.Errorf("after hello.tar was held: got %s", got)
	}
	var at, ms, status, bytes, right int64
	check(t, c.db.QueryRowContext(t.Context(), `SELECT at, ms, status, bytes, reason IS NULL
		FROM attempt WHERE url = 'http://h/3'`).Scan(&at, &ms, &status, &bytes, &right))
	if at != noon.UnixMilli() || ms != 1500 || status != 200 || bytes != 7 || right != 1 {
		t.Errorf("got an attempt of %d, %d, %d, %d, %d", at, ms, status, bytes, right)
	}
}

// lastURLs returns what LastURLs does, by name.
func lastURLs(t *testing.T, c *Catalog) string {
	t.Helper()
	last, err := c.LastURLs(t.Context())
	check(t, err)
	sources, err := c.Sources(t.Context())
	check(t, err)
	var all []string
	for _, s := range sources {
		if url, ok := last[s.ID]; ok {
			all = append(all, s.Name+" "+url)
		}
	}
	return strings.Join(all, ", ")
}
