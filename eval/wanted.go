package eval

import (
	"strings"

	"granary"
)

// DefaultOutput returns the name of the output that an attribute stands for: the first
// of the variable outputs, else "out". The rule is that of Nix's corepkgs/derivation.nix.
func DefaultOutput(d *granary.Derivation) string {
	if names := strings.Fields(fieldsOf(d).value("outputs")); len(names) > 0 {
		return names[0]
	}
	return "out"
}

// Substitutable tells whether Nix asks binary caches for the outputs of d: not if it
// says allowSubstitutes = false. The rule is that of ParsedDerivation::substitutesAllowed
// in Nix's src/libstore/parsed-derivations.cc.
func Substitutable(d *granary.Derivation) bool {
	f := fieldsOf(d)
	if f.json != nil {
		allowed, ok := f.json["allowSubstitutes"].(bool)
		return allowed || !ok
	}
	value, ok := d.Env.Lookup("allowSubstitutes")
	return value == "1" || !ok
}
