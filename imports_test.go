package granary

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrows are the imports among our packages that the layout allows: siblings
// are strangers, and cmd joins them.
var arrows = map[string][]string{
	"hashes":   {},
	"nar":      {"hashes"},
	".":        {"hashes"},
	"disk":     {"hashes"},
	"eval":     {".", "hashes"},
	"closure":  {},
	"catalog":  {".", "hashes", "closure"},
	"fetch":    {".", "hashes", "disk", "nar"},
	"seed":     {".", "hashes", "disk", "nar"},
	"intake":   {".", "hashes", "disk", "nar"},
	"wantlist": {".", "hashes"},

	"binarycache": {".", "hashes", "nar"},

	"cmd/granary": {
		".", "hashes", "nar", "disk", "eval", "catalog", "closure", "fetch", "binarycache", "seed",
		"intake", "wantlist",
	},
}

// TestImports reads the imports of every package but those below internal,
// which are for tests and benchmarks: nothing that is released imports them.
func TestImports(t *testing.T) {
	packages := 0
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (file == "internal" || entry.Name() == "testdata" ||
			strings.HasPrefix(file, ".") && file != "."):
			return fs.SkipDir
		case filepath.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		packages++
		checkImports(t, filepath.ToSlash(file))
		return nil
	})
	if err != nil || packages < 50 {
		t.Errorf("read %d files, %v", packages, err)
	}
}

func checkImports(t *testing.T, file string) {
	t.Helper()
	allowed, ok := arrows[path.Dir(file)]
	if !ok {
		t.Errorf("%s belongs to a package that the layout does not have", file)
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range parsed.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		ours := strings.TrimPrefix(strings.TrimPrefix(name, "granary"), "/")
		if ours == name {
			continue // somebody else's
		}
		if ours == "" {
			ours = "."
		}
		if !slices.Contains(allowed, ours) {
			t.Errorf("%s imports %s", file, name)
		}
	}
}
