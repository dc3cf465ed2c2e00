package main

import (
	"path/filepath"
	"testing"

	"granary/catalog"
)

// TestQuestionDisks makes small synthetic disks and looks at what is on them.
func TestQuestionDisks(t *testing.T) {
	const scale = 0.05
	d := &questionDisks{"synthetic", t.TempDir()}
	b := &bench{}
	err := b.makeDisks(t.Context(), d, func(dir string) error {
		return recordSynthetic(t.Context(), dir, scale)
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := describe(t.Context(), d.catalog("evaluated"), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, figure := range []struct {
		name           string
		got, low, high float64
	}{
		{"derivations", float64(s.derivations), 2200, 2400},
		{"attributes", float64(s.attributes), 880, 960},
		{"sources", float64(s.sources), 1100, 1216},
		{"needs", s.needs.mean, 60, 300},
		{"needed by all", float64(s.nearlyAll), coreSources, coreSources + 20},
		{"half", heldShare(t, d.path("half")), 0.45, 0.55},
		{"all", heldShare(t, d.path("all")), 1, 1},
	} {
		if figure.got < figure.low || figure.got > figure.high {
			t.Errorf("%s: got %g, want %g to %g", figure.name, figure.got, figure.low, figure.high)
		}
	}
	checkSnapshots(t, d.catalog("two"))
}

// heldShare returns the share of the sources that a disk holds, with their objects.
func heldShare(t *testing.T, dir string) float64 {
	c, err := catalog.OpenReadOnly(t.Context(), filepath.Join(dir, "granary.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sources, err := c.Sources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	objects, err := filepath.Glob(filepath.Join(dir, "*", "??", "*"))
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for i := range sources {
		if sources[i].State == catalog.Held {
			held++
		}
	}
	if held != len(objects) {
		t.Errorf("%s: %d sources are held, and there are %d objects", dir, held, len(objects))
	}
	return float64(held) / float64(len(sources))
}

func checkSnapshots(t *testing.T, path string) {
	c, err := catalog.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	all, err := c.Snapshots(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatalf("got %v, %v, want 2 snapshots", all, err)
	}
	if all[1].Name != changedSnapshot || all[1].Attributes >= all[0].Attributes {
		t.Errorf("got %v, want fewer attributes than in %v", all[1], all[0])
	}
	if more := all[1].Sources - all[0].Sources; more < 20 || more > 80 {
		t.Errorf("got %d more sources, want about 45", more)
	}
}

func TestDescribeSpread(t *testing.T) {
	got := spreadOf([]int{5, 1, 2, 4, 3})
	if want := (spread{3, 3, 4, 4, 5}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
