package intake

import (
	"bytes"
	"encoding/binary"
	"hash"
	"io"
	"slices"
	"sync"

	"granary/hashes"
	"granary/nar"
)

// sums hashes what is written to it by several algorithms.
type sums struct {
	algos  []hashes.Algorithm
	hashes []hash.Hash
}

func newSums(algos []hashes.Algorithm) *sums {
	s := &sums{algos: algos}
	for _, a := range algos {
		s.hashes = append(s.hashes, a.New())
	}
	return s
}

// Write never fails.
func (s *sums) Write(p []byte) (int, error) {
	for _, h := range s.hashes {
		h.Write(p)
	}
	return len(p), nil
}

func (s *sums) all() []hashes.Hash {
	all := make([]hashes.Hash, len(s.algos))
	for i, a := range s.algos {
		all[i] = hashes.Of(a, s.hashes[i])
	}
	return all
}

// A frame is what stands around a file's contents in the NAR of that file.
type frame struct{ head, tail []byte }

// endSize is the length of ")" in a NAR, which follows the contents: a length
// of 8 bytes, and text that is padded to 8.
const endSize = 16

// emptyFiles are the NARs of an empty file, [1] of one that is executable.
var emptyFiles = sync.OnceValue(func() (nars [2][]byte) {
	for i := range nars {
		var b bytes.Buffer
		_ = nar.WriteFile(&b, bytes.NewReader(nil), 0, i == 1) // neither can fail
		nars[i] = b.Bytes()
	}
	return nars
})

// frameOf makes the frame for contents of size bytes out of that for none,
// where the head ends with their length.
func frameOf(size int64, executable bool) frame {
	empty := emptyFiles()[0]
	if executable {
		empty = emptyFiles()[1]
	}
	begin := len(empty) - endSize
	head := binary.LittleEndian.AppendUint64(slices.Clone(empty[:begin-8]), uint64(size))
	return frame{head, append(make([]byte, -size&7), empty[begin:]...)}
}

// fileSums are the hashes of a file and of the two NARs that it may be in.
type fileSums struct{ flat, regular, executable []hashes.Hash }

// sumFile reads r, which has size bytes, once.
func sumFile(r io.Reader, size int64, flat, nars []hashes.Algorithm) (s fileSums, err error) {
	bare, regular, executable := newSums(flat), newSums(nars), newSums(nars)
	asRegular, asExecutable := frameOf(size, false), frameOf(size, true)
	regular.Write(asRegular.head)
	executable.Write(asExecutable.head)
	n, err := io.Copy(io.MultiWriter(bare, regular, executable), r)
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF // it changes while it is read
	}
	if err != nil {
		return s, err
	}
	regular.Write(asRegular.tail)
	executable.Write(asExecutable.tail)
	return fileSums{bare.all(), regular.all(), executable.all()}, nil
}
