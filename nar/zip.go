package nar

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/bzip2"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// maxZipIndex is how many bytes of a zip archive may be read to list its
// members; they take about eight times as much in memory.
const maxZipIndex = 64 << 20

// zipBzip2 is the number of bzip2 among the methods (APPNOTE 4.4.5). Of those
// that the unzip of nixpkgs knows besides the usual ones, only deflate64 is
// missing here.
const zipBzip2 = 12

const (
	zipEnd     = "PK\x05\x06" // begins the record at the archive's end
	zipEndSize = 22 + 1<<16   // bytes of the record with the longest comment
)

// isZip tells whether first begins a zip archive, with members or without.
func isZip(first []byte) bool {
	return prefix("PK\x03\x04")(first) || prefix(zipEnd)(first)
}

// A zipFile is the file of a zip archive. It remembers its errors, so that they
// can be told from those of the format, and limits what is read.
type zipFile struct {
	ctx  context.Context
	r    io.ReaderAt
	left int64 // bytes that may be read; negative means any number
	err  error
}

func (f *zipFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.readAt(p, off)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

func (f *zipFile) readAt(p []byte, off int64) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, badFormat("zip: an offset before the file's beginning")
	}
	n, err := f.r.ReadAt(p, off)
	if f.left >= 0 {
		if f.left -= int64(n); f.left < 0 {
			return n, tooLarge("zip: more than %d bytes to list its members", maxZipIndex)
		}
	}
	return n, err
}

func (f *zipFile) blame(err error) error {
	if f.err != nil {
		return f.err
	}
	return blame("zip", err)
}

func (a *Archive) openZip(ctx context.Context) (*zip.Reader, *zipFile, error) {
	f := &zipFile{ctx: ctx, r: a.r, left: maxZipIndex}
	z, err := zip.NewReader(f, a.size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, nil, a.blameZip(f, err)
	}
	f.left = -1
	inflate := newInflater(nil) // members are read one after the other
	z.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser {
		inflate.reset(r)
		return io.NopCloser(inflate)
	})
	z.RegisterDecompressor(zipBzip2, func(r io.Reader) io.ReadCloser {
		return io.NopCloser(bzip2.NewReader(r))
	})
	return z, f, nil
}

// blameZip tells an archive that is cut off, and so has no end record, from
// one that is broken.
func (a *Archive) blameZip(f *zipFile, err error) error {
	if f.err != nil || err != zip.ErrFormat {
		return f.blame(err)
	}
	tail := make([]byte, min(a.size, zipEndSize))
	if _, err := a.r.ReadAt(tail, a.size-int64(len(tail))); err != nil && err != io.EOF {
		return err
	}
	if !bytes.Contains(tail, []byte(zipEnd)) {
		return truncated("zip")
	}
	return f.blame(err)
}

func (a *Archive) writeZip(e *encoder, opts Options) error {
	z, f, err := a.openZip(e.ctx)
	if err != nil {
		return err
	}
	w := &zipWriter{in: f, tree: newTree(opts.MaxSize), placer: newPlacer(opts)}
	for _, member := range z.File {
		if err := w.add(member); err != nil {
			return err
		}
	}
	if err := w.checkOverlap(); err != nil {
		return err
	}
	top, err := w.tree.top(opts.KeepRoot)
	if err != nil {
		return err
	}
	w.out = newTreeWriter(w.tree, top, e)
	return w.write()
}

// A zipWriter turns a zip archive into a NAR. Its members can be read in any
// order, so one pass is enough.
type zipWriter struct {
	in      *zipFile
	tree    *tree
	placer  placer
	members []*zip.File // by bodyID
	out     *treeWriter
}

func (w *zipWriter) add(member *zip.File) error {
	name, placed := w.placer.place(zipName(member))
	if !placed {
		return nil
	}
	mode := zipMode(member)
	if err := checkMember(member); err != nil {
		return err
	}
	switch mode.Type() {
	case fs.ModeDir:
		return w.tree.addDir(name)
	case fs.ModeSymlink:
		target, err := w.target(member)
		if err != nil {
			return err
		}
		return w.tree.addSymlink(name, target)
	case 0:
		w.members = append(w.members, member)
		size := int64(min(member.UncompressedSize64, 1<<62))
		return w.tree.addFile(name, size, mode&0o100 != 0)
	}
	return badFormat("%q: a device, a pipe or a socket", name)
}

