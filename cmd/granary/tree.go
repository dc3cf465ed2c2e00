package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"granary/disk"
	"granary/eval"
	"granary/hashes"
	"granary/nar"
)

// A tree is what TREE on the command line stands for.
type tree struct {
	name     string // as it was named, for people
	path     string // what Nix imports
	label    string // a short name, for snapshots
	revision string // if it is known beforehand
	contents string // what the revision is made of; "": path
	entry    string // the file that must be in it; "": default.nix
}

// channelPattern are the names of channels: nixos-unstable, nixpkgs-24.05-darwin.
var channelPattern = regexp.MustCompile(`^(nixos|nixpkgs)-[a-z0-9][a-z0-9.-]*$`)

const channelURL = "https://channels.nixos.org/%s/nixexprs.tar.xz"

// findTree resolves TREE: a folder, <NAME> of NIX_PATH, a tarball's file or
// URL, or a channel's name. A folder of that name comes before a channel.
func (a *app) findTree(ctx context.Context, n eval.Nix, f *netFlags, name string) (tree, error) {
	if inner, ok := strings.CutPrefix(name, "<"); ok && strings.HasSuffix(inner, ">") {
		dir, err := n.FindFile(ctx, strings.TrimSuffix(inner, ">"))
		if err != nil {
			return tree{}, err
		}
		return folderTree(name, dir)
	}
	if u, err := url.Parse(name); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		return a.remoteTree(ctx, f, name, tree{name: name, label: tarballLabel(u.Path)})
	}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir(), err == nil && strings.HasSuffix(name, ".nix"):
		return folderTree(name, name)
	case err == nil:
		return a.fileTree(ctx, name)
	case errors.Is(err, os.ErrNotExist) && channelPattern.MatchString(name):
		return a.remoteTree(ctx, f, fmt.Sprintf(channelURL, name), tree{name: name, label: name})
	}
	return tree{}, noTree(name, err)
}

// noTree is what a name leads to that is no tree.
func noTree(name string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return &eval.TreeError{Tree: name, Message: "there is no such folder, file or channel"}
	}
	return fmt.Errorf("find tree: %w", err)
}

// checkTree finds what can be wrong with TREE before a disk is made for it.
func checkTree(name string) error {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		_, err = folderTree(name, name)
		return err
	case err == nil, strings.HasPrefix(name, "<"), strings.Contains(name, "://"),
		channelPattern.MatchString(name):
		return nil
	}
	return noTree(name, err)
}

// folderTree is a folder, or a file in the Nix language.
func folderTree(name, dir string) (tree, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return tree{}, fmt.Errorf("find tree: %w", err)
	}
	t := tree{name: name, path: dir, label: label(filepath.Base(dir))}
	if !strings.HasPrefix(name, "<") {
		t.name = dir
	}
	if strings.HasSuffix(dir, ".nix") {
		return t, nil
	}
	if _, err := os.Stat(filepath.Join(dir, "default.nix")); err != nil {
		return tree{}, &eval.TreeError{Tree: dir, Message: "it is not a package set: no default.nix"}
	}
	return t, nil
}

// tarballLabel makes nixexprs out of ".../nixos-24.05/nixexprs.tar.xz", and
// what stands before it where it says more.
func tarballLabel(file string) string {
	base := path.Base(file)
	if i := strings.Index(base, ".tar"); i > 0 {
		base = base[:i]
	}
	if base == "nixexprs" && len(path.Base(path.Dir(file))) > 1 {
		base = path.Base(path.Dir(file))
	}
	return label(strings.TrimSuffix(base, ".zip"))
}

var labelPattern = regexp.MustCompile(`[^A-Za-z0-9._+-]+`)

func label(base string) string {
	base = strings.Trim(labelPattern.ReplaceAllString(base, "-"), "-.")
	if base == "" {
		return "tree"
	}
	return base
}

// fileTree takes a tarball from the file system onto the disk.
func (a *app) fileTree(ctx context.Context, name string) (tree, error) {
	f, err := os.Open(name)
	if err != nil {
		return tree{}, fmt.Errorf("read tree: %w", err)
	}
	defer f.Close()
	temp, err := a.disk.CreateTemp(ctx, "tree")
	if err == nil && temp.Size() > 0 {
		err = temp.Reset()
	}
	if err != nil {
		return tree{}, fmt.Errorf("store tree %s: %w", name, err)
	}
	if _, err := io.Copy(temp, f); err != nil {
		return tree{}, errors.Join(fmt.Errorf("store tree %s: %w", name, err), temp.Remove())
	}
	want, err := temp.Hash(hashes.SHA256)
	if err != nil {
		return tree{}, err
	}
	object, err := temp.Commit(want)
	if err != nil {
		return tree{}, err
	}
	abs, err := filepath.Abs(name)
	if err != nil {
		return tree{}, fmt.Errorf("find tree: %w", err)
	}
	return a.unpackTree(ctx, object, tree{name: abs, label: tarballLabel(filepath.Base(abs))})
}

