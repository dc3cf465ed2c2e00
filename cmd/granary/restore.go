package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"granary"
	"granary/catalog"
	"granary/hashes"
	"granary/nar"
)

// restoreHeld makes the output of a source at path, if the disk holds it.
func (a *app) restoreHeld(ctx context.Context, s granary.Source, path string) (bool, error) {
	held, ok, err := a.catalog.Source(ctx, s.OutPath)
	if err != nil || !ok || !a.holds(&held) {
		return false, err
	}
	if err := a.restore(ctx, &held, path); err != nil {
		return false, fmt.Errorf("restore %s: %w", held.Name, err)
	}
	return true, nil
}

// restore makes the output of a held source at path, where nothing is, and
// checks that it is the one that was promised.
func (a *app) restore(ctx context.Context, s *catalog.Source, path string) error {
	object, err := a.disk.OpenObject(s.Object)
	if err != nil {
		return err
	}
	defer object.Close()
	if s.HeldBy == granary.RecipeFlat || s.HeldBy == granary.RecipeExecutable {
		err = writeFile(object, path, s.HeldBy == granary.RecipeExecutable)
	} else {
		r, w := io.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			w.CloseWithError(writeNAR(ctx, w, s, object))
		}()
		err = nar.Restore(r, path)
		r.CloseWithError(err)
		<-done
	}
	if err != nil {
		return err
	}
	return checkRestored(s.CA, path)
}

// writeNAR writes the NAR of a source from its object.
func writeNAR(ctx context.Context, w io.Writer, s *catalog.Source, object *os.File) error {
	if s.HeldBy == granary.RecipeUnpack {
		archive, err := nar.OpenArchive(object, s.Size)
		if err != nil {
			return err
		}
		opts := nar.Options{KeepRoot: s.KeepRoot, Strip: s.Strip, Omit: s.Omit}
		return archive.WriteNAR(ctx, w, opts)
	}
	plain, err := nar.Decompress(object)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, plain)
	return errors.Join(err, plain.Close())
}

func checkRestored(want hashes.ContentAddress, path string) error {
	got, err := restoredHash(want, path)
	if err == nil && got != want.Hash {
		err = fmt.Errorf("its hash is %s, not %s", got.SRI(), want.Hash.SRI())
	}
	return err
}

func restoredHash(want hashes.ContentAddress, path string) (hashes.Hash, error) {
	algo := want.Hash.Algorithm()
	if want.Mode != hashes.Flat {
		h, _, err := nar.HashPath(path, algo)
		return h, err
	}
	f, err := os.Open(path)
	if err != nil {
		return hashes.Hash{}, err
	}
	defer f.Close()
	sum := algo.New()
	_, err = io.Copy(sum, f)
	return hashes.Of(algo, sum), err
}
