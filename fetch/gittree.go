package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"granary"
)

// gitWorkTrees returns the tree of the files that git checks out. It is made
// anew for the second, with other attributes.
func (c *checkout) gitWorkTrees(ctx context.Context, rev string) ([]tree, error) {
	first := ""
	if c.byNix() {
		first = c.rawAttributes()
	}
	root, err := c.gitWorkTree(ctx, rev, first)
	if err != nil {
		return nil, err
	}
	trees := []tree{c.folder(root)}
	if !c.byNix() {
		return trees, nil
	}
	return append(trees, func(ctx context.Context, w io.Writer) error {
		if err := os.RemoveAll(c.path("tree")); err != nil {
			return err
		}
		root, err := c.gitWorkTree(ctx, rev, "")
		if err != nil {
			return err
		}
		return c.folder(root)(ctx, w)
	}), nil
}

// gitWorkTree checks the revision out, and returns the name of the folder that
// is the source.
func (c *checkout) gitWorkTree(ctx context.Context, rev, attributes string) (string, error) {
	commit, err := c.gitCommit(ctx, rev, attributes)
	if err != nil {
		return "", err
	}
	args := []string{"checkout", "--quiet", "--detach", commit}
	call := c.git(args...)
	if c.source.Checkout.LFS || c.source.Checkout.Sparse != "" { // git asks the server for files
		args[1] = "--progress"
		call = c.remoteGit(args...)
	}
	if err := call.run(ctx); err != nil {
		return "", err
	}
	if c.source.Checkout.Submodules {
		if err := c.submodules(ctx); err != nil {
			return "", err
		}
	}
	if err := removeGit(c.path("tree")); err != nil {
		return "", err
	}
	return c.gitRoot()
}

// submodules checks out all submodules: with no history, or else from whole
// clones.
func (c *checkout) submodules(ctx context.Context) error {
	if _, err := os.Lstat(c.path("tree", ".gitmodules")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	update := []string{"submodule", "update", "--init", "--recursive", "--progress"}
	err := c.remoteGit(append(update, "--depth=1")...).run(ctx)
	var f *failure
	if !errors.As(err, &f) || f.final() {
		return err
	}
	// What came is too little for git to go on with.
	if err := c.git("submodule", "deinit", "--quiet", "--force", "--all").run(ctx); err != nil {
		return err
	}
	if err := os.RemoveAll(c.path("tree", ".git", "modules")); err != nil {
		return err
	}
	return c.remoteGit(update...).run(ctx)
}

// removeGit removes all that is called .git, at any depth.
func removeGit(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != ".git" {
			return err
		}
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		if entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
}

// gitRoot returns the name of the folder that is the source. One that a
// symbolic link leads out of the work tree is refused.
func (c *checkout) gitRoot() (string, error) {
	dir := c.source.Checkout.RootDir
	if dir == "" {
		return "tree", nil
	}
	root, err := os.OpenRoot(c.path("tree"))
	if err != nil {
		return "", err
	}
	defer root.Close()
	name := strings.Trim(dir, "/")
	info, err := root.Stat(name)
	if err != nil || !info.IsDir() || !filepath.IsLocal(name) {
		detail := fmt.Sprintf("no folder %q in the repository", dir)
		return "", &failure{reason: ReasonNotFound, detail: detail}
	}
	return filepath.Join("tree", name), nil
}

// rawAttributes switches off what .gitattributes do to files' contents: since
// 2.20 Nix reads them out of the repository as they are.
func (c *checkout) rawAttributes() string {
	raw := "* -text -eol -ident !working-tree-encoding -export-subst"
	if c.source.Checkout.LFS {
		return raw
	}
	return raw + " -filter"
}

// variants returns the attributes with which git archive may make the source, in
// the order in which they are likely: Nix honoured .gitattributes up to 2.19,
// honours export-ignore alone in fetchGit, and nothing of it in fetchTree and
// flakes.
func (c *checkout) variants() []string {
	ignoring := c.rawAttributes()
	raw := ignoring + " -export-ignore"
	if c.source.Checkout.Archive || c.source.Kind == granary.KindEvalFetchGit {
		return []string{"", ignoring, raw}
	}
	return []string{raw, "", ignoring}
}

func (c *checkout) gitArchives(commit string) []tree {
	var trees []tree
	for _, attributes := range c.variants() {
		trees = append(trees, func(ctx context.Context, w io.Writer) error {
			if err := c.gitArchive(ctx, attributes, commit); err != nil {
				return err
			}
			return c.archive("tree.tar")(ctx, w)
		})
	}
	return trees
}

// gitArchive writes tree.tar.
func (c *checkout) gitArchive(ctx context.Context, attributes, commit string) error {
	if err := writeAttributes(c.path("tree", ".git"), attributes); err != nil {
		return err
	}
	args := []string{"archive", "--format=tar", "--output=" + c.path("tree.tar"), commit}
	if c.source.Checkout.LFS {
		return c.remoteGit(args...).run(ctx)
	}
	return c.git(args...).run(ctx)
}
