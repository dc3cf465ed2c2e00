package eval

import (
	"errors"
	"fmt"
	"strings"

	"granary"
	"granary/hashes"
)

// SourceOf returns the source that d is, and false if d is no fixed-output
// derivation, or none that a store accepts.
//
// If the output's path is not the one that its name, mode and hash give, the
// error tells so, and the source is returned as well: its hash is what the
// derivation says, but no store will take what has it to that path. Nobody has a
// recipe for it.
//
// What tells the fetchers apart is the environment that nixpkgs gives them,
// old and new, never the name of an attribute.
func SourceOf(d *granary.Derivation) (granary.Source, bool, error) {
	out, ok, err := fixedOutputOf(d)
	if !ok {
		return granary.Source{}, false, err
	}
	ca, err := out.ContentAddress()
	if err != nil {
		return granary.Source{}, false, fmt.Errorf("output of %s: %w", d.Path, err)
	}
	s, err := granary.NewSource(d.Name(), ca)
	if err != nil {
		return granary.Source{}, false, fmt.Errorf("output of %s: %w", d.Path, err)
	}
	if string(s.OutPath) != out.Path {
		err = fmt.Errorf("output of %s: path %s, but name, mode and hash give %s",
			d.Path, out.Path, s.OutPath)
		s.OutPath, s.Kind = hashes.StorePath(out.Path), granary.KindOther
		return s, true, err
	}
	classify(&s, d)
	return s, true, nil
}

// fixedOutputOf returns the output of a fixed-output derivation, which has no
// other. Nix writes none with more, and would not build it.
func fixedOutputOf(d *granary.Derivation) (granary.Output, bool, error) {
	for _, out := range d.Outputs {
		if !out.Fixed() {
			continue
		}
		if len(d.Outputs) > 1 {
			return out, false, fmt.Errorf("output %s of %s: %w", out.Name, d.Path, errManyOutputs)
		}
		return out, true, nil
	}
	return granary.Output{}, false, nil
}

var errManyOutputs = errors.New("its content is fixed, and there are others")

// classify fills in what the fetcher's environment says: kind, URLs, revision
// and recipe.
func classify(s *granary.Source, d *granary.Derivation) {
	f := fieldsOf(d)
	for _, url := range f.urls() {
		s.URLs = append(s.URLs, strings.Clone(url)) // not a part of the .drv file's text
	}
	s.Kind = kindOf(d, f)
	switch s.Kind {
	case granary.KindBuiltinFetchurl:
		s.Recipe = builtinRecipe(s.CA.Mode, f)
	case granary.KindFetchurl:
		s.Recipe = fetchurlRecipe(s.CA.Mode, f)
	case granary.KindFetchzip:
		if u, known := unpackScript(f.value("postFetch")); known {
			u.apply(s)
		}
	case granary.KindTeXLive:
		texlive(s, f)
	case granary.KindFetchgit, granary.KindFetchsvn, granary.KindFetchhg:
		checkout(s, f)
	case granary.KindRequireFile:
		s.Recipe = fileRecipe(s.CA.Mode)
	default:
		s.Rev = strings.Clone(f.value("rev"))
	}
}

// fetchurlRecipe follows pkgs/build-support/fetchurl/builder.sh of nixpkgs.
func fetchurlRecipe(mode hashes.Mode, f fields) granary.Recipe {
	switch {
	case !f.blank("postFetch") || f.truth("downloadToTemp") || f.truth("showURLs"):
		return ""
	case mode == hashes.Flat || mode == hashes.Text:
		return granary.RecipeFlat
	case mode == hashes.Recursive && f.truth("executable"):
		return granary.RecipeExecutable
	}
	return ""
}

// builtinRecipe follows Nix's src/libstore/builtins/fetchurl.cc.
func builtinRecipe(mode hashes.Mode, f fields) granary.Recipe {
	switch {
	case (mode == hashes.Flat || mode == hashes.Text) && !f.truth("unpack"):
		return granary.RecipeFlat
	case mode == hashes.Recursive && f.truth("unpack"):
		return granary.RecipeNAR
	case mode == hashes.Recursive && f.truth("executable"):
		return granary.RecipeExecutable
	}
	return ""
}

// fileRecipe is the recipe for what a person brings.
func fileRecipe(mode hashes.Mode) granary.Recipe {
	switch mode {
	case hashes.Flat, hashes.Text:
		return granary.RecipeFlat
	case hashes.Recursive:
		return granary.RecipeNAR
	}
	return ""
}
