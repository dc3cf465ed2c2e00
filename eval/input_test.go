package eval

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"granary"
	"granary/hashes"
)

// inputsTree is a package set whose derivations need a file, a folder, a text
// that refers to another, and a derivation as a file, not built.
var inputsTree = map[string]string{
	"file": "a file\n",
	"default.nix": `{ ... }:
let
  inner = builtins.toFile "inner" "inner\n";
  outer = builtins.toFile "outer" "echo ${inner}\n";
  package = name: more: derivation ({
    inherit name; system = "x86_64-linux"; builder = "/bin/sh";
  } // more);
in
{
  a = package "a" { text = outer; file = ./file; };
  b = package "b" {
    text = outer;
    drv = builtins.unsafeDiscardOutputDependency (package "named" { }).drvPath;
  };
}
`,
}

// TestInputs finds input sources once, after what they refer to, and keeps the
// text of every derivation.
func TestInputs(t *testing.T) {
	tree := writeTree(t, inputsTree)
	var names []string
	texts := map[string]string{} // of the files, by path
	record := func(b Batch) error {
		for _, in := range b.Inputs {
			name := in.Path.Name()
			for _, ref := range in.References {
				name += " -> " + ref.Name()
			}
			names = append(names, name)
			text, err := os.ReadFile(in.File)
			check(t, err)
			texts[in.Path.Name()] = string(text)
		}
		for _, d := range b.Derivations {
			if got, err := ParseDerivation(d.Path, d.Text); err != nil ||
				len(got.Sources) != len(d.Sources) {
				t.Errorf("%s: text %q gives %v, %v", d.Path, d.Text, got, err)
			}
			names = append(names, d.Path.Name())
		}
		return nil
	}
	var f findings
	f.run(t.Context(), t, &Evaluator{Tree: tree}, record)
	check(t, f.err)
	want := []string{
		"inner", "outer -> inner", "file", "a.drv", "named.drv", "b.drv",
	}
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	inner := texts["outer"]
	if texts["file"] != "a file\n" || texts["inner"] != "inner\n" ||
		!strings.HasPrefix(inner, "echo /nix/store/") {
		t.Errorf("got files %q", texts)
	}
}

// TestInputsKnown evaluates again: there is nothing to hand on.
func TestInputsKnown(t *testing.T) {
	tree := writeTree(t, inputsTree)
	first := evaluate(t, &Evaluator{Tree: tree}).ok(t)
	var known []hashes.StorePath
	for _, d := range first.Derivations {
		known = append(known, d.Path)
	}
	var again findings
	again.run(t.Context(), t, &Evaluator{Tree: tree, Known: known}, func(b Batch) error {
		if len(b.Inputs)+len(b.Derivations) > 0 {
			t.Errorf("got %v, %v", b.Inputs, b.Derivations)
		}
		return nil
	})
	check(t, again.err)
}

// TestInputMissing reads a derivation whose input source is not there: that is
// no error.
func TestInputMissing(t *testing.T) {
	source := "/nix/store/0vdxqwlwvn02nlnm3dp7b6266c46zvch-gone.patch"
	text := unparse(&granary.Derivation{Sources: []string{source}})
	s := scratchStore(t, map[string]string{otherDrv: text})
	r := newReader(nil, slog.New(slog.DiscardHandler))
	defer r.close()
	all, err := r.closure(s, otherDrv, nil)
	if err != nil || len(all) != 1 || all[0].Text != text || len(r.found) > 0 {
		t.Errorf("got %v, %v, %v", all, r.found, err)
	}
	// One that is there, in a store without a database, is one.
	check(t, os.WriteFile(filepath.Join(s.dir, source), nil, 0o600))
	r = newReader(nil, slog.New(slog.DiscardHandler))
	defer r.close()
	if _, err := r.closure(s, otherDrv, nil); err == nil {
		t.Error("no error without a database")
	}
}
