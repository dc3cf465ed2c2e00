package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"granary"
	"granary/nar"
)

// maxKept is the size up to which a file's contents are kept in memory while
// it is looked at, in bytes: it is read from its disk once.
const maxKept = 4 << 20

// A content is what is in a file.
type content struct {
	io.ReaderAt
	size int64
	file *os.File // nil: it is in memory
}

func openContent(path string) (*content, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = fmt.Errorf("read %s: not a regular file", path)
	case info.Size() > maxKept:
		return &content{f, info.Size(), f}, nil
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKept+1))
	return &content{bytes.NewReader(data), int64(len(data)), nil}, err
}

// close closes the file; its errors mean nothing after reading.
func (c *content) close() {
	if c.file != nil {
		c.file.Close()
	}
}

func (c *content) reader() io.Reader { return io.NewSectionReader(c, 0, c.size) }

func (c *content) copyTo(w io.Writer) error {
	_, err := io.Copy(w, c.reader())
	return err
}

// lookAt takes what the file at path is wanted for, and tells how many sources
// have it.
func (in *Intake) lookAt(ctx context.Context, path string) (found int, err error) {
	c, err := openContent(path)
	if err != nil {
		in.tell(Event{Kind: Failed, File: path, Err: err})
		return 0, nil
	}
	defer c.close()
	matches, err := in.matches(ctx, c)
	switch {
	case ctx.Err() != nil:
		return 0, context.Cause(ctx)
	case err != nil:
		in.tell(Event{Kind: Failed, File: path, Err: err})
		return 0, nil
	}
	seen := map[*Wanted]bool{}
	for _, m := range matches {
		m.sources = slices.DeleteFunc(m.sources, func(w *Wanted) bool { return seen[w] })
		for _, w := range m.sources {
			seen[w] = true
		}
		found += len(m.sources)
		if err := in.offer(ctx, path, m.recipe, m.sources, m.fill); err != nil {
			return found, err
		}
	}
	return found, nil
}

// A match is what a file is good for.
type match struct {
	recipe  granary.Recipe
	sources []*Wanted
	fill    fill
}

func (in *Intake) matches(ctx context.Context, c *content) ([]match, error) {
	x := in.index
	read := io.TeeReader(contextReader{ctx, c.reader()}, countWriter{io.Discard, &in.bytes})
	s, err := sumFile(read, c.size, x.fileAlgorithms(), x.lone.algos)
	if err != nil {
		return nil, err
	}
	all := []match{
		{granary.RecipeFlat, x.flat.find(s.flat), c.copyTo},
		{granary.RecipeUnpack, x.from.find(s.flat), c.copyTo},
		{granary.RecipeExecutable, x.lone.find(s.executable), c.copyTo},
		{granary.RecipeNAR, x.lone.find(s.regular), compressed(func(w io.Writer) error {
			return nar.WriteFile(w, c.reader(), c.size, false)
		})},
	}
	if !in.wantsTrees() {
		return all, nil
	}
	archived, err := in.archived(ctx, c)
	if err != nil {
		return nil, err
	}
	return append(all, archived...), nil
}

// archived returns what c is good for as an archive or as a NAR.
func (in *Intake) archived(ctx context.Context, c *content) ([]match, error) {
	archive, err := nar.OpenArchive(c, c.size)
	switch {
	case errors.Is(err, nar.ErrFormat):
		return in.unNAR(ctx, c)
	case err != nil:
		return nil, err
	}
	var all []match
	for how, t := range in.index.trees {
		s := newSums(t.algos)
		// An archive with two top directories, say, is one only with KeepRoot.
		err := archive.WriteNAR(ctx, s, in.options(how))
		switch {
		case errors.Is(err, nar.ErrFormat):
			continue
		case err != nil:
			return nil, err
		}
		all = append(all, match{granary.RecipeUnpack, t.find(s.all()), c.copyTo})
	}
	return all, nil
}

// narMagic begins every NAR.
const narMagic = "\x0d\x00\x00\x00\x00\x00\x00\x00nix-archive-1"

// firstBytes are those of a NAR and of gzip, xz, bzip2, zstd and lzma: most files
// need no closer look.
const firstBytes = "\x0d\x1f\xfdB\x28\x5d"

// unNAR returns what c is good for if it is a NAR.
func (in *Intake) unNAR(ctx context.Context, c *content) ([]match, error) {
	var first [1]byte
	_, err := c.ReadAt(first[:], 0)
	if err != nil || strings.IndexByte(firstBytes, first[0]) < 0 {
		return nil, nil // what there is to say of the error was said
	}
	plain, err := nar.Decompress(contextReader{ctx, c.reader()})
	if err != nil {
		return nil, nil
	}
	defer plain.Close()
	s := newSums(in.index.nars.algos)
	magic, err := io.ReadAll(io.LimitReader(plain, int64(len(narMagic))))
	if err != nil || string(magic) != narMagic {
		return nil, nil
	}
	s.Write(magic)
	if _, err := io.Copy(s, plain); err != nil {
		return nil, nil // it is cut off
	}
	return []match{{granary.RecipeNAR, in.index.nars.find(s.all()), c.copyTo}}, ctx.Err()
}

// lookInto takes the folder at path as a whole, if that is wanted, and tells how
// many sources have it.
func (in *Intake) lookInto(ctx context.Context, path string) (found int, err error) {
	s := newSums(in.index.nars.algos)
	if len(s.algos) == 0 {
		return 0, nil
	}
	dump := func(w io.Writer) error { return nar.Dump(w, path) }
	if err := dump(&errWriter{ctx: ctx, w: countWriter{s, &in.bytes}}); err != nil {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		in.tell(Event{Kind: Failed, File: path, Err: err})
		return 0, nil
	}
	sources := in.index.nars.find(s.all())
	return len(sources), in.offer(ctx, path, granary.RecipeNAR, sources, compressed(dump))
}

// A contextReader fails once ctx ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.r.Read(p)
}

// A countWriter adds the bytes written to it to a number.
type countWriter struct {
	w io.Writer
	n *atomic.Int64
}

func (c countWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n.Add(int64(n))
	return n, err
}
