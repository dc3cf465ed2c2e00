package fetch

import (
	"context"
	"errors"
	"io/fs"

	"granary"
	"granary/disk"
	"granary/hashes"
	"granary/nar"
)

// archiveOptions says how an archive becomes s.
func (r *run) archiveOptions(s *granary.Source) nar.Options {
	return nar.Options{
		KeepRoot: s.KeepRoot, Strip: s.Strip, Omit: s.Omit,
		Budget: unpackBudget, MaxSize: r.maxSize, TempDir: r.tempDir(),
	}
}

// nameArchive returns what to commit the bytes in t as, out of which s was made.
// If they are the source at s.From, their object serves that one as well.
func nameArchive(s *granary.Source, t *disk.Temp) (hashes.Hash, error) {
	if !s.FromHash.IsZero() {
		h, err := t.Hash(s.FromHash.Algorithm())
		if err != nil || h == s.FromHash {
			return h, err
		}
	}
	return t.Hash(hashes.SHA256)
}

// askFrom is the asker for URLs of an archive that is a source itself: its
// object may be on the disk by now. If that does not give the source of j, then
// the URL is asked.
func (r *run) askFrom(ctx context.Context, j *job, url string) (held bool, err error) {
	held, err = r.unpackObject(ctx, j)
	if held || err != nil {
		return held, err
	}
	return r.askURL(ctx, j, url)
}

// unpackObject makes the source of j out of the object that is the source it
// starts from.
func (r *run) unpackObject(ctx context.Context, j *job) (held bool, err error) {
	s := j.source
	file, err := r.Disk.OpenObject(s.FromHash)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	got, err := r.unpackedHash(ctx, s, file, info.Size())
	switch {
	case errors.Is(err, nar.ErrFormat) || err == nil && got != s.CA.Hash:
		return false, nil
	case err != nil:
		return false, err
	}
	object, ok, err := r.adoptObject(ctx, s.FromHash)
	if ok {
		r.held(j, object, granary.RecipeUnpack, Attempt{})
	}
	return ok, err
}
