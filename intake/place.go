package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"granary"
	"granary/disk"
	"granary/hashes"
	"granary/nar"
)

// Files looks at files and folders that were named. A folder that is no source
// as a whole is searched like any place. It tells of each file that is no
// source's. An error about one that is not there comes before anything is taken.
func (in *Intake) Files(ctx context.Context, paths []string) error {
	var files, folders []string
	for _, path := range paths {
		switch info, err := os.Stat(path); {
		case err != nil:
			return fmt.Errorf("add: %w", err)
		case info.IsDir():
			folders = append(folders, path)
		case info.Mode().IsRegular():
			files = append(files, path)
		default:
			return fmt.Errorf("add %s: neither a file nor a folder", path)
		}
	}
	in.thorough = true
	if err := in.run(ctx, in.fileJobs(files)); err != nil {
		return err
	}
	for _, path := range folders {
		if err := in.folder(ctx, path); err != nil {
			return err
		}
	}
	return nil
}

func (in *Intake) fileJobs(files []string) (jobs []job) {
	for _, path := range files {
		jobs = append(jobs, func(ctx context.Context) error {
			found, err := in.lookAt(ctx, path)
			if err == nil && found == 0 {
				in.tell(Event{Kind: Unwanted, File: path})
			}
			return err
		})
	}
	return jobs
}

// folder looks at a folder that was named.
func (in *Intake) folder(ctx context.Context, path string) error {
	before := in.found()
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	err = in.run(ctx, []job{func(ctx context.Context) error {
		_, err := in.lookInto(ctx, path)
		return err
	}})
	if err == nil && in.found() == before {
		err = in.From(ctx, path)
	}
	if err == nil && in.found() == before {
		in.tell(Event{Kind: Unwanted, File: path})
	}
	return err
}

// From looks for sources in a folder: a Nix store, or anything.
func (in *Intake) From(ctx context.Context, dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return fmt.Errorf("add from %w", err)
	case !info.IsDir():
		return fmt.Errorf("add from %s: it is not a folder", dir)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return err
	}
	for _, store := range []string{filepath.Join(dir, "nix", "store"), dir} {
		if isStore(store) {
			return in.run(ctx, in.byName(func(ctx context.Context, w *Wanted) error {
				return in.fromStore(ctx, w, filepath.Join(store, w.OutPath.Base()))
			}))
		}
	}
	jobs, err := in.tree(ctx, dir)
	if err != nil {
		return err
	}
	return in.run(ctx, jobs)
}

// isStore tells whether most names in dir are those of store objects; a few
// dozen will tell.
func isStore(dir string) bool {
	f, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer f.Close()
	names, err := f.Readdirnames(100)
	good := 0
	for _, name := range names {
		if _, err := hashes.DefaultStoreDir.ParseStorePath(
			string(hashes.DefaultStoreDir) + "/" + name); err == nil {
			good++
		}
	}
	return err == nil && 2*good > len(names)
}

// byName returns a job for each source that is not held.
func (in *Intake) byName(do func(context.Context, *Wanted) error) (jobs []job) {
	for i := range in.index.all {
		w := &in.index.all[i]
		if !w.Held {
			jobs = append(jobs, func(ctx context.Context) error { return do(ctx, w) })
		}
	}
	return jobs
}

// fromStore takes w from where its output is, if it is there.
func (in *Intake) fromStore(ctx context.Context, w *Wanted, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		in.tell(Event{Kind: Failed, File: path, Err: err})
		return nil
	}
	ws := []*Wanted{w}
	regular := info.Mode().IsRegular()
	switch {
	case regular && w.CA.Mode == hashes.Flat:
		return in.offer(ctx, path, granary.RecipeFlat, ws, in.copyOf(path))
	case w.CA.Mode != hashes.Recursive:
		return nil
	case regular && info.Mode()&0o100 != 0:
		return in.offer(ctx, path, granary.RecipeExecutable, ws, in.copyOf(path))
	}
	return in.offer(ctx, path, granary.RecipeNAR, ws, compressed(func(w io.Writer) error {
		return nar.Dump(countWriter{w, &in.bytes}, path)
	}))
}

// copyOf returns the fill that copies the file at path.
func (in *Intake) copyOf(path string) fill {
	return func(w io.Writer) error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(countWriter{w, &in.bytes}, f)
		return err
	}
}

// A Served says which object of a disk serves a source, and how.
type Served struct {
	Object hashes.Hash
	Recipe granary.Recipe
}

// FromDisk looks for sources on another disk of granary, whose catalog knows
// what serves them. Flat sources lie under the hash that is promised, also where
// no catalog knows of them.
func (in *Intake) FromDisk(
	ctx context.Context, dir string, serves map[hashes.StorePath]Served,
) error {
	return in.run(ctx, in.byName(func(ctx context.Context, w *Wanted) error {
		s, ok := serves[w.OutPath]
		switch {
		case w.CA.Mode == hashes.Flat:
			s = Served{w.CA.Hash, granary.RecipeFlat}
		case !ok:
			return nil
		}
		path := filepath.Join(dir, filepath.FromSlash(disk.ObjectName(s.Object)))
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return in.offer(ctx, path, s.Recipe, []*Wanted{w}, in.copyOf(path))
	}))
}

// tree returns a job for each file in dir, and for each folder that is named
// like a source; those of promising names come first.
func (in *Intake) tree(ctx context.Context, dir string) ([]job, error) {
	var first, later []job
	own, err := os.Stat(in.disk.Dir())
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		promising := in.index.names[entry.Name()]
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			in.tell(Event{Kind: Failed, File: path, Err: err})
		case entry.IsDir() && isSame(entry, own):
			return fs.SkipDir
		case entry.IsDir() && promising && path != dir:
			first = append(first, in.unlessFinished(in.lookInto, path))
		case entry.Type().IsRegular() && promising:
			first = append(first, in.unlessFinished(in.lookAt, path))
		case entry.Type().IsRegular():
			later = append(later, in.unlessFinished(in.lookAt, path))
		}
		return nil
	})
	return append(first, later...), err
}

func isSame(entry fs.DirEntry, other fs.FileInfo) bool {
	info, err := entry.Info()
	return err == nil && os.SameFile(info, other)
}

// unlessFinished returns the job to look at path, which is left out when all
// that is wanted is there.
func (in *Intake) unlessFinished(
	look func(context.Context, string) (int, error), path string,
) job {
	return func(ctx context.Context) error {
		if in.finished() {
			return nil
		}
		_, err := look(ctx, path)
		return err
	}
}
