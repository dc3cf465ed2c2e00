package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"granary"
)

// What git makes follows nixpkgs' pkgs/build-support/fetchgit/nix-prefetch-git,
// and for Checkout.Archive Nix's src/libfetchers/git.cc.

// gitTrees checks the revision out with git.
func (c *checkout) gitTrees(ctx context.Context) ([]tree, error) {
	rev, err := gitRevision(c.source.Rev)
	if err != nil {
		return nil, err
	}
	if err := c.initGit(ctx, rev); err != nil {
		return nil, err
	}
	commit, err := c.fetchCommit(ctx, rev)
	if err != nil {
		return nil, err
	}
	if variants := c.variants(); variants != nil {
		return c.gitArchives(variants, commit), nil
	}
	return c.gitWorkTree(ctx, commit)
}

// notInRevision are what git's own names of revisions never have
// (git-check-ref-format), so that none is an option, a pattern, a range or a pair.
var notInRevision = regexp.MustCompile(`^[-+^]|[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{`)

// gitRevision returns rev, or HEAD for none.
func gitRevision(rev string) (string, error) {
	switch {
	case rev == "":
		return "HEAD", nil
	case notInRevision.MatchString(rev):
		return "", &failure{reason: ReasonNotFound, detail: fmt.Sprintf("no revision is %q", rev)}
	}
	return rev, nil
}

// git returns a call of git within the work tree.
func (c *checkout) git(args ...string) *program {
	return &program{checkout: c, name: "git", args: args, dir: c.path("tree")}
}

// remoteGit returns a call of git that talks to the server.
func (c *checkout) remoteGit(args ...string) *program {
	p := c.git(args...)
	p.meter = c.path("tree", ".git")
	return p
}

// initGit makes an empty repository whose origin is the URL.
func (c *checkout) initGit(ctx context.Context, rev string) error {
	if err := os.WriteFile(c.path("home", ".gitconfig"), c.gitConfig(), 0o600); err != nil {
		return err
	}
	if err := os.Mkdir(c.path("tree"), 0o777); err != nil {
		return err
	}
	init := c.git("init", "--quiet")
	if len(rev) == 64 && wholeCommit.MatchString(rev) {
		init = c.git("init", "--quiet", "--object-format=sha256")
	}
	if err := init.run(ctx); err != nil {
		return err
	}
	if err := c.git("config", "remote.origin.url", c.url).run(ctx); err != nil {
		return err
	}
	if c.source.Checkout.Sparse == "" {
		return nil
	}
	mode := "--cone"
	if c.source.Checkout.NoCone {
		mode = "--no-cone"
	}
	sparse := c.git("sparse-checkout", "set", mode, "--stdin")
	sparse.stdin = c.source.Checkout.Sparse + "\n"
	return sparse.run(ctx)
}

var wholeCommit = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// gitConfig is all of git's configuration, for submodules as well.
func (c *checkout) gitConfig() []byte {
	var b strings.Builder
	b.WriteString(`[init]
	templateDir =
	defaultBranch = master
[core]
	hooksPath = /dev/null
	fsmonitor = false
[user]
	name = granary
	email = granary@localhost
[gc]
	auto = 0
[maintenance]
	auto = false
[fetch]
	recurseSubmodules = false
[advice]
	detachedHead = false
[safe]
	directory = *
`)
	if c.source.Checkout.LFS {
		b.WriteString(`[filter "lfs"]
	smudge = git-lfs smudge -- %f
	process = git-lfs filter-process
	required = true
`)
	}
	// The URL itself was rewritten already; the longest match counts.
	for _, w := range append([]Rewrite{{c.url, c.url}}, c.run.Rewrites...) {
		fmt.Fprintf(&b, "[url %s]\n\tinsteadOf = %s\n", gitQuote(w.To), gitQuote(w.From))
	}
	return []byte(b.String())
}

