package fetch

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// fetches are the ways to bring a revision, from the cheapest: servers may
// refuse to give less than all history, or to give what no reference names; a
// part of a commit's name says nothing to them.
func fetches(rev string) []gitFetch {
	return []gitFetch{
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
	name, err := c.gitOutput(ctx, "rev-parse", "--verify", rev+"^{commit}")
	if f := (*failure)(nil); !errors.As(err, &f) {
		return name, err
	}
	tree, treeErr := c.gitOutput(ctx, "rev-parse", "--verify", rev+"^{tree}")
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
