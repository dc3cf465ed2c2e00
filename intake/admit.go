package intake

import (
	"cmp"
	"context"
	"errors"
	"io"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"granary"
	"granary/disk"
	"granary/hashes"
	"granary/nar"
)

// A fill writes the bytes of an object to w.
type fill func(w io.Writer) error

// offer stores what f writes as the object that serves each of ws by recipe,
// unless another file was faster, and tells of it. The error is the disk's.
func (in *Intake) offer(
	ctx context.Context, file string, recipe granary.Recipe, ws []*Wanted, f fill,
) error {
	for _, w := range ws {
		if w.Held {
			in.tell(Event{Kind: Held, File: file, Source: w.Source, Recipe: recipe})
			continue
		}
		if !in.claim(w) {
			continue
		}
		object, err := in.admit(ctx, &w.Source, recipe, f)
		var no *refusal
		switch {
		case err == nil:
			in.tell(Event{
				Kind: Added, File: file, Source: w.Source, Object: object, Recipe: recipe,
			})
		case errors.As(err, &no):
			in.release(w)
			in.tell(Event{Kind: Failed, File: file, Err: no.cause})
		default:
			in.release(w)
			return err
		}
	}
	return nil
}

// A refusal means that the file is to blame, not this machine.
type refusal struct{ cause error }

func (r *refusal) Error() string { return r.cause.Error() }

// admit is the way of bytes onto the disk: they are copied, the hash of s is
// made out of the copy by recipe, and only if it is the one that is promised
// the copy becomes an object.
func (in *Intake) admit(
	ctx context.Context, s *granary.Source, recipe granary.Recipe, f fill,
) (disk.Object, error) {
	// The key is that of a download: what there is of one is of no use now.
	algo := hashes.SHA256
	if recipe == granary.RecipeFlat {
		algo = s.CA.Hash.Algorithm()
	}
	t, err := in.disk.CreateTemp(ctx, s.OutPath.Digest(), algo)
	if err != nil {
		return disk.Object{}, err
	}
	want, err := in.copyAndCheck(ctx, t, s, recipe, f)
	if err != nil {
		return disk.Object{}, cmp.Or(err, t.Remove())
	}
	return t.Commit(want)
}

// copyAndCheck returns the name of the object that t may become.
func (in *Intake) copyAndCheck(
	ctx context.Context, t *disk.Temp, s *granary.Source, recipe granary.Recipe, f fill,
) (hashes.Hash, error) {
	if err := t.Reset(); err != nil {
		return hashes.Hash{}, err
	}
	w := &errWriter{ctx: ctx, w: t}
	if err := f(w); err != nil {
		return hashes.Hash{}, cmp.Or(w.err, error(&refusal{err}))
	}
	got, err := in.outputHash(ctx, t, s, recipe)
	switch {
	case ctx.Err() != nil:
		return hashes.Hash{}, context.Cause(ctx)
	case errors.Is(err, nar.ErrFormat):
		return hashes.Hash{}, &refusal{err}
	case err != nil:
		return hashes.Hash{}, err
	case got != s.CA.Hash:
		return hashes.Hash{}, &refusal{&disk.MismatchError{Want: s.CA.Hash, Got: got}}
	case recipe == granary.RecipeFlat:
		return got, nil
	}
	return t.Hash(hashes.SHA256)
}

// outputHash makes the hash of s out of the bytes in t.
func (in *Intake) outputHash(
	ctx context.Context, t *disk.Temp, s *granary.Source, recipe granary.Recipe,
) (hashes.Hash, error) {
	algo := s.CA.Hash.Algorithm()
	sum := algo.New()
	switch recipe {
	case granary.RecipeFlat:
		return t.Hash(algo)
	case granary.RecipeExecutable:
		err := nar.WriteFile(sum, t.Reader(), t.Size(), true)
		return hashes.Of(algo, sum), err
	case granary.RecipeUnpack:
		archive, err := nar.OpenArchive(t, t.Size())
		if err != nil {
			return hashes.Hash{}, err
		}
		h, _, err := archive.Hash(ctx, in.options(shapeOf(s)), algo)
		return h, err
	}
	plain, err := nar.Decompress(t.Reader())
	if err != nil {
		return hashes.Hash{}, err
	}
	defer plain.Close()
	_, err = io.Copy(sum, plain)
	return hashes.Of(algo, sum), err
}

// options says how an archive becomes a tree. What memory has no room for goes
// to where downloads go.
func (in *Intake) options(how shape) nar.Options {
	return nar.Options{
		KeepRoot: how.keepRoot, Strip: how.strip, Omit: how.omit,
		Budget: budget, TempDir: filepath.Join(in.disk.Dir(), "tmp"),
	}
}

// budget is the memory for the contents of an archive, in bytes.
const budget = 32 << 20

// An errWriter fails once ctx ends, and remembers why writing failed.
type errWriter struct {
	ctx context.Context
	w   io.Writer
	err error
}

func (e *errWriter) Write(p []byte) (int, error) {
	if e.err == nil && e.ctx.Err() != nil {
		e.err = context.Cause(e.ctx)
	}
	if e.err != nil {
		return 0, e.err
	}
	n, err := e.w.Write(p)
	e.err = err
	return n, err
}

// compressed returns a fill that compresses what f writes, a NAR.
func compressed(f fill) fill {
	return func(w io.Writer) error {
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return err
		}
		return cmp.Or(f(z), z.Close())
	}
}
