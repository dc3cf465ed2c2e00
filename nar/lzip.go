package nar

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

const (
	lzipMagic   = "LZIP"
	lzipHeader  = 6          // bytes: magic number, version, size of the dictionary
	lzipTrailer = 20         // bytes: CRC-32 and size of the data, size of the member
	lzmaUsual   = 0x5d       // the properties that lzip always has
	lzmaEndMark = ^uint64(0) // in place of a size: there is a mark at the end
)

// A lzipReader reads the members of an lzip file: LZMA streams between a header
// and a trailer (lzip's manual, "File format"). As lzip does, it ignores what
// follows the last one.
type lzipReader struct {
	in    *bufio.Reader
	bytes countedBytes
	data  *lzma.Reader
	sum   uint32
	size  uint64 // of the member's data so far
}

// countedBytes counts what a decoder takes, which it does byte by byte.
type countedBytes struct {
	*bufio.Reader
	n uint64
}

func (c *countedBytes) ReadByte() (byte, error) {
	b, err := c.Reader.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

func openLzip(r *bufio.Reader) (io.ReadCloser, error) {
	z := &lzipReader{in: r}
	if err := z.header(); err != nil {
		return nil, err
	}
	return io.NopCloser(z), nil
}

// header reads that of a member.
func (z *lzipReader) header() error {
	var head [lzipHeader]byte
	if _, err := io.ReadFull(z.in, head[:]); err != nil {
		return err
	}
	exponent, fraction := head[5]&31, uint32(head[5]>>5)
	if string(head[:4]) != lzipMagic || head[4] != 1 || exponent < 12 || exponent > 29 {
		return errors.New("bad header")
	}
	dictionary := uint32(1)<<exponent - fraction<<(exponent-4)
	lzmaHead := []byte{lzmaUsual}
	lzmaHead = binary.LittleEndian.AppendUint32(lzmaHead, dictionary)
	lzmaHead = binary.LittleEndian.AppendUint64(lzmaHead, lzmaEndMark)
	z.bytes = countedBytes{Reader: z.in}
	z.sum, z.size = 0, 0
	return z.open(lzmaHead)
}

// open begins an LZMA stream that goes on behind head.
func (z *lzipReader) open(head []byte) (err error) {
	in := struct {
		io.Reader
		io.ByteReader
	}{io.MultiReader(bytes.NewReader(head), &z.bytes), &z.bytes}
	z.data, err = lzma.ReaderConfig{DictCap: maxDictionary}.NewReader(in)
	return err
}

func (z *lzipReader) Read(p []byte) (int, error) {
	for {
		n, err := z.data.Read(p)
		z.sum = crc32.Update(z.sum, crc32.IEEETable, p[:n])
		z.size += uint64(n)
		if err == io.EOF {
			err = z.nextMember()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// nextMember checks the trailer of a member, and begins the next one. It returns
// io.EOF when there is none.
func (z *lzipReader) nextMember() error {
	var trailer [lzipTrailer]byte
	if _, err := io.ReadFull(z.in, trailer[:]); err != nil {
		return io.ErrUnexpectedEOF
	}
	if binary.LittleEndian.Uint32(trailer[:]) != z.sum ||
		binary.LittleEndian.Uint64(trailer[4:]) != z.size ||
		binary.LittleEndian.Uint64(trailer[12:]) != lzipHeader+z.bytes.n+lzipTrailer {
		return errors.New("the checksum is wrong")
	}
	next, err := z.in.Peek(len(lzipMagic))
	if string(next) == lzipMagic {
		return z.header()
	}
	if err == nil {
		err = io.EOF
	}
	return err
}
