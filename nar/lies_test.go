package nar

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// A lie is an archive that claims what is not so, or what must not be.
type lie struct {
	name string
	data []byte
	kind error
	says string // part of the error
}

func tarLies(t testing.TB) []lie {
	f := reg("d/f", strings.Repeat("contents", 1000))
	good := makeTar(t, f)
	long := strings.Repeat("n", 256)
	deep := strings.Repeat("d/", 3000)
	return []lie{
		{"parent", makeTar(t, reg("../f", "f")), ErrFormat, `bad file name ".."`},
		{"parent within", makeTar(t, reg("d/../../f", "f")), ErrFormat, `bad file name ".."`},
		{"parent as directory", makeTar(t, dir("d/../")), ErrFormat, `bad file name ".."`},
		{"absolute", makeTar(t, reg("/etc/passwd", "f")), ErrFormat, "absolute"},
		{"absolute link", makeTar(t, link("/d", "f")), ErrFormat, "absolute"},
		{"no name", makeTar(t, reg("", "f")), ErrFormat, "without a name"},
		{"name of the root", makeTar(t, reg("d/..", "f")), ErrFormat, ".."},
		{"name is a dot", makeTar(t, reg(".", "f")), ErrFormat, "name of a directory"},
		{"long name", makeTar(t, reg("d/"+long, "f")), ErrFormat, "at most 255"},
		{"deep", makeTar(t, reg(deep+"f", "f")), ErrFormat, "name of"},
		{"below a file", makeTar(t, reg("d/f", "f"), reg("d/f/g", "g")), ErrFormat, "no directory"},
		{"below a link", makeTar(t, link("d/l", "/etc"), reg("d/l/g", "g")), ErrFormat, "no directory"},
		{"file replaces directory", makeTar(t, reg("d/f/g", "g"), f), ErrFormat, "not empty"},
		{"hard link to nothing", makeTar(t, hard("d/h", "d/f")), ErrFormat, "no file before it"},
		{"hard link to a directory", makeTar(t, dir("d/"), hard("d/h", "d")), ErrFormat, "no file"},
		{"hard link outside", makeTar(t, hard("d/h", "../f")), ErrFormat, `".."`},
		{"hard link absolute", makeTar(t, hard("d/h", "/etc/passwd")), ErrFormat, "absolute"},
		{"hard link before its file", makeTar(t, hard("d/h", "d/f"), f), ErrFormat, "no file before"},
		{"symlink to nothing", makeTar(t, link("d/l", "")), ErrFormat, "target"},
		{"symlink too long", makeTar(t, link("d/l", strings.Repeat("t", 4096))), ErrFormat, "target"},
		{"character device", makeTar(t, special("d/c", tar.TypeChar)), ErrFormat, "device"},
		{"block device", makeTar(t, special("d/b", tar.TypeBlock)), ErrFormat, "device"},
		{"pipe", makeTar(t, special("d/p", tar.TypeFifo)), ErrFormat, "pipe"},
		{"unknown type", patched(good, 156, "Q"), ErrUnsupported, "type"},
		{"size of 8 GiB less a byte", patched(good, 124, "77777777777\x00"), ErrTooLarge, "bytes of contents"},
		{"broken header", append(good[:8704:8704], randomBytes(1024, 1)...), ErrFormat, "tar"},
		{"truncated in a file", good[:5000], ErrTruncated, "truncated"},
		{"truncated in a header", makeTar(t, f, f)[:512+8192+100], ErrTruncated, "truncated"},
	}
}

