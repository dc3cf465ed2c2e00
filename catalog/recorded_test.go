package catalog

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"granary"
)

// TestDerivations reads single derivations of what this granary recorded, and of what an
// older one did, which kept no texts.
func TestDerivations(t *testing.T) {
	c := newCatalog(t)
	e := small("a", "x86_64-linux")
	record(t, c, e)
	want := map[int64]string{
		1: "gcc.tar.drv x86_64-linux out=gcc.tar: text of gcc.tar",
		2: "gcc.drv x86_64-linux dev=gcc-dev out=gcc: text of gcc",
		4: "hello.drv x86_64-linux dev=hello-dev out=hello: text of hello",
	}
	if diff := cmp.Diff(want, derivations(t, c, 4, 1, 2, 1000, 1)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	old, err := OpenReadOnly(t.Context(), copyOf(t, "schema-1.db"))
	check(t, err)
	defer old.Close()
	want = map[int64]string{2: "gcc.drv x86_64-linux dev=gcc-dev out=gcc: "}
	if diff := cmp.Diff(want, derivations(t, old, 2)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	sentinel := errors.New("enough")
	if err := c.Derivations(t.Context(), []int64{1, 2}, func(int64, *granary.Derivation) error {
		return sentinel
	}); err != sentinel {
		t.Errorf("got %v", err)
	}
}

func derivations(t *testing.T, c *Catalog, rows ...int64) map[int64]string {
	t.Helper()
	got := map[int64]string{}
	check(t, c.Derivations(t.Context(), rows, func(row int64, d *granary.Derivation) error {
		text := fmt.Sprint(d.Path.Name(), " ", d.System)
		for _, o := range d.Outputs {
			text += " " + o.Name + "=" + o.Path[len(storePrefix)+33:]
		}
		got[row] = text + ": " + d.Text
		return nil
	}))
	return got
}

// TestDerivationsDamaged reads texts that are not where they should be.
func TestDerivationsDamaged(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	execute(t, c.path, "UPDATE derivation SET size = 1000 WHERE id = 2")
	each := func(int64, *granary.Derivation) error { return nil }
	err := c.Derivations(t.Context(), []int64{2}, each)
	if err == nil {
		t.Error("got no error")
	}
}

// FuzzOutputs parses, formats, and parses again.
func FuzzOutputs(f *testing.F) {
	f.Add("out=x dev=")
	f.Add("a=b=c  d")
	f.Fuzz(func(t *testing.T, column string) {
		all := parseOutputs(column)
		text := outputs(&granary.Derivation{Outputs: all}).(string)
		if again := parseOutputs(text); !cmp.Equal(again, all) {
			t.Errorf("%q: got %v, then %v", column, all, again)
		}
	})
}
