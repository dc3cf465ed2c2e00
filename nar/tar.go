package nar

import (
	"archive/tar"
	"errors"
	"io"
	"strconv"
	"strings"
)

// maxWork is how many times Options.MaxSize bytes may be decompressed in all
// passes together, before an archive in a hostile order is given up.
const maxWork = 4

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

// load reads size bytes of the current entry into memory.
func (p *tarPass) load(size int64) ([]byte, error) {
	data := make([]byte, size)
	if _, err := io.ReadFull(p, data); err != nil {
		return nil, blameEnd(err)
	}
	return data, nil
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
	archive *Archive
	opts    Options
	enc     *encoder
	tree    *tree
	window  window
	out     *treeWriter
	work    int64 // bytes decompressed so far
}

func (a *Archive) writeTar(e *encoder, opts Options) error {
	w := &tarWriter{archive: a, opts: opts, enc: e, tree: newTree()}
	w.window.budget = opts.Budget
	if err := w.index(); err != nil {
		return err
	}
	if err := w.plan(); err != nil {
		return err
	}
	for !w.flush() {
		if w.work > maxWork*opts.MaxSize {
			return tooLarge("the order of files takes too many passes")
		}
		if err := w.pass(); err != nil {
			return err
		}
	}
	return nil
}

// index is the first pass: the tree, and contents while they fit.
func (w *tarWriter) index() error {
	p, err := w.archive.openTar(w.enc, w.opts)
	if err != nil {
		return err
	}
	defer p.stream.Close()
	for {
		h, err := p.next()
		if err != nil {
			return err
		}
		if h == nil {
			break
		}
		if err := w.tree.addTar(h); err != nil {
			return err
		}
		if !isFile(h) {
			continue
		}
		if err := w.keep(p, h); err != nil {
			return err
		}
	}
	err = p.drain()
	w.work += p.stream.n
	return err
}

// keep stores the contents of a file in the first pass, if that has room.
func (w *tarWriter) keep(p *tarPass, h *tar.Header) error {
	id := bodyID(len(w.window.held))
	w.window.held = append(w.window.held, nil)
	key := shelfKey(h.Name)
	if h.Size == 0 || !w.window.makeRoom(key, h.Size) {
		return nil
	}
	data, err := p.load(h.Size)
	if err != nil {
		return err
	}
	w.window.keep(id, data)
	w.window.shelf.put(id, key)
	return nil
}

// plan ends the first pass: now the order of the NAR is known.
func (w *tarWriter) plan() error {
	top, err := w.tree.top(w.opts.KeepRoot)
	if err != nil {
		return err
	}
	w.out = newTreeWriter(w.tree, top, w.enc)
	files := w.out.files()
	if err := w.tree.checkSize(files, w.opts.MaxSize); err != nil {
		return err
	}
	w.window.bodies = w.tree.bodies
	w.window.setOrder(files)
	return nil
}

// flush writes what is at the cursor for as long as it is here, and tells
// whether all is written, or writing failed.
func (w *tarWriter) flush() bool {
	for w.enc.err == nil {
		if _, more := w.out.next(); !more {
			return true
		}
		data, ok := w.window.ready()
		if !ok {
			return false
		}
		w.out.file(data)
		w.window.advance()
	}
	return true
}

// pass is a further pass. It ends early when all is written.
func (w *tarWriter) pass() error {
	p, err := w.archive.openTar(w.enc, w.opts)
	if err != nil {
		return err
	}
	defer p.stream.Close()
	var id bodyID
	done := false
	for !done {
		h, err := p.next()
		if err != nil {
			return err
		}
		if h == nil {
			break
		}
		if !isFile(h) {
			continue
		}
		if int(id) >= len(w.tree.bodies) || w.tree.bodies[id].size != h.Size {
			return errChanged
		}
		if done, err = w.take(p, id); err != nil {
			return err
		}
		id++
	}
	if !done && int(id) < len(w.tree.bodies) {
		return errChanged
	}
	w.work += p.stream.n
	return nil
}

var errChanged = errors.New("the archive has changed while it was read")

// take does with a body what the window says, and tells whether all is
// written.
func (w *tarWriter) take(p *tarPass, id bodyID) (done bool, err error) {
	switch w.window.fateOf(id) {
	case skip:
		return false, nil
	case direct:
		if err := w.out.fileFrom(p); err != nil {
			return false, blameEnd(err)
		}
		w.window.advance()
	case store:
		data, err := p.load(w.tree.bodies[id].size)
		if err != nil {
			return false, err
		}
		w.window.keep(id, data)
	}
	return w.flush(), nil
}
