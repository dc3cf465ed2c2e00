package catalog

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"granary"
	"granary/hashes"
)

// texts returns the texts and NARs in the closure of a derivation, in order.
func texts(t testing.TB, c *Catalog, drvs ...hashes.StorePath) []string {
	t.Helper()
	var all []string
	seen := map[hashes.StorePath]bool{}
	check(t, c.StoreObjects(t.Context(), drvs, func(o granary.StoreObject) error {
		for _, ref := range o.References {
			if !seen[ref] {
				t.Errorf("%s came before %s, to which it refers", o.Path, ref)
			}
		}
		seen[o.Path] = true
		all = append(all, o.Text+string(o.NAR))
		return nil
	}))
	return all
}

// withInputs is an evaluation of derivations with input sources: app needs
// greet.sh, which refers to greeting, and names lib's derivation as a file; lib
// needs big, which is not kept.
func withInputs(t testing.TB, c *Catalog) (app, lib, named *granary.Derivation) {
	t.Helper()
	greeting, script := storePathOf("greeting"), storePathOf("greet.sh")
	named = built("named")
	app = built("app", fixed(source("app.tar")))
	app.Sources = []string{string(script), string(named.Path)}
	lib = built("lib")
	lib.Sources = []string{string(greeting), string(storePathOf("big"))}
	r, err := c.Record(t.Context())
	check(t, err)
	for range 2 { // what is there is not packed again
		check(t, r.AddInputs(t.Context(), []granary.StoreObject{
			{Path: greeting, NAR: []byte("NAR of greeting")},
			{Path: script, NAR: []byte("NAR of greet.sh"), References: []hashes.StorePath{greeting}},
			{Path: storePathOf("big")},
		}))
	}
	check(t, r.Add(t.Context(), []*granary.Derivation{
		fixed(source("app.tar")), named, app, lib,
	}, []granary.Attribute{attribute("app", app), attribute("lib", lib)}, nil))
	_, err = r.Finish(t.Context(), evaluation{name: "a", system: "x86_64-linux"}.snapshot())
	check(t, err)
	return app, lib, named
}

func TestStoreObjects(t *testing.T) {
	c := newCatalog(t)
	app, lib, named := withInputs(t, c)
	want := []string{
		"NAR of greeting", "NAR of greet.sh", "text of app.tar", "text of named", "text of app",
	}
	if diff := cmp.Diff(want, texts(t, c, app.Path, named.Path)); diff != "" {
		t.Errorf("closure of app and named (-want +got):\n%s", diff)
	}
	if got := rows(t, c)["pack"]; got != 2 {
		t.Errorf("got %d packs, want one of texts and one of input sources", got)
	}
	for name, path := range map[string]hashes.StorePath{
		"what derivation " + string(lib.Path) + " needs is not kept":     lib.Path,
		"derivation " + string(storePathOf("x")) + " was never recorded": storePathOf("x"),
	} {
		err := c.StoreObjects(t.Context(), []hashes.StorePath{app.Path, path}, nil)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %s", err, name)
		}
	}
	stop := errors.New("stop")
	err := c.StoreObjects(t.Context(), []hashes.StorePath{app.Path},
		func(granary.StoreObject) error { return stop })
	if !errors.Is(err, stop) {
		t.Errorf("got %v, want the error of each", err)
	}
}

func TestStoreObjectsDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "granary.db")
	c := openCatalog(t, path)
	app, _, _ := withInputs(t, c)
	for statement, want := range map[string]string{
		"UPDATE derivation SET size = 1000 WHERE path LIKE '%app.drv'": "is too short",
		"UPDATE pack SET data = x'00'":                                 "pack 1",
		"UPDATE derivation SET sources = x'63'":                        "refers to row 99",
	} {
		_, err := c.db.ExecContext(t.Context(), "BEGIN")
		check(t, err)
		_, err = c.db.ExecContext(t.Context(), statement)
		check(t, err)
		err = c.StoreObjects(t.Context(), []hashes.StorePath{app.Path},
			func(granary.StoreObject) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", statement, err, want)
		}
		_, err = c.db.ExecContext(t.Context(), "ROLLBACK")
		check(t, err)
	}
}

func TestDerivers(t *testing.T) {
	c := newCatalog(t)
	withInputs(t, c)
	// Two derivations of another name give hello.tar, as Nix itself may.
	hello := source("hello.tar")
	mine, builtin := fixed(hello), fixed(hello)
	other := fixed(hello)
	other.Path, other.System = storePathOf("a-hello.tar.drv"), "m68k-netbsd"
	builtin.Path, builtin.System = storePathOf("b-hello.tar.drv"), "builtin"
	unkept := fixed(source("unkept.tar"))
	unkept.Sources = []string{string(storePathOf("big"))}
	foreign := fixed(source("foreign.tar"))
	foreign.System = "m68k-netbsd"
	record(t, c, evaluation{name: "b", system: "x86_64-linux",
		derivations: []*granary.Derivation{other, builtin, mine, unkept, foreign}})
	wanted := []hashes.StorePath{hello.OutPath, unkept.Source.OutPath, foreign.Source.OutPath}
	for system, want := range map[string]hashes.StorePath{
		"x86_64-linux": builtin.Path, "m68k-netbsd": other.Path, "riscv64-linux": builtin.Path,
	} {
		got, lost, err := c.Derivers(t.Context(), wanted, system)
		if err != nil || lost != 1 {
			t.Errorf("%s: got %d lost, %v, want 1", system, lost, err)
		}
		diff := cmp.Diff(map[hashes.StorePath]hashes.StorePath{
			hello.OutPath: want, foreign.Source.OutPath: foreign.Path,
		}, got)
		if diff != "" {
			t.Errorf("%s (-want +got):\n%s", system, diff)
		}
	}
	got, lost, err := c.Derivers(t.Context(), nil, "x86_64-linux")
	if err != nil || lost > 0 || len(got) > 0 {
		t.Errorf("of no sources: got %v, %v", got, err)
	}
}

// TestRecordAnew reads a derivation once more whose text an older granary did
// not keep: what is known of its source by now counts.
func TestRecordAnew(t *testing.T) {
	c := newCatalog(t)
	d := fixed(source("bought.zip"))
	text := d.Text
	d.Text, d.Source.Kind = "", granary.KindOther
	e := evaluation{name: "a", system: "x86_64-linux",
		derivations: []*granary.Derivation{d},
		attributes:  []granary.Attribute{attribute("bought", d)}}
	record(t, c, e)
	wanted := []hashes.StorePath{d.Source.OutPath}
	found, lost, err := c.Derivers(t.Context(), wanted, "x86_64-linux")
	if err != nil || lost != 1 || len(found) > 0 {
		t.Errorf("before: got %v, %d lost, %v", found, lost, err)
	}
	d.Text, d.Source.Kind, d.Source.Message = text, granary.KindRequireFile, "buy it"
	record(t, c, e)
	all, err := c.Sources(t.Context())
	check(t, err)
	if len(all) != 1 || all[0].Kind != granary.KindRequireFile || all[0].Message != "buy it" {
		t.Errorf("got %+v", all)
	}
	found, lost, err = c.Derivers(t.Context(), wanted, "x86_64-linux")
	if err != nil || lost != 0 || found[d.Source.OutPath] != d.Path {
		t.Errorf("after: got %v, %d lost, %v", found, lost, err)
	}
	if got := rows(t, c); got["derivation"] != 1 || got["attribute"] != 1 || got["source"] != 1 {
		t.Errorf("got rows %v", got)
	}
}
