package nar

import (
	"encoding/binary"
	"errors"
	"io"
)

// An inflater undoes deflate (RFC 1951). It does so much faster than the
// libraries that there are for Go, since it decodes only where there is input
// for a whole symbol and room for its output: what is decoded goes to a buffer of
// its own, and behind the input's end zeros are read, which nothing may use.
type inflater struct {
	r   io.Reader
	in  []byte
	pos int  // of the next byte to load
	end int  // of what was read
	eof bool // no more is to be read
	// bits holds the next count bits, and above them what will be loaded again.
	bits  uint64
	count uint

	out  []byte // what was decoded last, at least historySize bytes of it
	op   int    // its end
	rp   int    // its part that is not read yet
	err  error  // behind that
	last bool   // the block is the last one
	next func(*inflater) error
	left int // bytes of a stored block

	literals, distances huffman
}

const (
	historySize = 32 << 10
	outSize     = 128 << 10
	inSize      = 64 << 10
	maxMatch    = 258
	// margin is how many bytes of input decoding a symbol may load.
	margin = 16
)

var errDeflate = errors.New("bad deflate data")

func newInflater(r io.Reader) *inflater {
	return &inflater{
		r: r, in: make([]byte, inSize+2*margin), out: make([]byte, outSize+maxMatch+32),
		next: (*inflater).header,
	}
}

// reset begins with another input.
func (f *inflater) reset(r io.Reader) {
	f.r, f.pos, f.end, f.eof, f.bits, f.count = r, 0, 0, false, 0, 0
	f.restart()
}

// restart begins another stream behind the one that has ended.
func (f *inflater) restart() {
	f.op, f.rp, f.err, f.last, f.next = 0, 0, nil, false, (*inflater).header
}

func (f *inflater) Read(p []byte) (int, error) {
	for f.rp == f.op {
		if f.err != nil {
			return 0, f.err
		}
		if f.op >= outSize {
			f.op = copy(f.out, f.out[f.op-historySize:f.op])
			f.rp = f.op
		}
		f.err = f.next(f)
	}
	n := copy(p, f.out[f.rp:f.op])
	f.rp += n
	return n, nil
}

// fill makes sure that a symbol can be loaded.
func (f *inflater) fill() error {
	if f.ready() {
		return nil
	}
	if f.eof {
		return io.ErrUnexpectedEOF
	}
	given := min(f.pos, 8) // that align may give back
	f.end = copy(f.in, f.in[f.pos-given:f.end])
	f.pos = given
	for f.end < given+margin && !f.eof {
		n, err := f.r.Read(f.in[f.end:inSize])
		f.end += n
		if err != nil && err != io.EOF {
			return err
		}
		f.eof = err == io.EOF
	}
	clear(f.in[f.end : f.end+2*margin])
	return nil
}

// ready tells whether margin bytes can be loaded. At the end of the input, zeros
// stand behind it.
func (f *inflater) ready() bool { return f.pos <= f.loadable() }

func (f *inflater) loadable() int {
	if f.eof {
		return f.end + margin
	}
	return f.end - margin
}

// overrun tells whether bits behind the input's end were used.
func (f *inflater) overrun() bool { return f.pos*8-int(f.count) > f.end*8 }

// load makes sure that there are 16 bits, if only zeros behind the end.
func (f *inflater) load() error {
	if f.count >= 16 {
		return nil
	}
	if err := f.fill(); err != nil {
		return err
	}
	f.bits |= binary.LittleEndian.Uint64(f.in[f.pos:]) << f.count
	f.pos += int(63-f.count) / 8
	f.count |= 56
	return nil
}

// take returns the next n bits, at most 16.
func (f *inflater) take(n uint) (int, error) {
	if err := f.load(); err != nil {
		return 0, err
	}
	v := int(f.bits & (1<<n - 1))
	f.bits >>= n
	f.count -= n
	if f.overrun() {
		return 0, io.ErrUnexpectedEOF
	}
	return v, nil
}

// align skips the bits up to the next byte and gives back what was loaded.
func (f *inflater) align() {
	f.pos -= int(f.count / 8)
	f.bits, f.count = 0, 0
}

// next2 returns the next two bytes without taking them: less at the end.
func (f *inflater) next2() (string, error) {
	err := f.load()
	if err == io.ErrUnexpectedEOF {
		return "", nil
	}
	left := max(0, min(2, f.end-f.pos+int(f.count/8)))
	return string([]byte{byte(f.bits), byte(f.bits >> 8)}[:left]), err
}

