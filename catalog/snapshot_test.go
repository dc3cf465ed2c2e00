package catalog

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSnapshots(t *testing.T) {
	c := newCatalog(t)
	for i, name := range []string{"late", "early", "early too"} {
		r, err := c.Record(t.Context())
		check(t, err)
		_, err = r.Finish(t.Context(), Snapshot{Name: name,
			Evaluated: noon.Add(-time.Duration(min(i, 1)) * time.Hour)})
		check(t, err)
	}
	all, err := c.Snapshots(t.Context())
	check(t, err)
	var names []string
	for _, s := range all {
		names = append(names, s.Name)
	}
	if want := []string{"early", "early too", "late"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	if s, err := c.Snapshot(t.Context(), "late"); err != nil || s != all[2] {
		t.Errorf("got %+v, %v, want %+v", s, err, all[2])
	}
	want := "snapshot gone: there is none"
	_, err = c.Snapshot(t.Context(), "gone")
	if _, ok := err.(*NoSnapshotError); !ok || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := c.Attributes(t.Context(), "gone"); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestDamagedSets finds sets of row numbers that are none.
func TestDamagedSets(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	execute(t, c.path, "UPDATE snapshot SET sources = x'80'")
	_, err := c.Snapshots(t.Context())
	want := "read catalog " + c.path +
		": snapshot a: set of row numbers: damaged 1 bytes before its end"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	execute(t, c.path,
		"UPDATE snapshot SET sources = x''; UPDATE derivation SET inputs = x'80' WHERE id = 4")
	r, err := c.Record(t.Context())
	check(t, err)
	e := small("a", "x86_64-linux")
	check(t, r.Add(t.Context(), e.derivations, e.attributes, e.calls))
	if _, err := r.Finish(t.Context(), e.snapshot()); err == nil ||
		!strings.Contains(err.Error(), "damaged") {
		t.Errorf("got %v", err)
	}
}
