package nar

import (
	"archive/tar"
	"errors"
	"io"
	"strconv"
	"strings"
)

// isTar tells whether first is the header of a tar archive, by its checksum:
// the oldest format has no magic number. Zeros are an archive without entries.
func isTar(first []byte) bool {
	if len(first) < sniffSize {
		return false
	}
	const begin, end = 148, 156 // of the checksum, which counts as blanks
	unsigned, signed := int64(8*' '), int64(8*' ')
	for i, b := range first[:sniffSize] {
		if i < begin || i >= end {
			unsigned += int64(b)
			signed += int64(int8(b))
		}
	}
	field := strings.Trim(string(first[begin:end]), " \x00")
	if field == "" {
		return unsigned == 8*' '
	}
	sum, err := strconv.ParseInt(field, 8, 64)
	return err == nil && (sum == unsigned || sum == signed)
}

// A tarPass reads a tar archive once, from begin to end.
type tarPass struct {
	stream *stream
	in     *source // stream, with its errors remembered
	tar    *tar.Reader
	placer placer
}

func (a *Archive) openTar(e *encoder, opts Options) (*tarPass, error) {
	s, err := a.open(e.ctx, opts.MaxSize)
	if err != nil {
		return nil, err
	}
	s.readAhead()
	in := &source{r: s}
	return &tarPass{s, in, tar.NewReader(in), newPlacer(opts)}, nil
}

// next returns the next header that counts, with its path in the tree; nil at
// the end.
func (p *tarPass) next() (*tar.Header, error) {
	for {
		h, err := p.tar.Next()
		switch {
		case err == io.EOF:
			return nil, nil
		case err != nil && !errors.Is(err, tar.ErrInsecurePath):
			return nil, p.in.blame("tar", err)
		}
		if p.place(h) {
			return h, nil
		}
	}
}

// place sets the paths of h to those in the tree, and tells whether it is in
// there.
func (p *tarPass) place(h *tar.Header) (placed bool) {
	if h.Typeflag == tar.TypeLink {
		if target, ok := p.placer.place(h.Linkname); ok {
			h.Linkname = target
		}
	}
	h.Name, placed = p.placer.place(h.Name)
	return placed
}

// Read reads the contents of the current entry.
func (p *tarPass) Read(b []byte) (int, error) {
	n, err := p.tar.Read(b)
	if err != nil && err != io.EOF {
		err = p.in.blame("tar", err)
	}
	return n, err
}

// blameEnd makes an end of input within an entry ErrTruncated.
func blameEnd(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return truncated("tar")
	}
	return err
}

// drain reads what is behind the archive's end mark, which proves the
// checksums of compressed data.
func (p *tarPass) drain() error {
	if _, err := io.Copy(io.Discard, p.in); err != nil {
		return p.in.blame("tar", err)
	}
	return nil
}

// isFile tells whether an entry has contents, and so a body.
func isFile(h *tar.Header) bool {
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		return true
	}
	return false
}

// addTar adds an entry of a tar archive to t.
func (t *tree) addTar(h *tar.Header) error {
	const gnuDumpDir, gnuVolume = 'D', 'V'
	switch h.Typeflag {
	case tar.TypeDir, gnuDumpDir:
		return t.addDir(h.Name)
	case tar.TypeSymlink:
		return t.addSymlink(h.Name, h.Linkname)
	case tar.TypeLink:
		return t.addLink(h.Name, h.Linkname)
	case tar.TypeXGlobalHeader, gnuVolume:
		return nil
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return badFormat("%q: a device or a pipe", h.Name)
	}
	if isFile(h) {
		return t.addFile(h.Name, h.Size, h.Mode&0o100 != 0)
	}
	return unsupported("%q: a tar entry of type %q", h.Name, h.Typeflag)
}

// A tarWriter turns a tar archive into a NAR. The package comment has its
// steps.
type tarWriter struct {
	tar   *tarPass
	opts  Options
	enc   *encoder
	tree  *tree
	store *store
	guess bool
	out   *treeWriter // nil until something is written
	taken int         // nodes of the tree that out has

	ahead   bool  // guess, and keep in memory what is written
	fresh   int64 // bytes of contents that hashAhead has not seen
	pending int64 // bytes of contents that it has seen and not written
}

// writeTar reads the archive once. With guess it may return errOrder.
func (a *Archive) writeTar(e *encoder, opts Options, guess bool) error {
	p, err := a.openTar(e, opts)
	if err != nil {
		return err
	}
	defer p.stream.Close()
	w := &tarWriter{
		tar: p, opts: opts, enc: e, guess: guess, ahead: guess,
		tree: newTree(opts.MaxSize), store: newStore(opts.Budget, opts.TempDir),
	}
	defer w.store.close()
	if err := w.read(); err != nil {
		return err
	}
	return w.finish()
}

// read takes in the whole archive.
func (w *tarWriter) read() error {
	for w.enc.err == nil {
		h, err := w.tar.next()
		if err != nil {
			return err
		}
		if h == nil {
			return w.tar.drain()
		}
		if err := w.add(h); err != nil {
			return err
		}
	}
	return nil
}

func (w *tarWriter) add(h *tar.Header) error {
	w.tree.changed = root
	if err := w.tree.addTar(h); err != nil {
		return err
	}
	if err := w.wrong(w.checkChange()); err != nil {
		return err
	}
	if !isFile(h) || h.Size == 0 {
		return nil
	}
	return blameEnd(w.takeContents(bodyID(len(w.tree.bodies) - 1)))
}

// takeContents reads those of the entry that was added last: into memory or
// into the NAR, or where that would be out of order, into a temporary file.
func (w *tarWriter) takeContents(id bodyID) (err error) {
	b := &w.tree.bodies[id]
	if w.guess && !w.store.fits(b.size) {
		front, err := w.makeRoom(id)
		if err != nil || front {
			return err
		}
	}
	if w.store.fits(b.size) {
		b.at, err = w.store.keep(w.tar, b.size)
	} else {
		b.at, err = w.store.spill(w.tar, b.size)
	}
	if err == nil && w.ahead {
		err = w.hashAhead(id)
	}
	return err
}

// finish writes what is not written yet.
func (w *tarWriter) finish() error {
	if err := w.store.settle(); err != nil {
		return err
	}
	if err := w.wrong(w.takeIn()); err != nil {
		return err
	}
	if w.out == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	for w.enc.err == nil {
		id, more := w.out.next()
		if !more {
			break
		}
		if err := w.writeFile(id); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes the file that out.next has returned.
func (w *tarWriter) writeFile(id bodyID) error {
	if b := &w.tree.bodies[id]; b.size > 0 && b.at == 0 {
		return errOrder // a hard link to what is written and dropped
	}
	return w.out.file(w.store, w.ahead)
}
