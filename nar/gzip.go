package nar

import (
	"bufio"
	"cmp"
	"errors"
	"hash/crc32"
	"io"
)

// A gzipReader reads the members of a gzip stream (RFC 1952). As GNU gzip does,
// it ignores what follows a complete member and does not begin as another one:
// zeros that pad to a tape's block, or junk.
type gzipReader struct {
	data *inflater
	sum  uint32
	size uint32 // of the member so far, modulo 1<<32
	err  error
}

func openGzip(r *bufio.Reader) (io.ReadCloser, error) {
	g := &gzipReader{data: newInflater(r)}
	if err := g.header(); err != nil {
		return nil, err
	}
	return g, nil
}

// Close does nothing: the reader has nothing but memory.
func (g *gzipReader) Close() error { return nil }

func (g *gzipReader) Read(p []byte) (int, error) {
	for g.err == nil {
		n, err := g.data.Read(p)
		g.sum = crc32.Update(g.sum, crc32.IEEETable, p[:n])
		g.size += uint32(n)
		if err == io.EOF {
			err = g.nextMember()
		}
		g.err = err
		if n > 0 {
			return n, nil
		}
	}
	return 0, g.err
}

// nextMember checks the end of a member, and begins the next one. It returns
// io.EOF when there is none.
func (g *gzipReader) nextMember() error {
	sum, err := g.number(4)
	if err != nil {
		return err
	}
	size, err := g.number(4)
	if err != nil {
		return err
	}
	if sum != g.sum || size != g.size {
		return errors.New("the checksum is wrong")
	}
	if next, err := g.data.next2(); err != nil || next != gzipMagic {
		return cmp.Or(err, io.EOF)
	}
	g.sum, g.size = 0, 0
	g.data.restart()
	return g.header()
}

const gzipMagic = "\x1f\x8b"

// header reads that of a member, and ignores what it says about the file.
func (g *gzipReader) header() error {
	const hasSum, hasExtra, hasName, hasComment, reserved = 2, 4, 8, 16, 0xe0
	var head [10]byte
	for i := range head {
		b, err := g.number(1)
		if err != nil {
			return err
		}
		head[i] = byte(b)
	}
	flags := head[3]
	if string(head[:2]) != gzipMagic || head[2] != 8 || flags&reserved != 0 {
		return errors.New("bad header")
	}
	var err error
	if flags&hasExtra != 0 {
		err = g.skipExtra()
	}
	for _, flag := range []byte{hasName, hasComment} {
		if err == nil && flags&flag != 0 {
			err = g.skipText()
		}
	}
	if err == nil && flags&hasSum != 0 {
		_, err = g.number(2)
	}
	return err
}

func (g *gzipReader) skipExtra() error {
	size, err := g.number(2)
	for ; size > 0 && err == nil; size-- {
		_, err = g.number(1)
	}
	return err
}

func (g *gzipReader) skipText() error {
	for {
		if b, err := g.number(1); b == 0 || err != nil {
			return err
		}
	}
}

// number reads one of n bytes, the lowest first.
func (g *gzipReader) number(n uint) (uint32, error) {
	var v uint32
	for i := range n {
		b, err := g.data.take(8)
		if err != nil {
			return 0, err
		}
		v |= uint32(b) << (8 * i)
	}
	return v, nil
}
