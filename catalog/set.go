package catalog

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// A set of row numbers is kept as a BLOB: the numbers in rising order, each as
// an unsigned varint of its difference to the one before (the first: to 0).

// encodeSet sorts ids, drops duplicates, and returns the BLOB.
func encodeSet(ids []int64) []byte {
	slices.Sort(ids)
	blob := make([]byte, 0, 2*len(ids))
	last := int64(0)
	for _, id := range slices.Compact(ids) {
		blob = binary.AppendUvarint(blob, uint64(id-last))
		last = id
	}
	return blob
}

// decodeSet appends the numbers in blob to ids.
func decodeSet(ids []int64, blob []byte) ([]int64, error) {
	last := int64(0)
	for len(blob) > 0 {
		delta, n := binary.Uvarint(blob)
		if n <= 0 || int64(delta) < 0 || last+int64(delta) < last {
			return ids, fmt.Errorf("set of row numbers: damaged %d bytes before its end", len(blob))
		}
		last += int64(delta)
		ids = append(ids, last)
		blob = blob[n:]
	}
	return ids, nil
}

// A rowSet tells which rows are in a set: a bit for each.
type rowSet []uint64

// with returns the set with rows, which are in rising order, added. It may change s.
func (s rowSet) with(rows []int64) rowSet {
	if len(rows) == 0 {
		return s
	}
	if more := int(rows[len(rows)-1]/64) + 1 - len(s); more > 0 {
		s = append(s, make(rowSet, more)...)
	}
	for _, row := range rows {
		s[row/64] |= 1 << (row % 64)
	}
	return s
}

func (s rowSet) has(row int64) bool {
	return row/64 < int64(len(s)) && s[row/64]>>(row%64)&1 != 0
}

func (s rowSet) count() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}
