package nar

import (
	"hash"

	"granary/hashes"
)

// A hasher is a sink that hashes in a goroutine of its own, so that reading,
// decompressing and hashing share two cores.
type hasher struct {
	algo hashes.Algorithm
	hash hash.Hash
	full chan []byte
	free chan []byte
	done chan struct{}
}

// newHasher starts the goroutine; sum ends it.
func newHasher(algo hashes.Algorithm) *hasher {
	h := &hasher{
		algo: algo,
		hash: algo.New(),
		full: make(chan []byte, 2),
		free: make(chan []byte, 3),
		done: make(chan struct{}),
	}
	for range 2 {
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

// sink is the method value that an encoder takes.
func (h *hasher) sink(full []byte) ([]byte, error) {
	h.full <- full
	return <-h.free, nil
}

// sum waits for the goroutine to end and returns the hash of all bytes.
func (h *hasher) sum() hashes.Hash {
	close(h.full)
	<-h.done
	return hashes.Of(h.algo, h.hash)
}
