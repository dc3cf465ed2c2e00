package eval

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nix-community/go-nix/pkg/derivation"

	"granary"
)

// compareWithGoNix compares d with what go-nix reads from text. It is no
// oracle for escaped arguments, nor for content-addressed derivations with
// several outputs.
func compareWithGoNix(t *testing.T, d *granary.Derivation, text string) {
	t.Helper()
	want, err := derivation.ReadDerivation(strings.NewReader(text))
	if err != nil {
		t.Errorf("go-nix: %s: %v", d.Path, err)
		return
	}
	got := &derivation.Derivation{
		Outputs:          map[string]*derivation.Output{},
		InputSources:     d.Sources,
		InputDerivations: map[string][]string{},
		Platform:         d.System,
		Builder:          d.Builder,
		Arguments:        d.Args,
		Env:              map[string]string{},
	}
	for _, o := range d.Outputs {
		got.Outputs[o.Name] = &derivation.Output{Path: o.Path, HashAlgorithm: o.HashAlgo,
			Hash: o.Hash}
	}
	for _, in := range d.Inputs {
		got.InputDerivations[string(in.Path)] = in.Outputs
	}
	for _, v := range d.Env {
		got.Env[v.Name] = v.Value()
	}
	unexported := cmpopts.IgnoreUnexported(derivation.Derivation{})
	if diff := cmp.Diff(want, got, unexported, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-go-nix +got):\n%s", d.Path, diff)
	}
}

// TestGoNix compares the derivations of testdata that go-nix can read.
func TestGoNix(t *testing.T) {
	wrong := []string{"floating", "esc", "wrapper", "impure", "floatingflat", "hello.drv"}
	compared := map[string]bool{}
	for _, drv := range storedDerivations(t, "testdata/drv") {
		d, err := ParseDerivation(drv.path, drv.text)
		check(t, err)
		if !slices.Contains(wrong, d.Name()) {
			compareWithGoNix(t, d, drv.text)
			compared[d.Name()] = true
		}
	}
	want := []string{"gitfixed", "multi", "sriFlat", "structured", "textfixed"}
	if got := slices.Sorted(maps.Keys(compared)); !slices.Equal(got, want) {
		t.Errorf("compared %q, want %q", got, want)
	}
}