func compressionLies(t testing.TB) []lie {
	good := makeTar(t, reg("d/f", strings.Repeat("contents", 1000)))
	rest := strings.Repeat("x", 256)
	return []lie{
		{"gzip truncated", half(gzipped(t, good)), ErrTruncated, "gzip is truncated"},
		{"gzip without its end", chop(gzipped(t, good), 3), ErrTruncated, "gzip is truncated"},
		{"gzip checksum", flipped(gzipped(t, good), -6), ErrFormat, "checksum"},
		{"gzip size", flipped(gzipped(t, good), -1), ErrFormat, "checksum"},
		{"gzip second member", append(gzipped(t, good), "\x1f\x8b\x08broken"...), ErrFormat, "gzip"},
		{"gzip four times", gzipped(t, gzipped(t, gzipped(t, gzipped(t, good)))), ErrTooLarge, "3 times"},
		{"gzip of a page", gzipped(t, []byte("<html>")), ErrFormat, "not an archive"},
		{"gzip of a zip", gzipped(t, makeZip(t, "f", "f")), ErrUnsupported, "compressed zip"},
		{"page", []byte("<!DOCTYPE html>" + strings.Repeat(" ", 1000)), ErrFormat, "not an archive"},
		{"nothing", nil, ErrTruncated, "empty"},
		{"7z", []byte("7z\xbc\xaf\x27\x1c" + rest), ErrUnsupported, "7z"},
		{"rar", []byte("Rar!\x1a\x07\x00" + rest), ErrUnsupported, "rar"},
	}
}

func zipLies(t testing.TB) []lie {
	return []lie{
		{"zip parent", makeZip(t, "../f", "f"), ErrFormat, `".."`},
		{"zip parent with backslash", dosZip(t, `d\..\..\f`), ErrFormat, `".."`},
		{"zip absolute", makeZip(t, "/f", "f"), ErrFormat, "absolute"},
		{"zip below a file", makeZip(t, "d", "f", "d/f", "f"), ErrFormat, "no directory"},
		{"zip truncated", chop(makeZip(t, "d/f", "f"), 30), ErrTruncated, "truncated"},
		{"zip encrypted", zipOf(t, zip.FileHeader{Name: "d/f", Flags: 1}), ErrUnsupported, "encrypted"},
		{"zip bzip2", zipOf(t, zip.FileHeader{Name: "d/f", Method: 12}), ErrFormat, "bzip2"},
		{"zip lzma", zipOf(t, zip.FileHeader{Name: "d/f", Method: 14}), ErrUnsupported, "lzma"},
		{"zip checksum", zipOf(t, zip.FileHeader{Name: "d/f", CRC32: 1}), ErrFormat, "checksum"},
		{"zip size", zipOf(t, zip.FileHeader{Name: "d/f", UncompressedSize64: 9}), ErrFormat, ""},
		{"zip huge", zipOf(t, zip.FileHeader{
			Name: "d/f", UncompressedSize64: 1 << 63,
		}), ErrTooLarge, "bytes"},
		{"zip device", zipOf(t, zip.FileHeader{
			Name: "d/f", CreatorVersion: 3 << 8, ExternalAttrs: 0o020644 << 16,
		}), ErrFormat, "device"},
	}
}

func TestLies(t *testing.T) {
	for _, row := range slices.Concat(tarLies(t), compressionLies(t), zipLies(t)) {
		t.Run(row.name, row.check)
	}
}

func (l lie) check(t *testing.T) {
	for _, budget := range []int64{0, 1} {
		_, err := hashArchive(t.Context(), l.data, Options{KeepRoot: true, Budget: budget})
		if !errors.Is(err, l.kind) || !errors.Is(err, ErrFormat) {
			t.Fatalf("got %v, want %v", err, l.kind)
		}
		if !strings.Contains(err.Error(), l.says) {
			t.Errorf("got %v, want ...%s...", err, l.says)
		}
	}
}

func special(name string, kind byte) tar.Header { return tar.Header{Typeflag: kind, Name: name} }

// patched returns a tar archive with other bytes in its first header.
func patched(data []byte, at int, bytesThere string) []byte {
	data = bytes.Clone(data)
	copy(data[at:], bytesThere)
	copy(data[148:156], "        ")
	sum := 0
	for _, b := range data[:512] {
		sum += int(b)
	}
	for i := range 6 {
		data[148+5-i] = '0' + byte(sum>>(3*i)&7)
	}
	data[154] = 0
	return data
}

