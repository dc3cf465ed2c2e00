package fetch

import (
	"cmp"
	"context"
	"errors"
	"io"

	"granary"
	"granary/disk"
	"granary/hashes"
	"granary/nar"
)

// substitute makes the source of j out of the NAR at url: a file tree's object
// is the NAR as it came, that of a file is the file.
func (c *substituter) substitute(
	ctx context.Context, j *job, url string, info *narinfo,
) (held bool, err error) {
	defer c.judge(j)
	c.run.active.Add(1)
	defer c.run.active.Add(-1)
	temp, err := c.run.openFor(ctx, narKey(j.source), url) // another cache may compress otherwise
	if err != nil {
		return false, err
	}
	d := c.download(j, url, temp)
	limit := c.run.maxNAR()
	if info.narSize > 0 {
		limit = min(limit, info.narSize)
	}
	if isFile(j.source.CA) {
		d.check = func(ctx context.Context, t *disk.Temp) (made, *failure, error) {
			return c.run.takeFile(ctx, j.source, t, limit)
		}
		return d.hold(ctx, granary.RecipeFlat)
	}
	d.check = func(ctx context.Context, t *disk.Temp) (made, *failure, error) {
		return c.run.takeTree(ctx, j.source, t, limit)
	}
	return d.hold(ctx, granary.RecipeNAR)
}

// maxNAR is the largest NAR that is read, in bytes when decompressed.
func (r *run) maxNAR() int64 {
	if r.maxSize == 0 {
		return 64 << 30
	}
	return r.maxSize + 1<<20 // the contents are limited, not what stands around them
}

// takeTree returns t as it is, if the NAR in it is of the output of s.
func (r *run) takeTree(
	ctx context.Context, s *granary.Source, t *disk.Temp, limit int64,
) (made, *failure, error) {
	hash := r.narHash
	if s.CA.Mode == hashes.Git {
		hash = r.gitHash
	}
	got, err := hash(ctx, t, s.CA.Hash.Algorithm(), limit)
	bad, err := r.narVerdict(t, s.CA.Hash, got, err, limit)
	if bad != nil || err != nil {
		return made{}, bad, err
	}
	object, err := t.Hash(hashes.SHA256)
	return made{t, object}, nil, err
}

// takeFile returns the file that the NAR in t consists of, in a temp of its own,
// if it is the output of s.
func (r *run) takeFile(
	ctx context.Context, s *granary.Source, t *disk.Temp, limit int64,
) (made, *failure, error) {
	algo := s.CA.Hash.Algorithm()
	if limit > maxInflation*t.Size() { // it might fill the disk: look first
		sum := algo.New()
		err := r.copyFile(ctx, sum, t, limit)
		bad, err := r.narVerdict(t, s.CA.Hash, hashes.Of(algo, sum), err, limit)
		if bad != nil || err != nil {
			return made{}, bad, err
		}
	}
	file, err := r.Disk.CreateTemp(ctx, tempKey(s)+".file", algo)
	if err != nil {
		return made{}, nil, err
	}
	if err = file.Reset(); err == nil {
		err = r.copyFile(ctx, file, t, limit)
	}
	got, hashErr := file.Hash(algo)
	bad, err := r.narVerdict(t, s.CA.Hash, got, cmp.Or(err, hashErr), limit)
	if bad != nil || err != nil {
		return made{}, bad, cmp.Or(err, file.Remove())
	}
	return made{file, got}, nil, nil
}

// copyFile writes the file that the NAR in t consists of to w.
func (r *run) copyFile(ctx context.Context, w io.Writer, t *disk.Temp, limit int64) error {
	return r.decompress(ctx, t, limit, func(plain io.Reader) error {
		in := nar.NewReader(plain)
		entry, err := in.Next()
		if err != nil {
			return err
		}
		if entry.Type != nar.Regular {
			return errNoFile
		}
		_, err = io.Copy(w, in)
		return err
	})
}

var errNoFile = errors.New("the NAR is of a directory or a link, not of a file")

// narVerdict is verdict for a NAR that may have limit bytes.
func (r *run) narVerdict(
	t *disk.Temp, want, got hashes.Hash, err error, limit int64,
) (*failure, error) {
	if err == errTooLarge && limit < r.maxNAR() {
		detail := "the NAR is larger than it says"
		return &failure{reason: ReasonBadNARInfo, detail: detail}, nil
	}
	if err == errNoFile {
		return &failure{reason: ReasonBadArchive, detail: err.Error()}, nil
	}
	return verdict(t, want, got, err)
}

// narHash returns the hash of the NAR in t, which may be compressed.
func (r *run) narHash(
	ctx context.Context, t *disk.Temp, algo hashes.Algorithm, limit int64,
) (hashes.Hash, error) {
	sum := algo.New()
	err := r.decompress(ctx, t, limit, func(plain io.Reader) error {
		_, err := io.Copy(sum, plain)
		return err
	})
	return hashes.Of(algo, sum), err
}

// gitHash returns git's hash of what is in the NAR in t.
func (r *run) gitHash(
	ctx context.Context, t *disk.Temp, algo hashes.Algorithm, limit int64,
) (h hashes.Hash, err error) {
	err = r.decompress(ctx, t, limit, func(plain io.Reader) (err error) {
		h, err = gitHash(nar.NewReader(plain), algo)
		return err
	})
	return h, err
}

// decompress gives read the bytes below the compression of those in t. There
// are no more than limit. It waits for a slot, as decoders need memory.
func (r *run) decompress(
	ctx context.Context, t *disk.Temp, limit int64, read func(io.Reader) error,
) error {
	if err := r.beginUnpacking(ctx); err != nil {
		return err
	}
	defer r.endUnpacking()
	plain, err := nar.Decompress(t.Reader())
	if err != nil {
		return err
	}
	defer plain.Close()
	return read(contextReader{ctx, &limitedReader{plain, limit}})
}

// A limitedReader fails where io.LimitedReader ends.
type limitedReader struct {
	r    io.Reader
	left int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n, errTooLarge
	}
	return n, err
}
