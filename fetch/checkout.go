package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"granary"
	"granary/disk"
	"granary/hashes"
	"granary/nar"
)

// A vcs is a version control program.
type vcs struct {
	name    string
	schemes []string // of the URLs that it may be given
	// trees brings what the source's revision has into the checkout's folder.
	trees func(c *checkout, ctx context.Context) ([]tree, error)
}

var (
	git = vcs{"git", []string{"http", "https", "git", "ssh"}, (*checkout).gitTrees}
	svn = vcs{"svn", []string{"http", "https", "svn", "svn+ssh"}, (*checkout).svnTrees}
	hg  = vcs{"hg", []string{"http", "https", "ssh"}, (*checkout).hgTrees}
)

// A tree writes the NAR of what was checked out. A repository gives several
// where it is not known how Nix made the source out of it: the hash decides.
type tree func(ctx context.Context, w io.Writer) error

// A checkout is one try to make a source out of a repository. Its steps return
// a *failure as their error if it is the repository's or the server's fault.
type checkout struct {
	run    *run
	source *granary.Source
	url    string
	file   bool   // the URL is of a repository on this machine
	dir    string // the temporary folder, absolute: home/ and what is checked out
	env    []string

	received int64 // bytes
	transfer *transfer
}

// askRepository is the asker for repositories.
func (r *run) askRepository(ctx context.Context, j *job, url string) (bool, error) {
	r.active.Add(1)
	defer r.active.Add(-1)
	f, err := r.checkOut(ctx, j, url)
	if err != nil || f == nil {
		return err == nil, err
	}
	r.retry(j, f)
	return false, nil
}

// checkOut tries once. It returns why the source is not held now, or nil.
func (r *run) checkOut(ctx context.Context, j *job, url string) (*failure, error) {
	a := Attempt{URL: url, Start: time.Now()}
	c, err := r.newCheckout(j.source, url)
	if err != nil {
		return nil, err
	}
	defer c.remove(ctx)
	object, err := c.object(ctx)
	a.Duration, a.Bytes = time.Since(a.Start), c.received
	var f *failure
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &f):
		a.Reason, a.Detail = f.reason, f.detail
	case err != nil:
		return nil, fmt.Errorf("check out %s: %w", url, err)
	}
	r.report(j, a.Start, f)
	j.attempts = append(j.attempts, a)
	r.logger.Debug("asked", "url", url, "bytes", a.Bytes, "reason", string(a.Reason))
	if f == nil {
		r.held(j, object, granary.RecipeNAR, a)
	}
	return f, nil
}

// object makes the source's object.
func (c *checkout) object(ctx context.Context) (disk.Object, error) {
	program, url, _ := programOf(c.source, c.url)
	c.url = url
	trees, err := program.trees(c, ctx)
	if err != nil {
		return disk.Object{}, err
	}
	select {
	case c.run.unpacking <- struct{}{}:
		defer func() { <-c.run.unpacking }()
	case <-ctx.Done():
		return disk.Object{}, ctx.Err()
	}
	var first *failure
	for _, tree := range trees {
		object, err := c.run.storeNAR(ctx, c.source, tree)
		var f *failure
		if !errors.As(err, &f) || f.reason != ReasonWrongHash {
			return object, err
		}
		if first == nil {
			first = f
		}
	}
	return disk.Object{}, first
}

// path returns where name is in the checkout's folder.
func (c *checkout) path(name ...string) string {
	return filepath.Join(append([]string{c.dir}, name...)...)
}

// folder returns the tree of the files in the folder called name.
func (c *checkout) folder(name string) tree {
	return func(_ context.Context, w io.Writer) error { return nar.Dump(w, c.path(name)) }
}

// archive returns the tree in the tar archive called name.
func (c *checkout) archive(name string) tree {
	return func(ctx context.Context, w io.Writer) error {
		f, err := os.Open(c.path(name))
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		archive, err := nar.OpenArchive(f, info.Size())
		if err == nil {
			opts := nar.Options{
				KeepRoot: true, Budget: unpackBudget, MaxSize: c.run.maxSize, TempDir: c.dir,
			}
			err = archive.WriteNAR(ctx, w, opts)
		}
		if errors.Is(err, nar.ErrFormat) {
			return archiveFailure(err)
		}
		return err
	}
}

// wrongHash says that a source has another hash than it should.
func wrongHash(want, got hashes.Hash) *failure {
	mismatch := &disk.MismatchError{Want: want, Got: got}
	return &failure{reason: ReasonWrongHash, detail: mismatch.Error()}
}

// Error makes a failure one that the steps of a checkout can return.
func (f *failure) Error() string { return string(f.reason) + ": " + f.detail }
