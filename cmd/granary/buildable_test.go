package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"granary"
	"granary/catalog"
	"granary/hashes"
)

// TestQueryWithoutAnswer asks disks on which no evaluation, or not the last one, came to
// its end.
func TestQueryWithoutAnswer(t *testing.T) {
	one := &granary.Derivation{Path: drvPathOf("one"), System: "x86_64-linux"}
	two := &granary.Derivation{Path: drvPathOf("two"), System: "x86_64-linux"}
	tests := []struct {
		name            string
		finished, begun *granary.Derivation
		status          int
		stdout, stderr  string
	}{
		{"nothing", nil, nil, 1, "", "nothing was evaluated here\n"},
		{"interrupted", nil, one, 1, "", "no evaluation came to its end here\n"},
		{"finished", one, nil, 0, "yes  one  0 of 0 missing\n", ""},
		{"the last one interrupted", one, two, 0, "yes  one  0 of 0 missing\n",
			"the latest evaluation has not come to its end: what came to its end before counts\n"},
		{"the same once more, interrupted", one, one, 0, "yes  one  0 of 0 missing\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := &model{dir: t.TempDir()}
			c, err := catalog.Open(t.Context(), filepath.Join(m.dir, "granary.db"))
			checkTest(t, err)
			begin(t, c, test.finished, true)
			begin(t, c, test.begun, false)
			checkTest(t, c.Close())
			got := m.granary(t, "query", "buildable")
			if got.status != test.status || got.stdout != test.stdout ||
				!strings.Contains(got.stderr, test.stderr) || (test.stderr == "") != (got.stderr == "") {
				t.Errorf("got %+v, want %+v", got, test)
			}
		})
	}
}

// begin records an attribute of the derivation's name, and may come to its end.
func begin(t *testing.T, c *catalog.Catalog, d *granary.Derivation, finish bool) {
	t.Helper()
	if d == nil {
		return
	}
	r, err := c.Record(t.Context())
	checkTest(t, err)
	checkTest(t, r.Add(t.Context(), []*granary.Derivation{d},
		[]granary.Attribute{{Path: d.Name(), DrvPath: d.Path, Name: d.Name()}}, nil))
	if finish {
		_, err = r.Finish(t.Context(), catalog.Snapshot{Name: d.Name(), System: d.System})
		checkTest(t, err)
	}
}

// drvPathOf returns the path of a derivation.
func drvPathOf(name string) hashes.StorePath {
	digest := hashes.Sum(hashes.SHA256, []byte(name)).NixBase32()[:32]
	return hashes.StorePath("/nix/store/" + digest + "-" + name + ".drv")
}

// TestWhole asks which paths can be had from caches, given what they refer to.
func TestWhole(t *testing.T) {
	v := &validity{
		inStores: map[hashes.StorePath]bool{"stored": true, "b": false},
		inCaches: map[hashes.StorePath]*cached{
			"alone": {}, "whole": {references: []hashes.StorePath{"alone", "stored", "deep"}},
			"deep":   {references: []hashes.StorePath{"alone"}},
			"lacks":  {references: []hashes.StorePath{"alone", "nowhere"}},
			"lacks2": {references: []hashes.StorePath{"whole", "lacks"}}, "nowhere": nil,
			"circle":  {references: []hashes.StorePath{"circle2"}},
			"circle2": {references: []hashes.StorePath{"alone", "circle"}},
		},
	}
	for path, want := range map[hashes.StorePath]bool{
		"alone": true, "whole": true, "deep": true, "stored": true, "lacks": false, "lacks2": false,
		"nowhere": false, "circle": false, "circle2": false,
	} {
		if got := v.has(path, true); got != want {
			t.Errorf("%s: got %t, want %t", path, got, want)
		}
	}
	if v.has("alone", false) || !v.has("stored", false) {
		t.Error("what is not substitutable must be in a store")
	}
}

// TestNothingAsked: nothing is asked for where nothing is wanted.
func TestNothingAsked(t *testing.T) {
	v := &validity{stores: []string{"nonsense://"}, inStores: map[hashes.StorePath]bool{}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := v.askStores(ctx, nil); err != nil {
		t.Error(err)
	}
}
