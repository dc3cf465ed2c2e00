package nar

import (
	"bytes"
	"encoding/hex"
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

// lzipVector is what lzip 1.23 -9 makes of "granary\n".
const lzipVector = "4c5a4950010c00339c8846941ffe48cd6fb827ffff0cc40000e3a596eb08" +
	"000000000000002d00000000000000"

func TestLzip(t *testing.T) {
	vector, err := hex.DecodeString(lzipVector)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decompressAll(bytes.NewReader(vector)); string(got) != "granary\n" || err != nil {
		t.Errorf("made by lzip: got %q, %v", got, err)
	}
	want := bytes.Repeat([]byte("granary "), 1000)
	one := lzipped(t, want)
	two := append(bytes.Clone(one), one...)
	for name, row := range map[string]struct {
		data []byte
		size int
		err  error
	}{
		"one member": {one, 8000, nil}, "two members": {two, 16000, nil},
		"junk behind":   {append(bytes.Clone(one), "junk"...), 8000, nil},
		"zeros behind":  {append(bytes.Clone(one), make([]byte, 100)...), 8000, nil},
		"checksum":      {flipped(bytes.Clone(one), -20), 8000, ErrFormat},
		"size":          {flipped(bytes.Clone(one), -16), 8000, ErrFormat},
		"member's size": {flipped(bytes.Clone(one), -8), 8000, ErrFormat},
		"version":       {[]byte("LZIP\x00" + string(one[5:])), 0, ErrFormat},
		"dictionary":    {[]byte("LZIP\x01\x1f" + string(one[6:])), 0, ErrFormat},
		"trailer cut":   {chop(one, 3), 8000, ErrTruncated},
		"data cut":      {half(one), 0, ErrTruncated},
		"second cut":    {chop(two, 30), 0, ErrTruncated},
		"header cut":    {append(bytes.Clone(one), "LZIP"...), 8000, ErrTruncated},
	} {
		got, err := decompressAll(bytes.NewReader(row.data))
		if !errors.Is(err, row.err) || row.err == nil && err != nil {
			t.Errorf("%s: got %v, want %v", name, err, row.err)
		}
		if row.size > 0 && len(got) != row.size {
			t.Errorf("%s: got %d bytes, want %d", name, len(got), row.size)
		}
	}
}
