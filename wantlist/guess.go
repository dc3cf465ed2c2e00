package wantlist

import (
	"net/url"
	"slices"
	"strings"

	"granary"
	"granary/hashes"
)

// guessRecipe returns the recipe that mode, kind, revision, name and URLs of s
// suggest.
func guessRecipe(s *granary.Source) granary.Recipe {
	switch s.CA.Mode {
	case hashes.Flat:
		return granary.RecipeFlat
	case hashes.Recursive:
		return guessTree(s)
	}
	return ""
}

func guessTree(s *granary.Source) granary.Recipe {
	switch s.Kind {
	case granary.KindFetchzip, granary.KindEvalFetchTarball:
		return granary.RecipeUnpack
	case granary.KindFetchgit, granary.KindFetchsvn, granary.KindFetchhg, granary.KindEvalFetchGit:
		return granary.RecipeCheckout
	case granary.KindOther, granary.KindFetchcvs, granary.KindRequireFile:
		return ""
	}
	switch {
	case slices.ContainsFunc(s.URLs, isNAR):
		return granary.RecipeNAR
	case slices.ContainsFunc(s.URLs, isArchive):
		return granary.RecipeUnpack
	case s.Rev != "":
		return granary.RecipeCheckout
	case len(s.URLs) == 0:
		return ""
	case isArchive(s.Name) || s.Name == "source":
		return granary.RecipeUnpack
	}
	return granary.RecipeExecutable
}

// guessKind returns the kind of a source that is made by s.Recipe.
func guessKind(s *granary.Source) granary.Kind {
	if len(s.URLs) == 0 {
		return granary.KindOther
	}
	switch s.Recipe {
	case granary.RecipeFlat, granary.RecipeExecutable:
		return granary.KindFetchurl
	case granary.RecipeUnpack:
		return granary.KindFetchzip
	case granary.RecipeNAR:
		return granary.KindBuiltinFetchurl
	case granary.RecipeCheckout:
		return granary.KindFetchgit
	}
	return granary.KindOther
}

var (
	archiveEndings = []string{
		".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tlz", ".tzst", ".zip", ".crate", ".gem", ".jar",
		".tar.gz", ".tar.bz2", ".tar.xz", ".tar.lz", ".tar.lzma", ".tar.zst", ".tar.Z", ".7z",
	}
	// archiveFolders are in the URLs at which forges make archives.
	archiveFolders = []string{"/archive/", "/tarball/", "/zipball/", "/snapshot/", "/+archive/"}
	narEndings     = []string{".nar", ".nar.xz", ".nar.zst", ".nar.bz2", ".nar.gz"}
)

func isArchive(location string) bool {
	inside := func(folder string) bool { return strings.Contains(location, folder) }
	return endsIn(location, archiveEndings) || slices.ContainsFunc(archiveFolders, inside)
}

func isNAR(location string) bool { return endsIn(location, narEndings) }

// endsIn also looks at what comes before a URL's query.
func endsIn(location string, endings []string) bool {
	path := location
	if u, err := url.Parse(location); err == nil && u.Path != "" {
		path = u.Path
	}
	return slices.ContainsFunc(endings, func(ending string) bool {
		return strings.HasSuffix(path, ending) || strings.HasSuffix(location, ending)
	})
}
