package disk

import (
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"strings"
	"testing"
)

func TestInBytes(t *testing.T) {
	tests := []struct {
		name            string
		free, all, size uint64
		want            int64
		err             error
	}{
		{"usual", 3, 10, 4096, 12288, nil},
		{"full", 0, 10, 4096, 0, nil},
		{"no limit", 0, 0, 4096, 0, errors.ErrUnsupported},
		{"no size", 3, 10, 0, 0, errors.ErrUnsupported},
		{"boundless", 1 << 62, 1 << 62, 4096, math.MaxInt64, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := inBytes(test.free, test.all, test.size)
			if got != test.want || err != test.err {
				t.Errorf("got %d, %v, want %d, %v", got, err, test.want, test.err)
			}
		})
	}
}

func TestFreeOfNothing(t *testing.T) {
	d := &Disk{dir: filepath.Join(t.TempDir(), "gone")}
	_, err := d.Free()
	want := "free space of disk " + d.dir
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s: %v", err, want, fs.ErrNotExist)
	}
}

func BenchmarkFree(b *testing.B) {
	d := &Disk{dir: b.TempDir()}
	for b.Loop() {
		if _, err := d.Free(); err != nil {
			b.Fatal(err)
		}
	}
}