// checkMember refuses what the zip library cannot read.
func checkMember(member *zip.File) error {
	const encrypted = 1
	if member.Flags&encrypted != 0 {
		return unsupported("%q: encrypted", member.Name)
	}
	switch member.Method {
	case zip.Store, zip.Deflate, zipBzip2:
		return nil
	}
	names := map[uint16]string{
		1: "shrink", 6: "implode", 9: "deflate64", 14: "lzma", 93: "zstd", 95: "xz",
	}
	return unsupported("%q: compressed with zip's method %d (%s)",
		member.Name, member.Method, names[member.Method])
}

// checkOverlap refuses members that share compressed bytes, as unzip does: so
// zip bombs are made.
func (w *zipWriter) checkOverlap() error {
	type extent struct{ begin, end int64 }
	var extents []extent
	for _, member := range w.members {
		begin, err := member.DataOffset()
		if err != nil {
			return w.in.blame(err)
		}
		size := int64(min(member.CompressedSize64, 1<<62))
		if size > 0 {
			extents = append(extents, extent{begin, begin + size})
		}
	}
	slices.SortFunc(extents, func(a, b extent) int { return cmp.Compare(a.begin, b.begin) })
	for i := range len(extents) - 1 {
		if extents[i].end > extents[i+1].begin {
			return badFormat("zip: members overlap")
		}
	}
	return nil
}

// The hosts that zip archives are made on, as far as they matter (APPNOTE
// 4.4.2).
const (
	hostFAT  = 0
	hostUnix = 3
)

// zipName returns the member's name. Some programs for DOS and Windows write
// backslashes; unzip takes them for slashes if there are no others.
func zipName(member *zip.File) string {
	if member.CreatorVersion>>8 == hostFAT && !strings.Contains(member.Name, "/") {
		return strings.ReplaceAll(member.Name, `\`, "/")
	}
	return member.Name
}

// zipMode returns type and permissions as unzip has them. Only archives from
// Unix tell of executables and symbolic links.
func zipMode(member *zip.File) fs.FileMode {
	if strings.HasSuffix(zipName(member), "/") {
		return fs.ModeDir
	}
	if member.CreatorVersion>>8 != hostUnix {
		return member.Mode() & fs.ModeDir
	}
	return member.Mode()
}

func (w *zipWriter) target(member *zip.File) (string, error) {
	if member.UncompressedSize64 > maxTarget {
		return "", badFormat("%q: a symbolic link of %d bytes",
			member.Name, member.UncompressedSize64)
	}
	r, err := member.Open()
	if err != nil {
		return "", w.in.blame(err)
	}
	defer r.Close()
	target, err := io.ReadAll(r)
	if err != nil {
		return "", w.in.blame(err)
	}
	return string(target), nil
}

func (w *zipWriter) write() error {
	for {
		id, more := w.out.next()
		if !more || w.out.enc.err != nil {
			return nil
		}
		if err := w.copy(w.members[id]); err != nil {
			return err
		}
	}
}

func (w *zipWriter) copy(member *zip.File) error {
	r, err := member.Open()
	if err != nil {
		return w.in.blame(err)
	}
	defer r.Close()
	if err := w.out.fileFrom(r); err != nil {
		return w.in.blame(err)
	}
	return w.checkEnd(r)
}

// checkEnd reads the end of a member, which is where its checksum is compared.
func (w *zipWriter) checkEnd(r io.Reader) error {
	if w.out.enc.err != nil {
		return nil
	}
	switch _, err := io.ReadFull(r, make([]byte, 1)); err {
	case io.EOF:
		return nil
	case nil:
		return badFormat("zip: a member is longer than its size")
	default:
		return w.in.blame(err)
	}
}
