package nar

import "math/bits"

const (
	literalBits  = 11
	distanceBits = 8
	lengthBits   = 7  // of the code for the lengths of codes
	maxCode      = 15 // bits of any code
)

// A huffman decodes one of deflate's codes. Its table is indexed by the next
// bits of input: first 1<<root entries, then tables for the codes that are
// longer, indexed by the bits that follow.
type huffman struct {
	root  uint
	table []entry
}

// An entry says what bits of input mean: in its bits 0 to 5 how many there are,
// in bits 8 to 11 how many without the extra ones, from bit 16 on a literal, or
// the number that the extra bits are added to. If it stands for a table, bits 8
// to 11 say how many index that, and from bit 16 on where it begins.
type entry uint32

const (
	isLiteral entry = 1 << 15
	isSpecial entry = 1 << 14 // one of the following, or no code at all
	isEnd     entry = 1 << 13
	isTable   entry = 1 << 12
)

func (e entry) base() int { return int(e >> 16) }

// build makes the table for symbols with codes of the given lengths, 0 if they
// have none, and tells whether there is such a code. As in zlib, one with fewer
// codes than there could be must have one of a single bit, or none at all.
func (h *huffman) build(root uint, lengths []uint8, symbols []entry) bool {
	var counts [maxCode + 1]int
	for _, n := range lengths {
		counts[n]++
	}
	used := len(lengths) - counts[0]
	code, codes := 0, [maxCode + 2]int{}
	for n := 1; n <= maxCode; n++ {
		codes[n] = code
		code = (code + counts[n]) << 1
	}
	if full := code == 2<<maxCode; !full && (used > 1 || used == 1 && counts[1] == 0) {
		return false
	}
	h.root = root
	h.table = append(h.table[:0], make([]entry, 1<<root)...)
	for i := range h.table {
		h.table[i] = isSpecial
	}
	h.addTables(lengths, codes)
	for symbol, n := range lengths {
		if n > 0 {
			h.add(reversed(codes[n], uint(n)), uint(n), symbols[symbol])
			codes[n]++
		}
	}
	return true
}

// reversed returns the n bits of a code as they come in the input.
func reversed(code int, n uint) uint { return uint(bits.Reverse16(uint16(code)) >> (16 - n)) }

// addTables adds tables for codes that are longer than the root's bits, of the
// size that the longest in each needs.
func (h *huffman) addTables(lengths []uint8, codes [maxCode + 2]int) {
	var longest [1 << literalBits]uint8
	for _, n := range lengths {
		if uint(n) > h.root {
			at := reversed(codes[n], uint(n)) & (1<<h.root - 1)
			longest[at] = max(longest[at], n)
			codes[n]++
		}
	}
	for at, n := range longest[:1<<h.root] {
		if n == 0 {
			continue
		}
		index := uint(n) - h.root
		h.table[at] = isSpecial | isTable | entry(index)<<8 | entry(len(h.table))<<16
		h.table = append(h.table, make([]entry, 1<<index)...)
	}
}

// add enters a symbol wherever the input may have its code.
func (h *huffman) add(code, n uint, symbol entry) {
	table := h.table[:1<<h.root]
	if n > h.root {
		e := table[code&(1<<h.root-1)]
		table = h.table[e.base() : e.base()+1<<(e>>8&15)]
		code >>= h.root
		n -= h.root
	}
	for ; code < uint(len(table)); code += 1 << n {
		table[code] = symbol + entry(n)<<8 + entry(n)
	}
}

// The symbols of deflate's codes: what their entries have besides lengths.
var literalSymbols, distanceSymbols, lengthSymbols = deflateSymbols()

func deflateSymbols() (literals [288]entry, distances [32]entry, lengths [19]entry) {
	for i := range 256 {
		literals[i] = isLiteral | entry(i)<<16
	}
	literals[256] = isSpecial | isEnd
	base := 3
	for i := 257; i < 285; i++ {
		extra := max(0, (i-261)/4)
		literals[i] = entry(extra) | entry(base)<<16
		base += 1 << extra
	}
	literals[285] = 258 << 16
	literals[286], literals[287] = isSpecial, isSpecial
	base = 1
	for i := range 30 {
		extra := max(0, (i-2)/2)
		distances[i] = entry(extra) | entry(base)<<16
		base += 1 << extra
	}
	distances[30], distances[31] = isSpecial, isSpecial
	for i := range lengths {
		lengths[i] = entry(i) << 16
	}
	return literals, distances, lengths
}

// fixedCodes sets the codes that deflate has for short blocks.
func (f *inflater) fixedCodes() {
	lengths := make([]uint8, 288+32)
	for i := range lengths {
		switch {
		case i >= 288:
			lengths[i] = 5
		case i < 144 || i >= 280:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		default:
			lengths[i] = 7
		}
	}
	f.literals.build(literalBits, lengths[:288], literalSymbols[:])
	f.distances.build(distanceBits, lengths[288:], distanceSymbols[:])
}

// readCodes reads the codes of a block, whose lengths are in a code as well.
func (f *inflater) readCodes() error {
	v, err := f.take(14)
	if err != nil {
		return err
	}
	literals, distances, n := v&31+257, v>>5&31+1, v>>10+4
	if literals > 286 || distances > 30 {
		return errDeflate
	}
	var own [19]uint8
	for _, i := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}[:n] {
		if v, err = f.take(3); err != nil {
			return err
		}
		own[i] = uint8(v)
	}
	if !f.literals.build(lengthBits, own[:], lengthSymbols[:]) {
		return errDeflate
	}
	lengths := make([]uint8, literals+distances)
	if err := f.readLengths(lengths); err != nil {
		return err
	}
	if lengths[256] == 0 ||
		!f.literals.build(literalBits, lengths[:literals], literalSymbols[:]) ||
		!f.distances.build(distanceBits, lengths[literals:], distanceSymbols[:]) {
		return errDeflate
	}
	return nil
}

// readLengths reads the lengths of codes, by the code that f.literals has.
func (f *inflater) readLengths(lengths []uint8) error {
	for i := 0; i < len(lengths); {
		symbol, err := f.lengthSymbol()
		if err != nil {
			return err
		}
		if symbol < 16 {
			lengths[i] = uint8(symbol)
			i++
			continue
		}
		repeats := [...]struct {
			extra uint
			base  int
		}{{2, 3}, {3, 3}, {7, 11}}[symbol-16]
		n, err := f.take(repeats.extra)
		if err != nil {
			return err
		}
		n += repeats.base
		var length uint8
		if symbol == 16 && i > 0 {
			length = lengths[i-1]
		}
		if symbol == 16 && i == 0 || n > len(lengths)-i {
			return errDeflate
		}
		for range n {
			lengths[i] = length
			i++
		}
	}
	return nil
}

func (f *inflater) lengthSymbol() (int, error) {
	if err := f.load(); err != nil {
		return 0, err
	}
	e := f.literals.table[f.bits&(1<<lengthBits-1)]
	if e&isSpecial != 0 {
		return 0, errDeflate
	}
	_, err := f.take(uint(e & 63))
	return e.base(), err
}
