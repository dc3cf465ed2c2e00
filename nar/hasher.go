package nar

import (
	"hash"
	"runtime"

	"granary/hashes"
)

// A hasher is a writer that hashes, in a goroutine of its own if there is a
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
		h.hash.Write(buf)
		h.free <- buf[:0]
	}
}

func (h *hasher) Write(p []byte) (int, error) {
	if h.full == nil {
		return h.hash.Write(p)
	}
	h.full <- append(<-h.free, p...)
	return len(p), nil
}

// sum waits for the goroutine to end and returns the hash of all bytes.
func (h *hasher) sum() hashes.Hash {
	if h.full != nil {
		close(h.full)
		<-h.done
	}
	return hashes.Of(h.algo, h.hash)
}
