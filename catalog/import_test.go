package catalog

import (
	"fmt"
	"slices"
	"testing"

	"granary"
	"granary/hashes"
)

// wanted returns what a want-list says of source(name, urls...).
func wanted(name string, urls ...string) Wanted {
	return Wanted{Source: source(name, urls...)}
}

// only returns the source called name.
func only(t *testing.T, c *Catalog, name string) Source {
	t.Helper()
	all, err := c.Sources(t.Context())
	check(t, err)
	i := slices.IndexFunc(all, func(s Source) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("%s is not wanted", name)
	}
	return all[i]
}

func imported(t *testing.T, c *Catalog, ws ...Wanted) int {
	t.Helper()
	added, err := c.Import(t.Context(), ws)
	check(t, err)
	return added
}

func TestImport(t *testing.T) {
	c := newCatalog(t)
	w := wanted("a", "http://a/1", "http://a/2")
	w.Kind, w.Rev, w.Recipe, w.KeepRoot = "fetchgit", "abc", granary.RecipeCheckout, true
	w.Strip, w.Omit, w.From = 2, "a\nb", source("from").OutPath
	w.Checkout = granary.Checkout{Submodules: true, RootDir: "x"}
	w.Message, w.Size, w.Extra = "Buy it.", 12, `{"x":1}`
	if got := imported(t, c, w, wanted("b"), w); got != 2 {
		t.Errorf("%d are new, want 2", got)
	}
	got := only(t, c, "a")
	want := Source{
		Source: w.Source, ID: got.ID, State: Missing, Download: 12, Extra: `{"x":1}`,
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestImportAgain adds to what is known, and takes nothing away.
func TestImportAgain(t *testing.T) {
	tree := func(name string, urls ...string) Wanted {
		w := wanted(name, urls...)
		w.Kind, w.Recipe, w.Size, w.Extra = "fetchzip", granary.RecipeUnpack, 7, `{"y":1}`
		w.Message = "later"
		return w
	}
	none := wanted("listed", "http://c/3")
	none.Kind, none.Recipe = "other", ""
	first := wanted("listed", "http://a/1")
	first.Message = "first"
	for _, row := range []struct {
		name   string
		source string
		lists  [][]Wanted
		want   string
	}{
		{"derived", "gcc.tar", [][]Wanted{{tree("gcc.tar", "http://b/2")}},
			`fetchurl flat 7 {"y":1} "later" [mirror://gnu/gcc.tar http://b/2] true`},
		{"called for", "doc.pdf", [][]Wanted{{tree("doc.pdf")}},
			`fetchurl flat 7 {"y":1} "later" [http://a/doc.pdf] false`},
		{"listed", "listed", [][]Wanted{{first}, {tree("listed", "http://b/2", "http://a/1")}},
			`fetchzip unpack 7 {"y":1} "first" [http://a/1 http://b/2] false`},
		{"listed, now without a recipe", "listed", [][]Wanted{{tree("listed")}, {none}},
			`fetchzip unpack 7 {"y":1} "later" [http://c/3] false`},
		{"listed twice at once", "listed", [][]Wanted{{none, tree("listed", "http://b/2")}},
			`fetchzip unpack 7 {"y":1} "later" [http://c/3 http://b/2] false`},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newCatalog(t)
			record(t, c, small("a", "x86_64-linux"))
			for _, list := range row.lists {
				imported(t, c, list...)
			}
			s := only(t, c, row.source)
			got := fmt.Sprintf("%s %s %d %s %q %v %v", s.Kind, s.Recipe, s.Download, s.Extra,
				s.Message, s.URLs, s.InClosure)
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

// TestImportedThenDerived shows that a derivation knows better.
func TestImportedThenDerived(t *testing.T) {
	c := newCatalog(t)
	w := wanted("gcc.tar", "http://b/2")
	w.Kind, w.Recipe, w.Extra = "fetchgit", granary.RecipeCheckout, `{"x":1}`
	imported(t, c, w)
	record(t, c, small("a", "x86_64-linux"))
	s := only(t, c, "gcc.tar")
	got := fmt.Sprintf("%s %s %s %v %v", s.Kind, s.Recipe, s.Extra, s.URLs, s.Systems)
	want := `fetchurl flat {"x":1} [http://b/2 mirror://gnu/gcc.tar] [x86_64-linux]`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestImportKeepsWhatIsHeld imports what is held and what failed.
func TestImportKeepsWhatIsHeld(t *testing.T) {
	c := newCatalog(t)
	imported(t, c, wanted("held"), wanted("failed"))
	object := hashes.Sum(hashes.SHA256, []byte("held"))
	check(t, c.RecordOutcomes(t.Context(), []Outcome{
		{OutPath: source("held").OutPath, Object: object, Recipe: "flat", Size: 1},
		{OutPath: source("failed").OutPath, Reason: "not found"},
	}))
	if got := imported(t, c, wanted("held"), wanted("failed", "http://a/b")); got != 0 {
		t.Errorf("%d are new, want 0", got)
	}
	if held, failed := only(t, c, "held"), only(t, c, "failed"); held.State != Held ||
		held.Object != object || failed.State != Failed {
		t.Errorf("got %+v, %+v", held, failed)
	}
}

// TestImportIsWhole has an error at the end, which takes back all before it.
func TestImportIsWhole(t *testing.T) {
	c := newCatalog(t)
	wrong := wanted("wrong")
	wrong.Size = -1
	if _, err := c.Import(t.Context(), []Wanted{wanted("a", "http://a/1"), wrong}); err == nil {
		t.Error("a size of -1 is no error")
	}
	if got := rows(t, c); got["source"] != 0 || got["url"] != 0 {
		t.Errorf("got %v", got)
	}
}

func BenchmarkImport(b *testing.B) {
	var list []Wanted
	for i := range 25_000 {
		list = append(list, wanted(fmt.Sprint("source-", i), fmt.Sprint("http://a/", i)))
	}
	for b.Loop() {
		c := newCatalog(b)
		_, err := c.Import(b.Context(), list)
		check(b, err)
	}
}
