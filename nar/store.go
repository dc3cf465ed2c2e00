package nar

import (
	"bufio"
	"io"
	"os"
	"sync"
)

// A store keeps the contents of files: in memory while there is room, then in a
// temporary file.
//
// Memory comes in blocks. A block knows the next one of the same contents, or
// the next free one, as in a FAT; so what is dropped makes room for contents of
// any size, and a small file costs no allocation.
type store struct {
	block  int      // bytes of a block
	limit  int      // blocks that there may be
	used   int      // blocks that hold contents
	chunks [][]byte // blocks, chunkBlocks in each
	next   []int32  // by block
	free   int32    // the first free block, or noBlock

	dir  string        // for the temporary file
	file *os.File      // nil while there is none
	out  *bufio.Writer // to file
	size int64         // bytes written to out
}

const (
	chunkBlocks = 256
	maxBlock    = 4 << 10
	noBlock     = -1
)

// A location says where in a store contents are: from 1 on the number of their
// first block, below 0 the complement of their offset in the file, 0 nowhere.
type location int64

// newStore returns a store that keeps budget bytes in memory.
func newStore(budget int64, dir string) *store {
	// Blocks are small enough that thousands fit, and at most a page.
	block := max(64, min(maxBlock, budget>>12))
	return &store{
		block: int(block), limit: int(min(budget/block, 1<<30)), free: noBlock, dir: dir,
	}
}

// fits tells whether memory has room for size bytes.
func (s *store) fits(size int64) bool {
	block := int64(s.block)
	return (size-1)/block+1 <= int64(s.limit-s.used)
}

// keep reads size bytes of r, which must fit, into memory.
func (s *store) keep(r io.Reader, size int64) (location, error) {
	first, last := int32(noBlock), int32(noBlock)
	for size > 0 {
		b := s.take()
		if first == noBlock {
			first = b
		} else {
			s.next[last] = b
		}
		last = b
		n := min(size, int64(s.block))
		if _, err := io.ReadFull(r, s.bytes(b)[:n]); err != nil {
			return 0, err
		}
		size -= n
	}
	return location(first) + 1, nil
}

// take returns a block that was free.
func (s *store) take() int32 {
	if s.free == noBlock {
		s.grow()
	}
	b := s.free
	s.free, s.next[b] = s.next[b], noBlock
	s.used++
	return b
}

// grow adds a chunk of free blocks.
func (s *store) grow() {
	s.chunks = append(s.chunks, newChunk(chunkBlocks*s.block))
	s.free = int32(len(s.next))
	for range chunkBlocks {
		s.next = append(s.next, int32(len(s.next)+1))
	}
	s.next[len(s.next)-1] = noBlock
}

// chunkPool has chunks of the usual budget, whose memory costs about as much to
// get anew as to fill.
var chunkPool sync.Pool

const pooledChunk = chunkBlocks * maxBlock

func newChunk(size int) []byte {
	if size == pooledChunk {
		if c, ok := chunkPool.Get().(*[pooledChunk]byte); ok {
			return c[:]
		}
	}
	return make([]byte, size)
}

func (s *store) bytes(b int32) []byte {
	begin := int(b) % chunkBlocks * s.block
	return s.chunks[b/chunkBlocks][begin : begin+s.block]
}

// spill copies size bytes of r to the temporary file.
func (s *store) spill(r io.Reader, size int64) (location, error) {
	if s.file == nil {
		if err := s.create(); err != nil {
			return 0, err
		}
	}
	at := s.size
	n, err := io.CopyN(s.out, r, size)
	s.size += n
	return ^location(at), err
}

// create makes the temporary file, and removes its name at once where it can, so
// that nothing is left of it whatever happens. Else close does.
func (s *store) create() error {
	f, err := os.CreateTemp(s.dir, "granary-contents-")
	if err != nil {
		return err
	}
	s.file, s.out = f, bufio.NewWriterSize(f, bufferSize)
	os.Remove(f.Name())
	return nil
}

// settle ends the writing of contents, before they are read.
func (s *store) settle() error {
	if s.file == nil {
		return nil
	}
	return s.out.Flush()
}

// copyTo writes contents of the given size to e, and returns errors of the
// temporary file only.
func (s *store) copyTo(e *encoder, p location, size int64) error {
	if p < 0 {
		return e.copyFrom(io.NewSectionReader(s.file, int64(^p), size), size)
	}
	for b := int32(p - 1); size > 0; b = s.next[b] {
		n := min(size, int64(s.block))
		e.bytes(s.bytes(b)[:n])
		size -= n
	}
	return nil
}

// drop frees the memory of contents.
func (s *store) drop(p location) {
	if p <= 0 {
		return
	}
	last := int32(p - 1)
	for s.used--; s.next[last] != noBlock; s.used-- {
		last = s.next[last]
	}
	s.next[last], s.free = s.free, int32(p-1)
}

// close ends the temporary file, and gives the memory back: nobody needs the
// contents any more.
func (s *store) close() {
	for _, c := range s.chunks {
		if len(c) == pooledChunk {
			chunkPool.Put((*[pooledChunk]byte)(c))
		}
	}
	s.chunks = nil
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
	}
}
