package eval

import (
	"strings"

	"granary"
)

// checkout fills in how a version control program makes s, by what the
// environment tells nixpkgs' fetchgit, fetchsvn or fetchhg. What only their
// scripts can do leaves s without a recipe.
func checkout(s *granary.Source, f fields) {
	s.Rev = strings.Clone(f.value("rev"))
	switch s.Kind {
	case granary.KindFetchgit:
		if keepsGit(f) || hooksGit(f) {
			return
		}
		s.Checkout = granary.Checkout{
			Submodules: f.truth("fetchSubmodules"),
			LFS:        f.truth("fetchLFS"),
			Sparse:     sparse(f),
			NoCone:     f.truth("nonConeMode"),
			RootDir:    strings.Clone(f.value("rootDir")),
		}
	case granary.KindFetchsvn:
		s.Checkout = granary.Checkout{
			IgnoreExternals: f.truth("ignoreExternals"),
			IgnoreKeywords:  f.truth("ignoreKeywords"),
		}
	case granary.KindFetchhg:
		s.Checkout = granary.Checkout{Submodules: f.truth("subrepoClause")}
	}
	s.Recipe = granary.RecipeCheckout
}

// sparse returns the patterns of a sparse checkout. Since 2025 they are lines in
// another variable, and sparseCheckout a list.
func sparse(f fields) string {
	if f.has("sparseCheckoutText") {
		return f.lines("sparseCheckoutText")
	}
	return f.lines("sparseCheckout")
}

// keepsGit tells whether what git knows of the repository is a part of the
// output.
func keepsGit(f fields) bool {
	return f.truth("leaveDotGit") || f.truth("deepClone") || f.truth("fetchTags")
}

// hooksGit tells whether somebody's own commands change the output.
func hooksGit(f fields) bool {
	for _, hook := range []string{
		"preFetch", "postFetch", "postCheckout", "gitConfigFile", "gitConfig",
		"NIX_PREFETCH_GIT_CHECKOUT_HOOK",
	} {
		if !f.blank(hook) {
			return true
		}
	}
	return false
}
