package fetch

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"

	"github.com/klauspost/compress/gzip"

	"granary"
	"granary/disk"
	"granary/hashes"
	"granary/nar"
)

// unpackBudget is the memory for an archive's contents, in bytes. What has no room
// in it, and does not come in the order of a NAR, goes to the disk's tmp/.
const unpackBudget = 16 << 20

// maxUnpacking is how many archives are worked on at a time. Besides the
// budget, each may need the dictionary of its compression: 64 MiB for xz -9.
func maxUnpacking() int { return min(runtime.GOMAXPROCS(0), 3) }

// needsBuilder says why granary cannot make s itself, or "".
func needsBuilder(s *granary.Source) string {
	fits := s.CA.Mode == hashes.Recursive
	if s.Recipe == granary.RecipeFlat {
		fits = isFile(s.CA)
	}
	switch {
	case s.Recipe == "":
		return fmt.Sprintf("no recipe for %s", s.Kind)
	case s.CA.Hash.IsZero():
		return "no hash"
	case !fits:
		return fmt.Sprintf("recipe %s cannot give a hash of mode %s", s.Recipe, s.CA.Mode)
	}
	return ""
}

// check makes the hash of s out of the bytes in t. It returns what to commit t
// as if the hash is right, else why it is not. The error is the machine's, or
// that of ctx.
func (r *run) check(
	ctx context.Context, s *granary.Source, t *disk.Temp,
) (hashes.Hash, *failure, error) {
	got, err := r.outputHash(ctx, s, t)
	bad, err := verdict(t, s.CA.Hash, got, err)
	switch {
	case bad != nil || err != nil:
		return hashes.Hash{}, sharper(bad, s, t), err
	case s.Recipe == granary.RecipeFlat:
		return got, nil, nil
	}
	object, err := nameArchive(s, t)
	return object, nil, err
}

// verdict says why the bytes in t do not do: got is the hash that was made out
// of them, or err is why there is none. The error is the machine's, or that of
// a context.
func verdict(t *disk.Temp, want, got hashes.Hash, err error) (*failure, error) {
	var f *failure
	switch {
	case errors.Is(err, nar.ErrFormat):
		f = archiveFailure(err)
	case err == errTooLarge:
		f = &failure{reason: ReasonTooLarge, detail: err.Error()}
	case err != nil:
		return nil, err
	case got != want:
		mismatch := &disk.MismatchError{Want: want, Got: got}
		f = &failure{reason: ReasonWrongHash, detail: mismatch.Error()}
	default:
		return nil, nil
	}
	first := make([]byte, maxPage)
	n, _ := t.ReadAt(first, 0)
	return unlessPage(first[:n], f), nil
}

// objectAlgorithms returns those of the hashes that the object of s may be named by.
func objectAlgorithms(s *granary.Source) []hashes.Algorithm {
	switch {
	case s.Recipe == granary.RecipeFlat:
		return []hashes.Algorithm{s.CA.Hash.Algorithm()}
	case !s.FromHash.IsZero():
		return []hashes.Algorithm{hashes.SHA256, s.FromHash.Algorithm()}
	}
	return []hashes.Algorithm{hashes.SHA256}
}

func (r *run) outputHash(
	ctx context.Context, s *granary.Source, t *disk.Temp,
) (hashes.Hash, error) {
	algo := s.CA.Hash.Algorithm()
	sum := algo.New()
	switch s.Recipe {
	case granary.RecipeUnpack:
		return r.unpackedHash(ctx, s, t, t.Size())
	case granary.RecipeExecutable:
		err := nar.WriteFile(sum, contextReader{ctx, t.Reader()}, t.Size(), true)
		return hashes.Of(algo, sum), err
	case granary.RecipeNAR:
		return r.narHash(ctx, t, algo, r.maxNAR())
	default:
		return t.Hash(algo)
	}
}

// unpackedHash waits for a slot, as archives need memory.
func (r *run) unpackedHash(
	ctx context.Context, s *granary.Source, file io.ReaderAt, size int64,
) (hashes.Hash, error) {
	if err := r.beginUnpacking(ctx); err != nil {
		return hashes.Hash{}, err
	}
	defer r.endUnpacking()
	archive, err := nar.OpenArchive(file, size)
	if err != nil {
		return hashes.Hash{}, err
	}
	h, _, err := archive.Hash(ctx, r.archiveOptions(s), s.CA.Hash.Algorithm())
	return h, err
}

// tempDir is the folder for contents of archives that memory has no room for.
func (r *run) tempDir() string { return filepath.Join(r.Disk.Dir(), "tmp") }

func (r *run) beginUnpacking(ctx context.Context) error {
	select {
	case r.unpacking <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *run) endUnpacking() { <-r.unpacking }

func archiveFailure(err error) *failure {
	f := &failure{reason: ReasonBadArchive, detail: err.Error()}
	switch {
	case errors.Is(err, nar.ErrTruncated):
		f.reason = ReasonTruncated
	case errors.Is(err, nar.ErrUnsupported):
		f.reason = ReasonUnknownArchive
	case errors.Is(err, nar.ErrTooLarge):
		f.reason = ReasonTooLarge
	}
	return f
}

// maxInflation is how much larger than the compressed bytes those below a
// server's gzip may be.
const maxInflation = 100

// gunzip returns what the server compressed on the way, in a temp of its own,
// or nil if it did not seem to: it said so, or the bytes are gzip in gzip.
func (r *run) gunzip(
	ctx context.Context, s *granary.Source, t *disk.Temp, declared bool,
) (*disk.Temp, error) {
	z, err := gzip.NewReader(contextReader{ctx, t.Reader()})
	if err != nil {
		return nil, ctx.Err()
	}
	inner := bufio.NewReader(z)
	if first, _ := inner.Peek(2); !declared && !bytes.Equal(first, []byte("\x1f\x8b")) {
		return nil, ctx.Err()
	}
	temp, err := r.Disk.CreateTemp(ctx, tempKey(s)+".gunzip", objectAlgorithms(s)...)
	if err != nil {
		return nil, err
	}
	if err := temp.Reset(); err != nil {
		return nil, cmp.Or(err, temp.Remove())
	}
	ok, err := inflate(temp, io.LimitReader(inner, maxInflation*t.Size()))
	if err != nil || !ok || ctx.Err() != nil {
		return nil, cmp.Or(ctx.Err(), err, temp.Remove())
	}
	return temp, nil
}

// inflate returns false when reading fails; the error is the disk's.
func inflate(temp *disk.Temp, r io.Reader) (bool, error) {
	buf := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buf)
	for {
		n, err := r.Read(buf[:])
		if _, err := temp.Write(buf[:n]); err != nil {
			return false, err
		}
		if err != nil {
			return err == io.EOF, nil
		}
	}
}

// A contextReader fails once ctx ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
