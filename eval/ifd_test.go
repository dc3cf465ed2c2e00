package eval

import (
	"slices"
	"strings"
	"testing"

	"granary"
)

// TestImportFromDerivation has every way to read what a derivation makes, in
// sets and below other packages. What is to be built, and its source, are known.
func TestImportFromDerivation(t *testing.T) {
	ways := map[string]string{
		"import":      `import made`,
		"importFile":  `import "${made}/x.nix"`,
		"readFile":    `package (builtins.readFile made)`,
		"readDir":     `package (toString (builtins.attrNames (builtins.readDir "${made}")))`,
		"fromJSON":    `package (builtins.fromJSON (builtins.readFile "${made}/x.json"))`,
		"otherOutput": `import "${made.dev}/x.nix"`,
		"pathOf":      `derivation { name = "p"; inherit system; builder = "/bin/sh"; src = builtins.path { path = made; name = "x"; }; }`,
		"asInput":     `derivation { name = "user"; inherit system; builder = "/bin/sh"; src = import made; }`,
		"caught":      `if (builtins.tryEval (import made)).success then package "x" else package "y"`,
	}
	text := `
  nested = { recurseForDerivations = true; deep = { recurseForDerivations = true;`
	for name, way := range ways {
		text += "\n" + name + " = " + way + ";"
	}
	text += " good = package \"good\"; }; };"
	made := `(let
  source = derivation { name = "source.tar.gz"; system = "builtin"; builder = "builtin:fetchurl";
    url = "http://x/source.tar.gz"; outputHashAlgo = "sha256"; outputHashMode = "flat";
    outputHash = "0bcf9ycdlwld8iry4azxqlffs6p8ggs32r167a7j2khfyhbqdxba"; };
  in derivation { name = "made"; inherit system; builder = "/bin/sh"; src = source; outputs = [ "out" "dev" ]; })`
	f := evaluate(t, &Evaluator{Tree: packageSet(t, strings.ReplaceAll(text, "made", made))}).ok(t)
	for name := range ways {
		a := f.attribute(t, "nested.deep."+name)
		if a.Kind != granary.ErrorIFD || !strings.HasSuffix(string(a.Needs), "-made.drv") {
			t.Errorf("%s: got %s, needs %q: %s", name, a.Kind, a.Needs, a.Error)
		}
	}
	if got := f.attribute(t, "nested.deep.good").Kind; got != "" {
		t.Errorf("its neighbour: got %s", got)
	}
	isSource := func(d *granary.Derivation) bool {
		return d.Source != nil && d.Source.Name == "source.tar.gz"
	}
	if !slices.ContainsFunc(f.Derivations, isSource) {
		t.Error("the source of what is to be built is not among the derivations")
	}
}
