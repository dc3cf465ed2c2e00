package nar

import (
	"bufio"
	"bytes"
	"io"

	"github.com/klauspost/compress/gzip"
)

// gzipReader reads the members of a gzip stream. As GNU gzip does, it ignores
// what follows a complete member and does not begin as another one: zeros that
// pad to a tape's block, or junk.
type gzipReader struct {
	in *bufio.Reader
	z  *gzip.Reader // of one member
}

func openGzip(r *bufio.Reader) (io.ReadCloser, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gzipReader{r, z}, nil
}

func (g *gzipReader) Read(p []byte) (int, error) {
	for {
		n, err := g.z.Read(p)
		if err == io.EOF {
			err = g.nextMember()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// Close closes the decoder, not what it reads.
func (g *gzipReader) Close() error { return g.z.Close() }

// nextMember returns io.EOF when there is none.
func (g *gzipReader) nextMember() error {
	magic, err := g.in.Peek(2)
	if err != nil {
		return err
	}
	if !bytes.Equal(magic, []byte("\x1f\x8b")) {
		return io.EOF
	}
	err = g.z.Reset(g.in)
	g.z.Multistream(false)
	return err
}
