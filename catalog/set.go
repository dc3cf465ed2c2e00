package catalog

import (
	"encoding/binary"
	"fmt"
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