// remoteTree downloads a tarball onto the disk, and completes t.
func (a *app) remoteTree(ctx context.Context, f *netFlags, from string, t tree) (tree, error) {
	fetcher, err := a.fetcher(ctx, f)
	if err != nil {
		return tree{}, err
	}
	a.notef("downloading %s", printable(from))
	object, err := fetcher.Download(ctx, from)
	if err != nil {
		return tree{}, err
	}
	return a.unpackTree(ctx, object, t)
}

// unpackTree unpacks a tarball once, into DISK/trees.
func (a *app) unpackTree(ctx context.Context, object disk.Object, t tree) (tree, error) {
	t.path = filepath.Join(a.disk.Dir(), "trees", object.Hash.Base16()[:32])
	if _, err := os.Stat(t.path); errors.Is(err, os.ErrNotExist) {
		a.debugf("unpacking %s", t.name)
		if err := a.unpackInto(ctx, object, t.path); err != nil {
			return tree{}, fmt.Errorf("unpack tree %s: %w", t.name, err)
		}
	}
	path, err := filepath.Abs(t.path)
	if err != nil {
		return tree{}, fmt.Errorf("find tree: %w", err)
	}
	t.path, t.revision = path, object.Hash.SRI()
	// Hydra's tarballs of channels say which revision they are of.
	if text, err := os.ReadFile(filepath.Join(path, ".git-revision")); err == nil {
		t.revision = strings.TrimSpace(string(text))
	}
	entry := cmp.Or(t.entry, "default.nix")
	if _, err := os.Stat(filepath.Join(path, entry)); err != nil {
		return tree{}, &eval.TreeError{Tree: t.name, Message: "it is not a package set: no " + entry}
	}
	return t, nil
}

func (a *app) unpackInto(ctx context.Context, object disk.Object, dir string) error {
	f, err := a.disk.OpenObject(object.Hash)
	if err != nil {
		return err
	}
	defer f.Close()
	archive, err := nar.OpenArchive(f, object.Size)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return err
	}
	part := dir + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	if err := restoreArchive(ctx, archive, part); err != nil {
		return errors.Join(err, os.RemoveAll(part))
	}
	return os.Rename(part, dir)
}

func restoreArchive(ctx context.Context, archive *nar.Archive, dir string) error {
	r, w := io.Pipe()
	var writer sync.WaitGroup
	writer.Go(func() { w.CloseWithError(archive.WriteNAR(ctx, w, nar.Options{})) })
	err := nar.Restore(r, dir)
	r.CloseWithError(err)
	writer.Wait()
	return err
}

// dirty ends the revision of a checkout that was changed.
const dirty = "-dirty"

// startRevision finds out the tree's revision in the background, and returns
// the function that waits for it: the commit of a git checkout, with "-dirty"
// if that is not all there is, or else the NAR hash of the tree.
func startRevision(ctx context.Context, t tree) func() (string, error) {
	if t.revision != "" {
		return func() (string, error) { return t.revision, nil }
	}
	type result struct {
		revision string
		err      error
	}
	done := make(chan result, 1)
	go func() {
		contents := cmp.Or(t.contents, t.path)
		revision, ok := gitRevision(ctx, contents)
		if ok {
			done <- result{revision, nil}
			return
		}
		h, _, err := nar.HashPath(contents, hashes.SHA256)
		done <- result{h.SRI(), err}
	}()
	return func() (string, error) {
		select {
		case r := <-done:
			return r.revision, r.err
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// gitRevision returns the commit of a checkout, and false for any other folder.
func gitRevision(ctx context.Context, dir string) (string, bool) {
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		return "", false
	}
	head, err := exec.CommandContext(ctx, "git", "-C", dir, "rev-parse", "HEAD").Output()
	if err != nil {
		return "", false
	}
	revision := strings.TrimSpace(string(head))
	changes, err := exec.CommandContext(ctx, "git", "-C", dir, "status", "--porcelain").Output()
	if err != nil || len(changes) > 0 {
		revision += dirty
	}
	return revision, true
}
