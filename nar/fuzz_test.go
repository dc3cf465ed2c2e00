package nar

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"granary/hashes"
)

// FuzzArchive checks that whatever an archive says, the result is an error of
// the format, or a NAR that is well formed and the same with a tiny budget.
func FuzzArchive(f *testing.F) {
	good := makeTar(f, reg("d/f", "f"), link("d/l", "f"), hard("d/h", "d/f"), dir("d/e/"),
		reg("d/a", "a"))
	f.Add(good)
	f.Add(gzipped(f, good))
	f.Add(gzipped(f, gzipped(f, good)))
	f.Add(makeZip(f, "d/f", "f", "d/e/", "", "d/a", strings.Repeat("a", 100)))
	f.Add(patched(good, 156, "S"))
	f.Add(patched(good, 0, "../d"))
	f.Add([]byte("\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00junk"))
	for _, name := range []string{"xz", "bzip2", "zstd"} {
		f.Add(compressBy(f, name, good))
	}
	opts := Options{KeepRoot: true, MaxSize: 1 << 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := OpenArchive(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			checkFormatError(t, err)
			return
		}
		var out bytes.Buffer
		if err := a.WriteNAR(t.Context(), &out, opts); err != nil {
			checkFormatError(t, err)
			return
		}
		checkNAR(t, out.Bytes())
		tiny := opts
		tiny.Budget = 64
		got, _, err := a.Hash(t.Context(), tiny, hashes.SHA256)
		want := hashes.Sum(hashes.SHA256, out.Bytes())
		if err != nil && !errors.Is(err, ErrTooLarge) || err == nil && got != want {
			t.Errorf("tiny budget: got %v, %v, want %v", got, err, want)
		}
	})
}

func checkFormatError(t *testing.T, err error) {
	if !errors.Is(err, ErrFormat) {
		t.Errorf("error is not ErrFormat: %v", err)
	}
}

// checkNAR reads a NAR. Only trees deeper than Nix allows may fail.
func checkNAR(t *testing.T, data []byte) {
	again, err := rewrite(bytes.NewReader(data))
	if err != nil && strings.Contains(err.Error(), "nested") {
		return
	}
	if err != nil || !bytes.Equal(again, data) {
		t.Errorf("not a good NAR: %v", err)
	}
}

func compressBy(t testing.TB, program string, data []byte) []byte {
	t.Helper()
	tmp := t.TempDir()
	writeTree(t, tmp, []file{{path: "f", data: string(data)}})
	return []byte(run(t, tmp, program, "-c", "f"))
}

// FuzzZipMember varies what a zip archive says of one member.
func FuzzZipMember(f *testing.F) {
	f.Add("d/f", uint16(0x0314), uint32(0o100755<<16), uint16(0), uint16(0), uint64(4))
	f.Add(`d\f`, uint16(20), uint32(0x10), uint16(0), uint16(8), uint64(4))
	f.Add("d/l", uint16(0x0314), uint32(0o120777<<16), uint16(0), uint16(0), uint64(4))
	f.Fuzz(func(
		t *testing.T, name string, creator uint16, attrs uint32, flags, method uint16, size uint64,
	) {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		m, err := w.CreateRaw(&zip.FileHeader{
			Name: name, CreatorVersion: creator, ExternalAttrs: attrs, Flags: flags, Method: method,
			UncompressedSize64: size, CompressedSize64: 4, CRC32: 0xadf3f363,
		})
		if err != nil {
			return
		}
		io.WriteString(m, "data")
		if w.Close() != nil {
			return
		}
		a := Archive{r: bytes.NewReader(b.Bytes()), size: int64(b.Len()), zip: true}
		var out bytes.Buffer
		opts := Options{KeepRoot: true, MaxSize: 1 << 20}
		if err := a.WriteNAR(t.Context(), &out, opts); err != nil {
			checkFormatError(t, err)
			return
		}
		checkNAR(t, out.Bytes())
	})
}
