package fetch

import (
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"

	"granary"
	"granary/disk"
	"granary/hashes"
)

// storeNAR makes the NAR that write writes the object of s, compressed with zstd,
// if it has the hash of s. The error is a *failure if the NAR is another one or
// too large, else that of write, of the disk or of ctx; then there is no object.
func (r *run) storeNAR(
	ctx context.Context, s *granary.Source, write func(context.Context, io.Writer) error,
) (disk.Object, error) {
	temp, err := r.Disk.CreateTemp(ctx, tempKey(s)+".nar")
	if err != nil {
		return disk.Object{}, err
	}
	if err := temp.Reset(); err != nil { // nothing of a killed run is of use
		return disk.Object{}, cmp.Or(err, temp.Remove())
	}
	if err := r.compressNAR(ctx, s, temp, write); err != nil {
		return disk.Object{}, cmp.Or(err, temp.Remove())
	}
	object, err := temp.Hash(hashes.SHA256)
	if err != nil {
		return disk.Object{}, cmp.Or(err, temp.Remove())
	}
	return temp.Commit(object)
}

// compressNAR fills temp, and checks the NAR's hash.
func (r *run) compressNAR(
	ctx context.Context, s *granary.Source, temp *disk.Temp,
	write func(context.Context, io.Writer) error,
) error {
	compressed, err := zstd.NewWriter(temp, zstd.WithEncoderConcurrency(2))
	if err != nil {
		return err
	}
	algo := s.CA.Hash.Algorithm()
	sum := algo.New()
	plain := &boundedWriter{ctx: ctx, w: io.MultiWriter(sum, compressed), max: r.maxSize}
	err = write(ctx, plain)
	if err = cmp.Or(err, compressed.Close()); err != nil {
		if errors.Is(err, errTooLarge) {
			return &failure{reason: ReasonTooLarge, detail: errTooLarge.Error()}
		}
		return err
	}
	if got := hashes.Of(algo, sum); got != s.CA.Hash {
		return wrongHash(s.CA.Hash, got)
	}
	return nil
}

// A boundedWriter fails once ctx ends, and with errTooLarge beyond max bytes, if
// that is not 0.
type boundedWriter struct {
	ctx    context.Context // of one NAR alone; Write has no other way to it
	w      io.Writer
	n, max int64
}

func (b *boundedWriter) Write(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if b.n += int64(len(p)); b.max > 0 && b.n > b.max {
		return 0, errTooLarge
	}
	return b.w.Write(p)
}
