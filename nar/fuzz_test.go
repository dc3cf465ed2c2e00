package nar

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"granary/hashes"
)

// FuzzArchive checks that whatever an archive says, the result is an error of
// the format, or a NAR that is well formed, whose hash Hash returns, and which is
// the same with a tiny budget, in order or not.
func FuzzArchive(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data, false)
		f.Add(data, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, keepRoot bool) {
		a, err := OpenArchive(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			checkFormatError(t, err)
			return
		}
		var out bytes.Buffer
		opts := Options{KeepRoot: keepRoot, MaxSize: 1 << 20, TempDir: t.TempDir()}
		err = a.WriteNAR(t.Context(), &out, opts)
		if err != nil {
			checkFormatError(t, err)
		} else {
			checkNAR(t, out.Bytes())
		}
		want := hashes.Sum(hashes.SHA256, out.Bytes())
		for _, budget := range []int64{0, 64, 4096} {
			opts.Budget = budget
			got, size, againErr := a.Hash(t.Context(), opts, hashes.SHA256)
			if (err == nil) != (againErr == nil) ||
				err == nil && (got != want || size != int64(out.Len())) {
				t.Errorf("budget %d: got %v, %v, want %v, %v", budget, got, againErr, want, err)
			}
		}
		checkEmpty(t, opts.TempDir)
	})
}

// seeds returns archives of every format, good ones and those that lie.
func seeds(f *testing.F) [][]byte {
	good := makeTar(f, reg("d/f", "f"), link("d/l", "f"), hard("d/h", "d/f"), dir("d/e/"),
		reg("d/a", "a"), reg("d/f", strings.Repeat("again", 100)))
	list := [][]byte{
		good, gzipped(f, good), gzipped(f, gzipped(f, good)), lzipped(f, good),
		makeZip(f, "d/f", "f", "d/e/", "", "d/a", strings.Repeat("a", 100)),
		makeTar(f, reg("d/b", strings.Repeat("b", 200)), reg("d/c", strings.Repeat("c", 200)),
			reg("d/a", "a"), hard("d/0", "d/b")),
		patched(good, 0, "../d"),
		[]byte("\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00junk"),
	}
	for _, name := range []string{"xz", "bzip2", "zstd"} {
		list = append(list, compressBy(f, name, good))
	}
	for _, all := range [][]lie{
		tarLies(f), compressionLies(f), zipLies(f), moreTarLies(f), moreCompressionLies(f),
		moreZipLies(f),
	} {
		for _, one := range all {
			if len(one.data) < 20<<10 {
				list = append(list, one.data)
			}
		}
	}
	return list
}

// FuzzTar makes an archive of entries that data describes, so that their order,
// links and sizes vary more than flipped bits make them.
func FuzzTar(f *testing.F) {
	f.Add([]byte("0a\x10\x001b\x20\x002c\x30\x00"))
	f.Add([]byte("0z\xff\x000y\xff\x000x\xff\x001a\x01z"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for ; len(data) >= 4 && b.Len() < 64<<10; data = data[4:] {
			h, contents := entryFrom(data)
			if err := w.WriteHeader(&h); err != nil {
				t.Skip()
			}
			io.WriteString(w, contents)
		}
		w.Close()
		a := Archive{r: bytes.NewReader(b.Bytes()), size: int64(b.Len())}
		var out bytes.Buffer
		opts := Options{KeepRoot: true, TempDir: t.TempDir()}
		err := a.WriteNAR(t.Context(), &out, opts)
		if err != nil {
			checkFormatError(t, err)
		}
		want := hashes.Sum(hashes.SHA256, out.Bytes())
		for _, budget := range []int64{0, 1, 300, 1000, 4000, 40000} {
			opts.Budget = budget
			got, _, againErr := a.Hash(t.Context(), opts, hashes.SHA256)
			if (err == nil) != (againErr == nil) || err == nil && got != want {
				t.Errorf("budget %d: got %v, %v, want %v, %v", budget, got, againErr, want, err)
			}
		}
	})
}

// entryFrom makes an entry of four bytes: type, two of a name, and size.
func entryFrom(b []byte) (tar.Header, string) {
	name := "d/" + string('a'+rune(b[1]%8)) + strings.Repeat("/x", int(b[2]%3))
	if b[2]&64 != 0 {
		name += "-y"
	}
	switch b[0] % 6 {
	case 0:
		return link(name, "d/a"), ""
	case 1:
		return hard(name, "d/"+string('a'+rune(b[3]%8))), ""
	case 2:
		return dir(name + "/"), ""
	}
	contents := strings.Repeat(string('0'+rune(b[0]%10)), int(b[3])*3)
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(contents))}, contents
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
