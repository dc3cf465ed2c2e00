package nar

import (
	"context"
	"encoding/binary"
	"io"
)

// bufferSize is large enough to make a write or a hand-over cheap, and small
// enough to stay in a core's cache.
const bufferSize = 256 << 10

// The parts of a NAR that never change, encoded.
var (
	tokMagic      = tokens("nix-archive-1")
	tokEntry      = tokens("entry", "(", "name")
	tokNode       = tokens("node")
	tokEnd        = tokens(")")
	tokDirectory  = tokens("(", "type", "directory")
	tokSymlink    = tokens("(", "type", "symlink", "target")
	tokRegular    = tokens("(", "type", "regular", "contents")
	tokExecutable = tokens("(", "type", "regular", "executable", "", "contents")
)

// tokens encodes strings as NARs do: length in 8 bytes, little-endian, then
// the bytes, padded with zeros to a multiple of 8.
func tokens(list ...string) string {
	var b []byte
	for _, s := range list {
		b = binary.LittleEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
		b = append(b, zeros[:padding(int64(len(s)))]...)
	}
	return string(b)
}

const zeros = "\x00\x00\x00\x00\x00\x00\x00\x00"

// padding returns how many zeros follow n bytes.
func padding(n int64) int { return int(-n & 7) }

// An encoder writes the parts of a NAR through one buffer, to a writer or to a
// hasher. The first error of the writer or of ctx ends it: later calls do nothing,
// close returns the error.
type encoder struct {
	ctx    context.Context // checked once a buffer
	w      io.Writer       // nil if there is a hasher
	hasher *hasher         // nil if there is a writer
	buf    []byte
	done   int64 // bytes written
	err    error
}

func newEncoder(ctx context.Context, w io.Writer) *encoder {
	return begin(&encoder{ctx: ctx, w: w})
}

func newHashingEncoder(ctx context.Context, h *hasher) *encoder {
	return begin(&encoder{ctx: ctx, hasher: h})
}

func begin(e *encoder) *encoder {
	e.buf = make([]byte, 0, bufferSize)
	e.raw(tokMagic)
	return e
}

// close writes what is left, and returns the first error and the NAR's size.
func (e *encoder) close() (int64, error) {
	e.flush()
	return e.done, e.err
}

// restart forgets all that was written to the hasher.
func (e *encoder) restart() {
	e.hasher.reset()
	e.buf, e.done = e.buf[:0], 0
	e.raw(tokMagic)
}

func (e *encoder) flush() {
	if e.err == nil {
		e.err = e.ctx.Err()
	}
	if e.err != nil {
		e.buf = e.buf[:0]
		return
	}
	e.done += int64(len(e.buf))
	if e.hasher != nil {
		e.buf = e.hasher.exchange(e.buf)
		return
	}
	_, e.err = e.w.Write(e.buf)
	e.buf = e.buf[:0]
}

// room returns the free end of the buffer, which is never empty.
func (e *encoder) room() []byte {
	if len(e.buf) == cap(e.buf) {
		e.flush()
	}
	return e.buf[len(e.buf):cap(e.buf)]
}

// raw appends encoded bytes.
func (e *encoder) raw(s string) {
	for len(s) > 0 {
		n := copy(e.room(), s)
		e.buf = e.buf[:len(e.buf)+n]
		s = s[n:]
	}
}

func (e *encoder) bytes(p []byte) {
	const large = 1 << 10 // where a copy costs more than a call
	if e.hasher != nil && e.hasher.full == nil && len(p) >= large {
		e.flush()
		e.done += int64(len(p))
		e.hasher.hash.Write(p)
		return
	}
	for len(p) > 0 {
		n := copy(e.room(), p)
		e.buf = e.buf[:len(e.buf)+n]
		p = p[n:]
	}
}

func (e *encoder) number(n int64) {
	if cap(e.buf)-len(e.buf) < 8 {
		e.flush()
	}
	e.buf = binary.LittleEndian.AppendUint64(e.buf, uint64(n))
}

func (e *encoder) pad(n int64) { e.raw(zeros[:padding(n)]) }

func (e *encoder) string(s string) {
	e.number(int64(len(s)))
	e.raw(s)
	e.pad(int64(len(s)))
}

// entry begins an entry of a directory; its node follows, then end.
func (e *encoder) entry(name string) {
	e.raw(tokEntry)
	e.string(name)
	e.raw(tokNode)
}

// directory begins a directory; its entries follow, then end.
func (e *encoder) directory() { e.raw(tokDirectory) }

// end ends a directory or an entry.
func (e *encoder) end() { e.raw(tokEnd) }

func (e *encoder) symlink(target string) {
	e.raw(tokSymlink)
	e.string(target)
	e.end()
}

// file begins a file; size bytes of contents follow, then endFile.
func (e *encoder) file(size int64, executable bool) {
	if executable {
		e.raw(tokExecutable)
	} else {
		e.raw(tokRegular)
	}
	e.number(size)
}

func (e *encoder) endFile(size int64) {
	e.pad(size)
	e.end()
}

// copyFrom appends exactly size bytes of r. The error is that of r, or
// io.ErrUnexpectedEOF when it has fewer bytes.
func (e *encoder) copyFrom(r io.Reader, size int64) error {
	for size > 0 && e.err == nil {
		room := e.room()
		n, err := r.Read(room[:min(int64(len(room)), size)])
		e.buf = e.buf[:len(e.buf)+n]
		size -= int64(n)
		if err == io.EOF && size > 0 {
			return io.ErrUnexpectedEOF
		}
		if err != nil && size > 0 {
			return err
		}
	}
	return nil
}
