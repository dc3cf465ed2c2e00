package nar

import (
	"bufio"
	"context"
	"io"
	"runtime"
	"slices"

	"granary/hashes"
)

// maxNesting is how often a tar archive may be compressed: servers are known to
// gzip a .tar.gz once more.
const maxNesting = 3

// Options say how an archive becomes a tree. The zero value is the default.
type Options struct {
	// KeepRoot keeps the archive's top directory, as fetchzip's
	// stripRoot = false does.
	KeepRoot bool
	// Omit has paths in the archive that are left out, one a line, with all that
	// is in them. A name * is any name. Nothing else has a special meaning.
	Omit string
	// Strip is how many leading names go from every path in the archive, and the
	// paths without more names with them, as by tar --strip-components. Usually
	// KeepRoot is set, too: what is then on top stays there.
	Strip int
	// Budget is how many bytes of contents to keep in memory; 0 means 64 MiB.
	Budget int64
	// TempDir is the folder for a file of the contents that Budget has no room
	// for, if the order of the archive asks for that; "" means os.TempDir(). The
	// file has no name and is gone when the archive is done with.
	TempDir string
	// MaxSize is how many bytes the archive may have when it is decompressed,
	// and the contents of the tree; 0 means 64 GiB. In any case, both may be at
	// most the larger of 256 MiB and 2000 times the archive's own size. (Deflate
	// cannot reach that, and of real sources none comes near.)
	MaxSize int64
}

// withDefaults returns the options for an archive of the given size.
func (o Options) withDefaults(size int64) Options {
	const floor, ratio = 256 << 20, 2000
	if o.Budget == 0 {
		o.Budget = 64 << 20
	}
	if o.MaxSize == 0 {
		o.MaxSize = 64 << 30
	}
	if size < o.MaxSize/ratio {
		o.MaxSize = min(o.MaxSize, max(floor, ratio*size))
	}
	return o
}

// An Archive gives the NAR of the tree that unpacking a file gives in
// nixpkgs' fetchzip (pkgs/build-support/fetchzip): the one top directory is
// stripped, a lone file at the top stays in a directory, and of files' modes the
// owner's executable bit remains.
//
// The file is a tar archive, compressed as [Decompress] knows or not at all, or
// a zip archive; its first bytes decide. Devices, sockets, names that lead out
// of the directory or through a symbolic link, and encrypted zip members are
// refused; so are archives with over a million entries or so, or with a zip directory
// of over 64 MiB.
//
// An Archive may be used by several goroutines at a time.
type Archive struct {
	r    io.ReaderAt
	size int64
	zip  bool
}

// OpenArchive looks at the first bytes of r, which has size bytes and must stay
// open and unchanged while the Archive is used. If they begin no archive that is
// known, the error matches [ErrFormat].
func OpenArchive(r io.ReaderAt, size int64) (*Archive, error) {
	a := &Archive{r: r, size: size}
	s, err := a.open(context.Background(), Options{}.withDefaults(size).MaxSize)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	first, err := peek(s.buf)
	if err != nil {
		return nil, err
	}
	a.zip = isZip(first)
	if a.zip && len(s.closers) > 0 {
		return nil, unsupported("a compressed zip archive")
	}
	if !a.zip && !isTar(first) {
		return nil, unknown(first)
	}
	return a, nil
}

// otherFormats are told apart from junk to give a clear reason.
var otherFormats = []struct{ name, magic string }{
	{"7z", "7z\xbc\xaf\x27\x1c"},
	{"rar", "Rar!\x1a\x07"},
	{"compress (.Z)", "\x1f\x9d"},
	{"ar (.deb)", "!<arch>\n"},
	{"rpm", "\xed\xab\xee\xdb"},
	{"cpio", "070701"},
	{"xar", "xar!"},
	{"cab", "MSCF"},
}

func unknown(first []byte) error {
	if len(first) == 0 {
		return truncated("an empty archive")
	}
	if c := compressionOf(first); c != nil {
		return tooLarge("compressed more than %d times", maxNesting)
	}
	for _, f := range otherFormats {
		if prefix(f.magic)(first) {
			return unsupported("%s archives are not supported", f.name)
		}
	}
	return badFormat("not an archive")
}

// WriteNAR writes the NAR to w. What it has written is of no use if it fails.
//
// Errors of the archive match [ErrFormat] and maybe [ErrTruncated],
// [ErrUnsupported] or [ErrTooLarge]; those of w, of ctx, of reading the file and
// of the temporary file are returned as they are.
func (a *Archive) WriteNAR(ctx context.Context, w io.Writer, opts Options) error {
	_, err := a.write(newEncoder(ctx, w), opts, false)
	return err
}

// Hash returns the hash of the NAR and its size in bytes. Errors are those of
// WriteNAR.
func (a *Archive) Hash(
	ctx context.Context, opts Options, algo hashes.Algorithm,
) (hashes.Hash, int64, error) {
	sum, size, err := a.hash(ctx, opts, algo, true)
	if err == errOrder {
		runtime.GC() // decoder and contents are no more, and come once again
		sum, size, err = a.hash(ctx, opts, algo, false)
	}
	if err != nil {
		return hashes.Hash{}, 0, err
	}
	return sum, size, nil
}

func (a *Archive) hash(
	ctx context.Context, opts Options, algo hashes.Algorithm, guess bool,
) (hashes.Hash, int64, error) {
	h := newHasher(algo)
	size, err := a.write(newHashingEncoder(ctx, h), opts, guess)
	return h.sum(), size, err
}

// write may fail with errOrder if it may guess.
func (a *Archive) write(e *encoder, opts Options, guess bool) (int64, error) {
	opts = opts.withDefaults(a.size)
	var err error
	if a.zip {
		err = a.writeZip(e, opts)
	} else {
		err = a.writeTar(e, opts, guess)
	}
	if err != nil {
		return 0, err
	}
	return e.close()
}

// A stream is the bytes of an archive without its compression. Its errors are
// the machine's, or match ErrFormat.
type stream struct {
	ctx     context.Context
	buf     *bufio.Reader
	closers []io.Closer // to be closed from the end
}

// open undoes the compressions around a tar archive, each of which may give
// maxSize bytes.
func (a *Archive) open(ctx context.Context, maxSize int64) (*stream, error) {
	s := &stream{ctx: ctx}
	var r io.Reader = io.NewSectionReader(a.r, 0, a.size)
	for range maxNesting {
		c, d, err := decompress(r)
		if err != nil {
			s.Close()
			return nil, err
		}
		r = &limited{r: d, left: maxSize, max: maxSize}
		if c == nil {
			break
		}
		s.closers = append(s.closers, d)
	}
	s.buf = bufio.NewReaderSize(r, sniffSize) // larger reads pass it by
	return s, nil
}

// readAhead decompresses in a goroutine from now on, which Close ends, if there
// is a core for it.
func (s *stream) readAhead() {
	if len(s.closers) > 0 && runtime.GOMAXPROCS(0) > 1 {
		a := newReadAhead(s.buf)
		s.buf = bufio.NewReaderSize(a, 4<<10)
		s.closers = append(s.closers, a)
	}
}

func (s *stream) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.buf.Read(p)
}

// Close frees the decoders' memory. Their errors mean nothing by now.
func (s *stream) Close() error {
	for _, c := range slices.Backward(s.closers) {
		c.Close()
	}
	return nil
}

// A limited reader refuses to give more than max bytes.
type limited struct {
	r         io.Reader
	left, max int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n, tooLarge("more than %d bytes when decompressed", l.max)
	}
	return n, err
}
