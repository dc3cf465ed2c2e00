package nar

import (
	"hash"
	"runtime"

	"granary/hashes"
)

// A hasher hashes what an encoder gives it, in a goroutine of its own if there is a
// second core, so that reading, decompressing and hashing share them.
type hasher struct {
	algo hashes.Algorithm
	hash hash.Hash
	full chan []byte // nil if there is no goroutine
	free chan []byte
	done chan struct{}
}

// newHasher starts the goroutine; sum ends it.
func newHasher(algo hashes.Algorithm) *hasher {
	h := &hasher{algo: algo, hash: algo.New()}
	if runtime.GOMAXPROCS(0) == 1 {
		return h
	}
	const buffers = 3
	h.full = make(chan []byte, buffers)
	h.free = make(chan []byte, buffers)
	h.done = make(chan struct{})
	for range buffers {
		h.free <- make([]byte, 0, bufferSize)
	}
	go h.run()
	return h
}

func (h *hasher) run() {
	defer close(h.done)
	for buf := range h.full {
		if buf == nil {
			h.hash.Reset()
			continue
		}
		h.hash.Write(buf)
		h.free <- buf[:0]
	}
}

// reset forgets all that was written.
func (h *hasher) reset() {
	if h.full == nil {
		h.hash.Reset()
	} else {
		h.full <- nil
	}
}

// exchange takes a buffer to hash, of bufferSize, and returns an empty one.
func (h *hasher) exchange(buf []byte) []byte {
	if h.full == nil {
		h.hash.Write(buf)
		return buf[:0]
	}
	h.full <- buf
	return <-h.free
}

// sum waits for the goroutine to end and returns the hash of all bytes.
func (h *hasher) sum() hashes.Hash {
	if h.full != nil {
		close(h.full)
		<-h.done
	}
	return hashes.Of(h.algo, h.hash)
}
