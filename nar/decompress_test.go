package nar

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

func TestDecompress(t *testing.T) {
	dir := t.TempDir()
	want := randomBytes(100<<10, 9)
	if err := os.WriteFile(dir+"/f", want, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"cat", "gzip -c", "xz -c", "bzip2 -c", "zstd -c", "lzma -c"} {
		t.Run(program, func(t *testing.T) {
			data := run(t, dir, "sh", "-c", program+" f")
			got, err := decompressAll(strings.NewReader(data))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("got %d bytes, %v, want %d", len(got), err, len(want))
			}
			if program == "cat" {
				return
			}
			for _, n := range []int{len(data) / 2, len(data) - 1} {
				_, err := decompressAll(strings.NewReader(data[:n]))
				if !errors.Is(err, ErrTruncated) {
					t.Errorf("%d of %d bytes: got %v, want ErrTruncated", n, len(data), err)
				}
			}
			broken := []byte(data)
			broken[len(data)/2] ^= 0x55
			if _, err := decompressAll(bytes.NewReader(broken)); !errors.Is(err, ErrFormat) {
				t.Errorf("broken: got %v, want ErrFormat", err)
			}
			in := io.MultiReader(strings.NewReader(data[:len(data)/2]), &failing{errBadDisk})
			if _, err := decompressAll(in); !errors.Is(err, errBadDisk) {
				t.Errorf("failing input: got %v, want %v", err, errBadDisk)
			}
		})
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

func decompressAll(r io.Reader) ([]byte, error) {
	d, err := Decompress(r)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return io.ReadAll(d)
}
