package fetch

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"granary/hashes"
	"granary/nar"
)

// maxGitEntries is how many entries a NAR may have whose git hash is wanted: they
// are kept in memory until their directory ends.
const maxGitEntries = 4 << 20

// gitHash returns the hash that git gives to the tree, or to the contents of the
// one file, in a NAR. It is that of Nix's src/libutil/git.cc: directories that
// are empty count.
func gitHash(in *nar.Reader, algo hashes.Algorithm) (hashes.Hash, error) {
	g := &gitHasher{algo: algo}
	for {
		entry, err := in.Next()
		if err == io.EOF {
			g.closeUpTo(0)
			return g.root, nil
		}
		if err != nil {
			return hashes.Hash{}, err
		}
		if err := g.add(entry, in); err != nil {
			return hashes.Hash{}, err
		}
	}
}

type gitHasher struct {
	algo hashes.Algorithm
	open []gitTree // from the root down
	root hashes.Hash
	n    int // entries so far
}

// A gitTree is a directory of which not all entries are known yet.
type gitTree struct {
	path    string
	entries []gitEntry
}

type gitEntry struct {
	sortKey string // directories sort as if a slash ended their names
	line    []byte // as a tree object has it
}

func (g *gitHasher) add(entry nar.Entry, contents io.Reader) error {
	if g.n++; g.n > maxGitEntries {
		return errTooLarge
	}
	depth := 0
	if entry.Path != "" {
		depth = 1 + strings.Count(entry.Path, "/")
	}
	g.closeUpTo(depth)
	switch entry.Type {
	case nar.Directory:
		g.open = append(g.open, gitTree{path: entry.Path})
	case nar.Symlink:
		target := strings.NewReader(entry.Target)
		return g.blob("120000", entry.Path, target, target.Size())
	case nar.Regular:
		mode := "100644"
		if entry.Executable {
			mode = "100755"
		}
		return g.blob(mode, entry.Path, contents, entry.Size)
	}
	return nil
}

func (g *gitHasher) blob(mode, name string, contents io.Reader, size int64) error {
	sum := g.algo.New()
	fmt.Fprintf(sum, "blob %d\x00", size)
	if _, err := io.Copy(sum, contents); err != nil {
		return err
	}
	g.close(mode, name, "", hashes.Of(g.algo, sum))
	return nil
}

// closeUpTo ends directories until only depth of them are open.
func (g *gitHasher) closeUpTo(depth int) {
	for len(g.open) > depth {
		last := g.open[len(g.open)-1]
		g.open = g.open[:len(g.open)-1]
		slices.SortFunc(last.entries, func(a, b gitEntry) int {
			return strings.Compare(a.sortKey, b.sortKey)
		})
		var tree bytes.Buffer
		for _, e := range last.entries {
			tree.Write(e.line)
		}
		object := fmt.Appendf(nil, "tree %d\x00%s", tree.Len(), tree.Bytes())
		g.close("40000", last.path, "/", hashes.Sum(g.algo, object))
	}
}

// close adds what has the hash h to the directory that it is in.
func (g *gitHasher) close(mode, name, slash string, h hashes.Hash) {
	if len(g.open) == 0 {
		g.root = h
		return
	}
	dir := &g.open[len(g.open)-1]
	name = path.Base(name)
	line := append(fmt.Appendf(nil, "%s %s\x00", mode, name), h.Digest()...)
	dir.entries = append(dir.entries, gitEntry{name + slash, line})
}
