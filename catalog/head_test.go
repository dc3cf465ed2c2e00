package catalog

import (
	"fmt"
	"testing"
)

func TestSnapshotHeads(t *testing.T) {
	c := newCatalog(t)
	for _, name := range []string{"b", "a"} {
		record(t, c, small(name, name+"-linux"))
	}
	heads, err := c.SnapshotHeads(t.Context())
	check(t, err)
	got := ""
	for _, s := range heads {
		got += fmt.Sprint(s.Name, " ", s.System, "\n")
	}
	if want := "b b-linux\na a-linux\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestUnfinished looks at evaluations that came to their end, and at ones that did not.
func TestUnfinished(t *testing.T) {
	c := newCatalog(t)
	expect := func(want bool, what string) {
		t.Helper()
		if got, err := c.Unfinished(t.Context()); err != nil || got != want {
			t.Errorf("%s: got %t, %v, want %t", what, got, err, want)
		}
	}
	begin := func(e evaluation) *Recorder {
		r, err := c.Record(t.Context())
		check(t, err)
		check(t, r.Add(t.Context(), e.derivations, e.attributes, e.calls))
		return r
	}
	expect(false, "nothing")
	e := small("a", "x86_64-linux")
	begin(e)
	expect(true, "the first")
	record(t, c, e)
	expect(false, "the same once more")
	begin(e)
	expect(false, "the same, which adds nothing")
	other := small("b", "i686-linux")
	other.attributes = append(other.attributes, attribute("gcc", other.derivations[1]))
	r := begin(other)
	expect(true, "another one")
	_, err := r.Finish(t.Context(), other.snapshot())
	check(t, err)
	expect(false, "another one, at its end")
}

func TestImported(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	if got, err := c.Imported(t.Context()); got || err != nil {
		t.Errorf("got %t, %v", got, err)
	}
	imported(t, c, wanted("x"))
	if got, err := c.Imported(t.Context()); !got || err != nil {
		t.Errorf("got %t, %v", got, err)
	}
}
