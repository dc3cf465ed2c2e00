package catalog

import (
	"bytes"
	"math"
	"slices"
	"testing"
)

func TestSet(t *testing.T) {
	for _, row := range []struct {
		name      string
		ids, want []int64
		blob      []byte
	}{
		{"empty", nil, nil, []byte{}},
		{"one", []int64{5}, []int64{5}, []byte{5}},
		{"zero", []int64{0, 1}, []int64{0, 1}, []byte{0, 1}},
		{
			"not sorted, some twice", []int64{7, 3, 7, 300, 3}, []int64{3, 7, 300},
			[]byte{3, 4, 0xa5, 2},
		},
		{
			"largest", []int64{math.MaxInt64}, []int64{math.MaxInt64},
			[]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			blob := encodeSet(slices.Clone(row.ids))
			if !bytes.Equal(blob, row.blob) {
				t.Errorf("encoded: got %v, want %v", blob, row.blob)
			}
			got, err := decodeSet([]int64{-1}, blob)
			if err != nil || !slices.Equal(got, append([]int64{-1}, row.want...)) {
				t.Errorf("decoded behind -1: got %v, %v, want %v", got, err, row.want)
			}
		})
	}
}

func TestSetDamaged(t *testing.T) {
	for name, blob := range map[string][]byte{
		"cut off":            {1, 0x80},
		"too large":          {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
		"longer than 64 bit": {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
		"sum too large":      {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1},
	} {
		if got, err := decodeSet(nil, blob); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// FuzzSet decodes anything, and encodes and decodes again what that gives.
func FuzzSet(f *testing.F) {
	for _, ids := range [][]int64{nil, {0}, {1, 2, 3}, {1 << 40, 7}} {
		f.Add(encodeSet(ids))
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		ids, err := decodeSet(nil, blob)
		if err != nil {
			return
		}
		if !slices.IsSorted(ids) {
			t.Errorf("not in rising order: %v", ids)
		}
		again, err := decodeSet(nil, encodeSet(slices.Clone(ids)))
		if want := slices.Compact(ids); err != nil || !slices.Equal(again, want) {
			t.Errorf("got %v, %v, want %v", again, err, want)
		}
	})
}
