package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"granary/eval"
	"granary/hashes"
	"granary/nar"
)

// A flakeRef is what --flake names.
type flakeRef struct {
	name string // without what follows
	dir  string // "?dir=": where flake.nix is in it
	attr string // behind "#"; "": all
}

func parseFlakeRef(text string) flakeRef {
	name, attr, _ := strings.Cut(text, "#")
	name, query, _ := strings.Cut(name, "?")
	ref := flakeRef{name: name, attr: attr}
	rest, err := url.ParseQuery(query)
	if err != nil {
		return ref
	}
	ref.dir = strings.Trim(path.Clean("/"+rest.Get("dir")), "/")
	rest.Del("dir")
	if len(rest) > 0 {
		ref.name += "?" + rest.Encode()
	}
	return ref
}

var (
	githubPattern = regexp.MustCompile(`^github:([\w.-]+)/([\w.-]+)(?:/([\w./-]+))?$`)
	commitPattern = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// findFlake finds the flake that --flake names, and reads its lock.
func (e *evaluation) findFlake(ctx context.Context, net *netFlags) (err error) {
	ref := parseFlakeRef(e.flags.subject.flake)
	if ref.attr != "" {
		path, err := attrPaths("--flake", []string{ref.attr})
		if err != nil {
			return err
		}
		e.attrs = append(e.attrs, path...)
	}
	flake := &eval.Flake{Name: ref.name, Dir: ref.dir}
	t := tree{name: ref.name, entry: path.Join(ref.dir, "flake.nix")}
	u, _ := url.Parse(ref.name)
	if m := githubPattern.FindStringSubmatch(ref.name); m != nil {
		rev := m[3]
		if commitPattern.MatchString(rev) {
			flake.Info.Rev = rev
		}
		if rev == "" {
			rev = "HEAD"
		}
		t.label = label(m[2])
		t, err = e.remoteTree(ctx, net, fmt.Sprintf("https://github.com/%s/%s/archive/%s.tar.gz",
			m[1], m[2], rev), t)
	} else if u != nil && (u.Scheme == "http" || u.Scheme == "https") {
		t.label = tarballLabel(u.Path)
		t, err = e.remoteTree(ctx, net, ref.name, t)
	} else {
		t, err = e.localFlake(ctx, flake, t)
	}
	if err != nil {
		return err
	}
	flake.Source = t.path
	e.tree, e.subject = t, eval.Subject{Flake: flake}
	return readLock(flake)
}

// readLock reads flake.lock, if it is there.
func readLock(flake *eval.Flake) error {
	file := filepath.Join(flake.Source, filepath.FromSlash(flake.Dir), "flake.lock")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		flake.Lock, err = eval.ParseLock(text)
	}
	if err != nil {
		return fmt.Errorf("flake %s: %w", flake.Name, err)
	}
	return nil
}

// localFlake takes a folder as Nix does: of a git checkout the files that git
// knows, as they are in the folder, else all.
func (e *evaluation) localFlake(
	ctx context.Context, flake *eval.Flake, t tree,
) (tree, error) {
	name, all := strings.CutPrefix(t.name, "path:")
	dir, err := filepath.Abs(strings.TrimPrefix(name, "git+file:"))
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err == nil {
		_, err = os.Stat(filepath.Join(dir, filepath.FromSlash(t.entry)))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return tree{}, fmt.Errorf("flake %s: there is no %s", t.name, t.entry)
	}
	if err != nil {
		return tree{}, fmt.Errorf("flake %s: %w", t.name, err)
	}
	t.name, t.label, t.path, t.contents = dir, label(filepath.Base(dir)), dir, dir
	flake.Name = dir
	top, ok := gitTop(ctx, dir)
	if all || !ok {
		h, _, err := nar.HashPath(dir, hashes.SHA256)
		flake.Info.NarHash = h.SRI()
		return t, err
	}
	below, err := filepath.Rel(top, dir)
	if err != nil {
		return tree{}, fmt.Errorf("flake %s: %w", t.name, err)
	}
	flake.Dir = strings.TrimPrefix(path.Join(filepath.ToSlash(below), flake.Dir), "./")
	if flake.Dir == "." {
		flake.Dir = ""
	}
	t.contents = top
	return t, e.copyCheckout(ctx, flake, top, &t)
}

// gitTop returns the folder of the checkout that dir is in.
func gitTop(ctx context.Context, dir string) (string, bool) {
	out, err := exec.CommandContext(ctx, "git", "-C", dir, "rev-parse", "--show-toplevel").Output()
	top := strings.TrimSuffix(string(out), "\n")
	return top, err == nil && top != ""
}

// copyCheckout copies what git knows of the checkout at top into a folder that
// lasts as long as the evaluation.
func (e *evaluation) copyCheckout(
	ctx context.Context, flake *eval.Flake, top string, t *tree,
) error {
	temp, err := os.MkdirTemp("", "granary-flake-")
	if err != nil {
		return fmt.Errorf("copy flake: %w", err)
	}
	e.cleanUp = func() { _ = os.RemoveAll(temp) }
	t.path = filepath.Join(temp, "source")
	files, err := exec.CommandContext(ctx, "git", "-C", top, "ls-files", "-z").Output()
	if err != nil {
		return fmt.Errorf("list files of %s: %w", top, err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(files), "\x00"), "\x00") {
		if err := copyFile(filepath.Join(top, name), filepath.Join(t.path, name)); err != nil {
			return fmt.Errorf("copy flake %s: %w", flake.Name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(t.path, flake.Dir, "flake.nix")); err != nil {
		return fmt.Errorf("flake %s: git does not know its flake.nix: git add makes it known", flake.Name)
	}
	h, _, err := nar.HashPath(t.path, hashes.SHA256)
	flake.Info = gitInfo(ctx, top)
	flake.Info.NarHash = h.SRI()
	return err
}

// copyFile copies a file or a symbolic link. What is gone, and a submodule's
// folder, are left out.
func copyFile(from, to string) error {
	info, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() {
		return nil
	}
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o777)
	}
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return writeFile(in, to, info.Mode()&0o111 != 0)
}

func writeFile(in io.Reader, to string, executable bool) error {
	mode := fs.FileMode(0o666)
	if executable {
		mode = 0o777
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// gitInfo says what git knows of a checkout. One that was changed has no
// revision.
func gitInfo(ctx context.Context, top string) eval.TreeInfo {
	ask := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", top}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	number := func(args ...string) int64 {
		text, _ := ask(args...)
		n, _ := strconv.ParseInt(text, 10, 64)
		return n
	}
	info := eval.TreeInfo{LastModified: number("log", "-1", "--format=%ct", "HEAD")}
	if _, err := ask("diff", "--quiet", "HEAD", "--"); err == nil {
		info.Rev, _ = ask("rev-parse", "HEAD")
		info.RevCount = number("rev-list", "--count", "HEAD")
	}
	return info
}