// header reads that of the next block.
func (f *inflater) header() error {
	if f.last {
		f.align()
		return io.EOF
	}
	v, err := f.take(3)
	if err != nil {
		return err
	}
	f.last = v&1 != 0
	switch v >> 1 {
	case 0:
		return f.storedHeader()
	case 1:
		f.fixedCodes()
	case 2:
		if err := f.readCodes(); err != nil {
			return err
		}
	default:
		return errDeflate
	}
	f.next = (*inflater).block
	return nil
}

func (f *inflater) storedHeader() error {
	f.align()
	size, err := f.take(16)
	if err != nil {
		return err
	}
	check, err := f.take(16)
	if err != nil {
		return err
	}
	if size != check^0xffff {
		return errDeflate
	}
	f.align()
	f.left, f.next = size, (*inflater).stored
	return nil
}

// stored copies from a block that is not compressed.
func (f *inflater) stored() error {
	if f.left == 0 {
		f.next = (*inflater).header
		return nil
	}
	if f.pos >= f.end {
		if err := f.fill(); err != nil {
			return err
		}
		if f.pos >= f.end {
			return io.ErrUnexpectedEOF
		}
	}
	n := copy(f.out[f.op:min(outSize, f.op+f.left)], f.in[f.pos:f.end])
	f.op += n
	f.pos += n
	f.left -= n
	return nil
}

// block decodes symbols until the block or the room for output ends.
func (f *inflater) block() error {
	for f.op < outSize {
		if err := f.fill(); err != nil {
			return err
		}
		begin := f.op
		ended, err := f.symbols()
		switch {
		case f.overrun():
			f.op = begin // some of that is made of the zeros
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		case ended:
			f.next = (*inflater).header
			return nil
		}
	}
	return nil
}

// symbols is the inner loop of decoding. It ends where the block does, or where
// input or room is short.
func (f *inflater) symbols() (ended bool, err error) {
	literals := (*[1 << literalBits]entry)(f.literals.table)
	distances := (*[1 << distanceBits]entry)(f.distances.table)
	in, out, pos, op, bits, count := f.in, f.out, f.pos, f.op, f.bits, f.count
	loadable := f.loadable()
loop:
	for pos <= loadable && op < outSize {
		bits |= binary.LittleEndian.Uint64(in[pos:]) << (count & 63)
		pos += int(63-count) >> 3
		count |= 56
		e := literals[bits&(1<<literalBits-1)]
		if e&isLiteral != 0 {
			bits >>= e & 63
			count -= uint(e & 63)
			out[op] = byte(e >> 16)
			op++
			e = literals[bits&(1<<literalBits-1)]
			if e&isLiteral != 0 {
				bits >>= e & 63
				count -= uint(e & 63)
				out[op] = byte(e >> 16)
				op++
				e = literals[bits&(1<<literalBits-1)]
			}
		}
		if e&(isLiteral|isSpecial) != 0 {
			if e&isTable != 0 {
				bits >>= literalBits
				count -= literalBits
				e = f.literals.table[e.base()+int(bits&(1<<(e>>8&15)-1))]
			}
			if e&isLiteral != 0 {
				bits >>= e & 63
				count -= uint(e & 63)
				out[op] = byte(e >> 16)
				op++
				continue
			}
			if e&isSpecial != 0 {
				ended = e&isEnd != 0
				if !ended {
					err = errDeflate
				}
				bits >>= e & 63
				count -= uint(e & 63)
				break loop
			}
		}
		length := e.base() + int(bits&(1<<(e&63)-1)>>(e>>8&15))
		bits >>= e & 63
		count -= uint(e & 63)

		bits |= binary.LittleEndian.Uint64(in[pos:]) << (count & 63)
		pos += int(63-count) >> 3
		count |= 56
		e = distances[bits&(1<<distanceBits-1)]
		if e&isTable != 0 {
			bits >>= distanceBits
			count -= distanceBits
			e = f.distances.table[e.base()+int(bits&(1<<(e>>8&15)-1))]
		}
		distance := e.base() + int(bits&(1<<(e&63)-1)>>(e>>8&15))
		if e&isSpecial != 0 || distance > op {
			err = errDeflate
			break
		}
		bits >>= e & 63
		count -= uint(e & 63)
		from, to := out[op-distance:], out[op:op+maxMatch+16]
		op += length
		if distance < 16 {
			repeat(from, distance, length)
			continue
		}
		*(*[16]byte)(to) = *(*[16]byte)(from)
		for length > 16 {
			length, from, to = length-16, from[16:], to[16:]
			*(*[16]byte)(to) = *(*[16]byte)(from)
		}
	}
	f.pos, f.op, f.bits, f.count = pos, op, bits, count
	return ended, err
}

// repeat copies length bytes from the beginning of b to distance.
func repeat(b []byte, distance, length int) {
	to := b[distance : distance+length]
	for i := range to {
		to[i] = b[i]
	}
}