// gitQuote writes s as git-config(1) has it.
func gitQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", "").Replace(s) + `"`
}

// fetches are the ways to bring a revision, from the cheapest: servers may
// refuse to give less than all history, or to give what no reference names; a
// part of a commit's name says nothing to them.
func fetches(rev string) []*gitFetch {
	return []*gitFetch{
		{args: []string{"--depth=1", "--no-tags", "origin", rev}, commit: "FETCH_HEAD"},
		{args: []string{"--no-tags", "origin", rev}, commit: "FETCH_HEAD"},
		{args: []string{"--update-head-ok", "--tags", "origin", "+refs/heads/*:refs/heads/*"},
			commit: rev},
		{args: []string{"--update-head-ok", "--no-tags", "origin", "+refs/*:refs/all/*"},
			commit: rev},
	}
}

type gitFetch struct {
	args   []string
	commit string // what then names the commit
}

// fetchCommit brings the revision, and returns the name of its commit.
func (c *checkout) fetchCommit(ctx context.Context, rev string) (string, error) {
	var why *failure
	for _, fetch := range fetches(rev) {
		args := append([]string{"fetch", "--progress"}, fetch.args...)
		if c.source.Checkout.Sparse != "" {
			args = slices.Insert(args, 1, "--filter=blob:none")
		}
		err := c.remoteGit(args...).run(ctx)
		var f *failure
		switch {
		case errors.As(err, &f):
			if why = f; f.final() {
				return "", f
			}
			continue
		case err != nil:
			return "", err
		}
		commit, err := c.commit(ctx, fetch.commit)
		if !errors.As(err, &f) {
			return commit, err
		}
		if why == nil {
			why = f
		}
		why.reason, why.again = ReasonNotFound, false
	}
	return "", why
}

// commit returns the name of the commit that rev leads to. For a tree it is that
// of a new commit, as in nixpkgs.
func (c *checkout) commit(ctx context.Context, rev string) (string, error) {
	name, err := c.gitOutput(ctx, "rev-parse", "--verify", "--end-of-options", rev+"^{commit}")
	if f := (*failure)(nil); !errors.As(err, &f) {
		return name, err
	}
	tree, treeErr := c.gitOutput(ctx, "rev-parse", "--verify", "--end-of-options", rev+"^{tree}")
	if treeErr != nil {
		return "", err
	}
	return c.gitOutput(ctx, "commit-tree", "-m", "tree", tree)
}

func (c *checkout) gitOutput(ctx context.Context, args ...string) (string, error) {
	var out strings.Builder
	p := c.git(args...)
	p.stdout = &out
	err := p.run(ctx)
	return strings.TrimSpace(out.String()), err
}

// gitWorkTree returns the tree of the files that git checks out.
func (c *checkout) gitWorkTree(ctx context.Context, commit string) ([]tree, error) {
	args := []string{"checkout", "--quiet", "--detach", commit}
	call := c.git(args...)
	if c.source.Checkout.LFS || c.source.Checkout.Sparse != "" { // git asks the server for files
		args[1] = "--progress"
		call = c.remoteGit(args...)
	}
	if err := call.run(ctx); err != nil {
		return nil, err
	}
	if c.source.Checkout.Submodules {
		if err := c.submodules(ctx); err != nil {
			return nil, err
		}
	}
	if err := removeGit(c.path("tree")); err != nil {
		return nil, err
	}
	root, err := c.gitRoot()
	if err != nil {
		return nil, err
	}
	return []tree{c.folder(root)}, nil
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
	if info, err := root.Stat(name); err != nil || !info.IsDir() {
		detail := fmt.Sprintf("no folder %q in the repository", dir)
		return "", &failure{reason: ReasonNotFound, detail: detail}
	}
	return filepath.Join("tree", name), nil
}

// rawAttributes switches off what .gitattributes do to files' contents, since
// Nix 2.20 reads them out of the repository as they are.
const rawAttributes = "* -text -eol -ident -working-tree-encoding -export-subst"

// variants returns the attributes with which git archive may make the source, in
// the order in which they are likely: Nix has honoured .gitattributes, honours
// only export-ignore in fetchGit, and nothing of it in fetchTree and flakes.
// They are none where Nix or nixpkgs uses the work tree.
func (c *checkout) variants() []string {
	ignoring := rawAttributes
	if !c.source.Checkout.LFS {
		ignoring += " -filter"
	}
	raw := ignoring + " -export-ignore"
	switch {
	case c.source.Checkout.Submodules:
		return nil
	case c.source.Checkout.Archive || c.source.Kind == granary.KindEvalFetchGit:
		return []string{"", ignoring, raw}
	case c.source.Kind == granary.KindEvalFetchTree, c.source.Kind == granary.KindFlakeInput:
		return []string{raw, "", ignoring}
	}
	return nil
}

func (c *checkout) gitArchives(variants []string, commit string) []tree {
	var trees []tree
	for _, attributes := range variants {
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
	info := c.path("tree", ".git", "info")
	if err := os.MkdirAll(info, 0o777); err != nil {
		return err
	}
	err := os.WriteFile(filepath.Join(info, "attributes"), []byte(attributes+"\n"), 0o666)
	if err != nil {
		return err
	}
	args := []string{"archive", "--format=tar", "--output=" + c.path("tree.tar"), commit}
	if c.source.Checkout.LFS {
		return c.remoteGit(args...).run(ctx)
	}
	return c.git(args...).run(ctx)
}
