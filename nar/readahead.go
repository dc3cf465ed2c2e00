package nar

import "io"

// A readAhead reads r in a goroutine of its own, so that decompressing and what
// is done with the result share two cores. Close ends the goroutine.
type readAhead struct {
	r     io.Reader
	full  chan block
	free  chan []byte
	stop  chan struct{}
	block block // the current one
	rest  []byte
}

type block struct {
	data []byte
	err  error // behind data
}

func newReadAhead(r io.Reader) *readAhead {
	const buffers = 4
	a := &readAhead{
		r:    r,
		full: make(chan block, buffers),
		free: make(chan []byte, buffers),
		stop: make(chan struct{}),
	}
	for range buffers {
		a.free <- make([]byte, bufferSize)
	}
	go a.run()
	return a
}

func (a *readAhead) run() {
	defer close(a.full)
	for {
		select {
		case <-a.stop:
			return
		case buf := <-a.free:
			n, err := io.ReadFull(a.r, buf)
			if err == io.ErrUnexpectedEOF {
				err = io.EOF // r itself blames its bytes in another way
			}
			a.full <- block{buf[:n], err}
			if err != nil {
				return
			}
		}
	}
}

func (a *readAhead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.block.err != nil {
			return 0, a.block.err
		}
		if a.block.data != nil {
			a.free <- a.block.data[:bufferSize]
		}
		a.block = <-a.full
		a.rest = a.block.data
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close waits for the goroutine. It does not close r.
func (a *readAhead) Close() error {
	close(a.stop)
	for range a.full {
	}
	return nil
}
