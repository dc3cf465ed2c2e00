package nar

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"
	"github.com/ulikunitz/xz/lzma"
)

const (
	// sniffSize is how many first bytes tell formats apart: a tar header.
	sniffSize = 512
	// maxDictionary is what a compressed stream may ask for in memory, in
	// bytes; `xz -9` and `zstd --ultra -22` ask for 64 and 128 MiB.
	maxDictionary = 256 << 20
)

// A compression is one of the formats that Decompress undoes.
type compression struct {
	name  string
	match func(first []byte) bool
	open  func(r *bufio.Reader) (io.ReadCloser, error)
}

var compressions = []compression{
	{"gzip", prefix("\x1f\x8b"), openGzip},
	{"xz", prefix("\xfd7zXZ\x00"), openXZ},
	{"bzip2", prefix("BZh"), openBzip2},
	{"zstd", isZstd, openZstd},
	{"lzip", prefix(lzipMagic), openLzip},
	{"lzma", isLzma, openLzma},
}

// prefix returns the function that matches bytes with the given beginning.
func prefix(p string) func([]byte) bool {
	return func(first []byte) bool { return bytes.HasPrefix(first, []byte(p)) }
}

// compressionOf returns the compression that first begins, or nil.
func compressionOf(first []byte) *compression {
	for i := range compressions {
		if compressions[i].match(first) {
			return &compressions[i]
		}
	}
	return nil
}

// Decompress returns the bytes in r without compression. The first bytes
// decide: gzip, xz, bzip2, zstd, lzip and lzma are known, all else is returned as it
// is. The caller closes the result, which does not close r.
//
// Errors of the bytes match [ErrFormat], and [ErrTruncated] if they end too
// early; an error of r is returned as it is.
func Decompress(r io.Reader) (io.ReadCloser, error) {
	_, d, err := decompress(r)
	return d, err
}

// decompress also returns the compression, nil if there is none.
func decompress(r io.Reader) (*compression, io.ReadCloser, error) {
	in := &source{r: r}
	buf := bufio.NewReaderSize(in, 64<<10)
	first, err := peek(buf)
	if err != nil {
		return nil, nil, err
	}
	c := compressionOf(first)
	if c == nil {
		return nil, io.NopCloser(buf), nil
	}
	d, err := c.open(buf)
	if err != nil {
		return nil, nil, in.blame(c.name, err)
	}
	return c, &decoder{d, c.name, in}, nil
}

// peek returns the first bytes of r, all of them if they are less than
// sniffSize.
func peek(r *bufio.Reader) ([]byte, error) {
	first, err := r.Peek(sniffSize)
	if err == io.EOF {
		err = nil
	}
	return first, err
}

// A source reads from r and remembers its error, so that it can be told from
// those of decoders.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// blame returns the source's own error if it had one.
func (s *source) blame(what string, err error) error {
	if s.err != nil {
		return s.err
	}
	return blame(what, err)
}

// A decoder blames its input or the bytes for errors.
type decoder struct {
	io.ReadCloser
	name string
	in   *source
}

func (d *decoder) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = d.in.blame(d.name, err)
	}
	return n, err
}

func openXZ(r *bufio.Reader) (io.ReadCloser, error) {
	d, err := xz.NewReader(r, maxDictionary)
	return io.NopCloser(xzReader{d}), err
}

// An xzReader says io.ErrUnexpectedEOF, as all other decoders do, where the
// library has an error of its own: input is missing.
type xzReader struct{ r *xz.Reader }

func (x xzReader) Read(p []byte) (int, error) {
	n, err := x.r.Read(p)
	if err == xz.ErrBuf {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func openBzip2(r *bufio.Reader) (io.ReadCloser, error) {
	return io.NopCloser(bzip2.NewReader(r)), nil
}

// isZstd also matches a skippable frame, which pzstd writes first.
func isZstd(first []byte) bool {
	if len(first) < 4 {
		return false
	}
	magic := binary.LittleEndian.Uint32(first)
	return magic == 0xfd2fb528 || magic>>4 == 0x184d2a5
}

func openZstd(r *bufio.Reader) (io.ReadCloser, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxWindow(maxDictionary))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

// isLzma matches the header of the old .lzma format, which has no magic
// number: the usual properties, a dictionary of up to maxDictionary, and a size
// that is unknown or below 256 GiB, as the xz program has it.
func isLzma(first []byte) bool {
	if len(first) < lzma.HeaderLen || first[0] != lzmaUsual {
		return false
	}
	dictionary := binary.LittleEndian.Uint32(first[1:])
	size := binary.LittleEndian.Uint64(first[5:])
	return dictionary >= 1<<12 && dictionary <= maxDictionary &&
		(size == 1<<64-1 || size < 1<<38)
}

func openLzma(r *bufio.Reader) (io.ReadCloser, error) {
	d, err := lzma.ReaderConfig{DictCap: maxDictionary}.NewReader(r)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(d), nil
}
