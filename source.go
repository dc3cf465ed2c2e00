package granary

import (
	"fmt"

	"granary/hashes"
)

// A Source is the output of one fixed-output derivation. OutPath identifies
// it: derivations, attributes and URLs that differ may lead to one source.
type Source struct {
	Name    string           // the store object's name, such as "hello-2.10.tar.gz"
	OutPath hashes.StorePath // what CA and Name give
	CA      hashes.ContentAddress

	// URLs are in the order in which nixpkgs tries them; mirror:// is not
	// expanded.
	URLs []string

	Kind Kind
	Rev  string // the revision that a version control fetcher checks out, or ""

	// Recipe makes the output from what is at one of the URLs. "" means that
	// granary has no recipe of its own for this source.
	Recipe Recipe
	// For RecipeUnpack: the archive's one top directory stays.
	KeepRoot bool
	// For RecipeUnpack: how many leading names of each path in the archive go,
	// as by tar --strip-components, before KeepRoot counts.
	Strip int
	// For RecipeUnpack: what is left out of the archive before Strip counts, a
	// path a line, with all that is in it. A name * in it is any name.
	Omit string
	// From is the output path of the source whose output the recipe starts from,
	// where another derivation fetches it. That source's URLs serve for this one.
	From hashes.StorePath
	// FromHash is the promised hash of the file at From, which the catalog knows:
	// an object of that name serves without a download. It may be zero.
	FromHash hashes.Hash
	Checkout Checkout // for RecipeCheckout

	// Message says how a person gets what no program can (requireFile); or "".
	Message string
}

// A Checkout says how a version control program makes a source out of a
// repository at Source.Rev, as nixpkgs' fetchgit, fetchsvn and fetchhg have it.
// The zero value is a checkout of everything but submodules. Its JSON stands in
// want-lists and in the catalog.
type Checkout struct {
	Submodules bool `json:"submodules,omitempty"` // git: recursively; hg: subrepositories
	LFS        bool `json:"lfs,omitempty"`        // git: files of git-lfs, not their pointers
	// Sparse are git sparse-checkout patterns, one a line: directories (cone
	// mode) unless NoCone is set.
	Sparse  string `json:"sparse,omitempty"`
	NoCone  bool   `json:"noCone,omitempty"`
	RootDir string `json:"rootDir,omitempty"` // git: this folder alone is the source
	// Archive makes the tree with git archive, as builtins.fetchGit does up to
	// Nix 2.19: export-ignore and export-subst of .gitattributes count.
	Archive         bool `json:"archive,omitempty"`
	IgnoreExternals bool `json:"ignoreExternals,omitempty"` // svn
	IgnoreKeywords  bool `json:"ignoreKeywords,omitempty"`  // svn
}

// NewSource returns a source whose OutPath is computed for the default store
// directory.
func NewSource(name string, ca hashes.ContentAddress) (Source, error) {
	path, err := ca.StorePath(hashes.DefaultStoreDir, name)
	if err != nil {
		return Source{}, err
	}
	return Source{Name: name, OutPath: path, CA: ca}, nil
}

// A Recipe is how a source's output comes out of an object.
type Recipe string

// The recipes.
const (
	RecipeFlat       Recipe = "flat"       // the output is the object
	RecipeExecutable Recipe = "executable" // a NAR of one executable file, the object
	RecipeUnpack     Recipe = "unpack"     // the tree in the archive that the object is
	RecipeNAR        Recipe = "nar"        // the object is the NAR itself, maybe compressed
	// RecipeCheckout is what Source.Checkout says. It leads to an object that
	// serves the source by RecipeNAR.
	RecipeCheckout Recipe = "checkout"
)

// ParseRecipe accepts the recipes above and "".
func ParseRecipe(s string) (Recipe, error) {
	switch r := Recipe(s); r {
	case "", RecipeFlat, RecipeExecutable, RecipeUnpack, RecipeNAR, RecipeCheckout:
		return r, nil
	}
	return "", fmt.Errorf("unknown recipe %q", s)
}