func half(data []byte) []byte { return data[:len(data)/2] }

func chop(data []byte, n int) []byte { return data[:len(data)-n] }

// flipped changes one byte, counted from the end.
func flipped(data []byte, at int) []byte {
	data[len(data)+at] ^= 0xff
	return data
}

// zipOf returns an archive with one stored member, "data", as h describes it.
// Members with more names follow.
func zipOf(t testing.TB, h zip.FileHeader, more ...string) []byte {
	const data = "data"
	h.CompressedSize64 = uint64(len(data))
	if h.UncompressedSize64 == 0 {
		h.UncompressedSize64 = uint64(len(data))
	}
	if h.CRC32 == 0 {
		h.CRC32 = 0xadf3f363
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateRaw(&h)
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte(data))
	for _, name := range more {
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func dosZip(t testing.TB, name string) []byte {
	return zipOf(t, zip.FileHeader{Name: name, CreatorVersion: 20})
}

func TestZipOfIsGood(t *testing.T) {
	data := zipOf(t, zip.FileHeader{Name: "d/f"})
	if _, err := hashArchive(t.Context(), data, Options{}); err != nil {
		t.Error(err)
	}
}

// TestMaxSize has bombs of several kinds.
func TestMaxSize(t *testing.T) {
	big := reg("d/f", strings.Repeat("0", 600<<10))
	headers := []tar.Header{big}
	for range 9 {
		headers = append(headers, hard("d/"+string(rune('a'+len(headers))), "d/f"))
	}
	sparse := readFile(t, sparseBomb(t))
	for name, data := range map[string][]byte{
		"tar.gz":     gzipped(t, makeTar(t, big, reg("d/g", strings.Repeat("0", 600<<10)))),
		"hard links": makeTar(t, headers...),
		"sparse":     sparse,
		"zip":        makeZip(t, "d/f", strings.Repeat("0", 2<<20)),
	} {
		_, err := hashArchive(t.Context(), data, Options{MaxSize: 1 << 20})
		if !errors.Is(err, ErrTooLarge) || !errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %v, want ErrTooLarge", name, err)
		}
	}
}

// sparseBomb returns the name of a small tar archive of a file with 1 TiB.
func sparseBomb(t *testing.T) string {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/bomb", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "truncate", "-s", "1T", "bomb")
	run(t, dir, "tar", "-c", "-S", "-f", "bomb.tar", "bomb")
	return dir + "/bomb.tar"
}

// A zip directory that claims very many members is refused before it is read
// into memory.
func TestZipIndexLimit(t *testing.T) {
	const members = 1 << 20
	name := strings.Repeat("n", 60)
	entry := make([]byte, 46+len(name))
	copy(entry, "PK\x01\x02")
	binary.LittleEndian.PutUint16(entry[28:], uint16(len(name)))
	copy(entry[46:], name)
	data := append([]byte("PK\x03\x04"), bytes.Repeat(entry, members)...)
	end := make([]byte, 22)
	copy(end, zipEnd)
	binary.LittleEndian.PutUint16(end[8:], members&0xffff)
	binary.LittleEndian.PutUint16(end[10:], members&0xffff)
	binary.LittleEndian.PutUint32(end[12:], uint32(len(entry)*members))
	binary.LittleEndian.PutUint32(end[16:], 4)
	_, err := hashArchive(t.Context(), append(data, end...), Options{})
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

func TestIndexLimit(t *testing.T) {
	tree := newTree(1 << 40)
	var err error
	for i := 0; err == nil && i < 20; i++ {
		tree.cost += maxIndex / 10
		err = tree.addFile("d/"+string(rune('a'+i)), 1, false)
	}
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}
