package fetch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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
	if c.source.Checkout.Submodules || !c.byNix() {
		return c.gitWorkTrees(ctx, rev)
	}
	commit, err := c.gitCommit(ctx, rev, "")
	if err != nil {
		return nil, err
	}
	return c.gitArchives(commit), nil
}

// byNix tells whether Nix itself makes the source, not nixpkgs.
func (c *checkout) byNix() bool {
	switch c.source.Kind {
	case granary.KindEvalFetchGit, granary.KindEvalFetchTree, granary.KindFlakeInput:
		return true
	}
	return c.source.Checkout.Archive
}

// gitCommit makes a repository with the revision in it, and returns the name of
// its commit. attributes are those of all files, over their .gitattributes.
func (c *checkout) gitCommit(ctx context.Context, rev, attributes string) (string, error) {
	if err := c.initGit(ctx, rev, attributes); err != nil {
		return "", err
	}
	return c.fetchCommit(ctx, rev)
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
func (c *checkout) initGit(ctx context.Context, rev, attributes string) error {
	if err := os.WriteFile(c.path("home", ".gitconfig"), c.gitConfig(), 0o600); err != nil {
		return err
	}
	if err := writeAttributes(c.template(), attributes); err != nil {
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

// template is what git's folder of each repository begins with.
func (c *checkout) template() string { return c.path("home", "template") }

// writeAttributes gives all files of the repository in git's folder attributes
// that go before those in .gitattributes.
func writeAttributes(folder, attributes string) error {
	info := filepath.Join(folder, "info")
	if err := os.MkdirAll(info, 0o777); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(info, "attributes"), []byte(attributes+"\n"), 0o666)
}

var wholeCommit = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// gitConfig is all of git's configuration, for submodules as well.
func (c *checkout) gitConfig() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "[init]\n\ttemplateDir = %s\n", gitQuote(c.template()))
	b.WriteString(`[core]
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
