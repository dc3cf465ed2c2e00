package nar

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"granary/hashes"
)

// moreTarLies has claims about sizes, and paths that are too deep.
func moreTarLies(t testing.TB) []lie {
	good := makeTar(t, reg("d/f", "contents"))
	pax := func(key, value string) []byte { return paxTar(key+"="+value, "d/f") }
	return []lie{
		{"deep", makeTar(t, reg(strings.Repeat("d/", 300)+"f", "f")), ErrTooLarge, "256 directories"},
		{"pax size", pax("size", "9223372036854775807"), ErrTooLarge, "bytes of contents"},
		{"pax size negative", pax("size", "-1"), ErrFormat, "tar"},
		{"pax size no number", pax("size", "1e9"), ErrFormat, "tar"},
		{"pax name with NUL", pax("path", "d/\x00f"), ErrFormat, "tar"},
		{"pax name absolute", pax("path", "/etc/passwd"), ErrFormat, "absolute"},
		{"pax name too long", pax("path", strings.Repeat("d/", 2100)), ErrFormat, "name of"},
		{"pax header of 8 GiB", patched(retyped(good, 'x'), 124, "77777777777\x00"), ErrFormat, "tar"},
		{"long name of 8 GiB", patched(retyped(good, 'L'), 124, "77777777777\x00"), ErrFormat, "tar"},
		{"negative size", patched(good, 124, strings.Repeat("\xff", 12)), ErrFormat, "tar"},
		{"size of 8 EB", patched(good, 124, "\x80\x00\x00\x00\x7f"+strings.Repeat("\xff", 7)),
			ErrTooLarge, "bytes of contents"},
		{"sparse of 8 EB", paxTar("GNU.sparse.major=1;GNU.sparse.minor=0;"+
			"GNU.sparse.name=d/f;GNU.sparse.realsize=9223372036854775807", "d/f"), ErrFormat, ""},
		{"sparse map of 0.1", paxTar("GNU.sparse.numblocks=1;GNU.sparse.map=0,9;"+
			"GNU.sparse.size=5", "d/f"), ErrFormat, "tar"},
	}
}

// retyped returns an archive whose first entry has another type.
func retyped(data []byte, kind byte) []byte { return patched(data, 156, string(kind)) }

// paxTar returns an archive of an empty file with pax records, which are
// separated by semicolons, as they stand there.
func paxTar(records, name string) []byte {
	var text strings.Builder
	for record := range strings.SplitSeq(records, ";") {
		for n := len(record); ; n++ {
			if line := strconv.Itoa(n) + " " + record + "\n"; len(line) == n {
				text.WriteString(line)
				break
			}
		}
	}
	body := text.String()
	header := func(kind byte, name string, size int) []byte {
		block := make([]byte, 512)
		copy(block, name)
		copy(block[100:], "0000644\x000000000\x000000000\x00")
		copy(block[124:], octal(size))
		copy(block[257:], "ustar\x0000")
		return patched(block, 156, string(kind))
	}
	data := append(header('x', "pax", len(body)), body...)
	data = append(data, make([]byte, -len(body)&511)...)
	data = append(data, header('0', name, 0)...)
	return append(data, make([]byte, 1024)...)
}

func moreCompressionLies(t testing.TB) []lie {
	good := makeTar(t, reg("d/f", strings.Repeat("contents", 1000)))
	rest := strings.Repeat("x", 600)
	xz := compressBy(t, "xz", good)
	return []lie{
		{"junk behind xz", append(bytes.Clone(xz), "junk"...), ErrFormat, "xz"},
		{"junk behind bzip2", append(compressBy(t, "bzip2", good), "junk"...), ErrFormat, "bzip2"},
		{"xz truncated", half(xz), ErrTruncated, "xz is truncated"},
		{"lzip truncated", half(lzipped(t, good)), ErrTruncated, "lzip is truncated"},
		{"lzip checksum", flipped(lzipped(t, good), -20), ErrFormat, "checksum"},
		{"zstd with a window of 2 GiB",
			[]byte("\x28\xb5\x2f\xfd\x00\xa8" + rest), ErrFormat, "zstd"},
		{"compress", []byte("\x1f\x9d\x90" + rest), ErrUnsupported, "compress"},
		{"cpio", []byte("070701" + rest), ErrUnsupported, "cpio"},
		{"rpm", []byte("\xed\xab\xee\xdb" + rest), ErrUnsupported, "rpm"},
		{"deb", []byte("!<arch>\n" + rest), ErrUnsupported, "deb"},
	}
}

func moreZipLies(t testing.TB) []lie {
	return []lie{
		{"zip name with NUL", makeZip(t, "d/\x00f", "f"), ErrFormat, "bad file name"},
		{"zip name too long", makeZip(t, "d/"+strings.Repeat("n", 256), "f"), ErrFormat, "at most 255"},
		{"zip name is dots", makeZip(t, "d/..", "f"), ErrFormat, `".."`},
		{"zip without a name", makeZip(t, "", "f"), ErrFormat, "without a name"},
		{"zip below a link", zipOf(t, zip.FileHeader{
			Name: "l", CreatorVersion: 3 << 8, ExternalAttrs: 0o120777 << 16,
		}, "l/f"), ErrFormat, "no directory"},
		{"zip overlap", overlapping(t), ErrFormat, "overlap"},
		{"zip deflate64", zipOf(t, zip.FileHeader{Name: "d/f", Method: 9}), ErrUnsupported, "deflate64"},
		{"zip zstd", zipOf(t, zip.FileHeader{Name: "d/f", Method: 93}), ErrUnsupported, "zstd"},
		{"zip long link", zipOf(t, zip.FileHeader{
			Name: "l", CreatorVersion: 3 << 8, ExternalAttrs: 0o120777 << 16, UncompressedSize64: 5000,
		}), ErrFormat, "5000 bytes"},
	}
}

// overlapping returns a zip archive in which two members have the same bytes.
func overlapping(t testing.TB) []byte {
	data := makeZip(t, "d/f", strings.Repeat("f", 100), "d/g", strings.Repeat("f", 100))
	at := bytes.LastIndex(data, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(data[at+42:], 0) // where the second one begins
	return data
}

// A flipped bit anywhere in an archive with checksums is found, or does not
// matter: never is there another NAR.
func TestFlippedBits(t *testing.T) {
	good := makeTar(t, reg("d/f", strings.Repeat("contents", 50)), link("d/l", "f"))
	want, err := hashArchive(t.Context(), good, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"gzip": gzipped(t, good), "xz": compressBy(t, "xz", good), "lzip": lzipped(t, good),
		"bzip2": compressBy(t, "bzip2", good), "zstd": compressBy(t, "zstd", good),
	} {
		for i := range data {
			broken := bytes.Clone(data)
			broken[i] ^= 1 << (i % 8)
			got, err := hashArchive(t.Context(), broken, Options{})
			if err == nil && got != want || err != nil && !errors.Is(err, ErrFormat) {
				t.Errorf("%s, byte %d of %d: got %v, %v", name, i, len(data), got, err)
			}
		}
	}
}

// An archive that is cut anywhere says so, or that it is none.
func TestTruncatedAnywhere(t *testing.T) {
	good := makeTar(t, reg("d/f", strings.Repeat("contents", 50)), link("d/l", "f"))
	for name, data := range map[string][]byte{
		"tar": good[:len(good)-1024], "gzip": gzipped(t, good), "xz": compressBy(t, "xz", good),
		"bzip2": compressBy(t, "bzip2", good), "zstd": compressBy(t, "zstd", good),
		"lzip": lzipped(t, good), "zip": makeZip(t, "d/f", "f", "d/g", strings.Repeat("g", 100)),
	} {
		for n := range data {
			_, err := hashArchive(t.Context(), data[:n], Options{})
			// A tar archive may end behind any entry, and behind the last one's contents.
			if err == nil && name == "tar" && (n%512 == 0 || n >= 912 && n < 1024) {
				continue
			}
			if !errors.Is(err, ErrFormat) || n > 600 && !errors.Is(err, ErrTruncated) {
				t.Errorf("%s, %d of %d bytes: got %v, want ErrTruncated", name, n, len(data), err)
			}
		}
	}
}

// TestBombs has files of a few kilobytes that expand to 100 GB and more.
func TestBombs(t *testing.T) {
	const gigabytes = 100
	megabyte := gzipped(t, make([]byte, 1<<20))
	begin := gzipped(t, makeTar(t, reg("d/f", "f")))
	many := append(bytes.Clone(begin), bytes.Repeat(megabyte, gigabytes<<10)...)
	var entries []tar.Header
	for i := range 36 {
		entries = append(entries, reg("d/"+strconv.Itoa(i), strings.Repeat("\x00", 8<<20)))
	}
	empty := bytes.Repeat(gzipped(t, nil), 12<<20)
	for name, data := range map[string][]byte{
		"zeros behind the end":   gzipped(t, gzipped(t, many)),
		"members of nothing":     gzipped(t, gzipped(t, empty)),
		"many files":             gzipped(t, gzipped(t, makeTar(t, entries...))),
		"a file of 8 EB of zero": patched(makeTar(t, reg("d/f", "")), 124, "\x80\x00\x00\x00\x7f"),
	} {
		start := time.Now()
		_, err := hashArchive(t.Context(), data, Options{KeepRoot: true, TempDir: t.TempDir()})
		if !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %d bytes: got %v, want ErrTooLarge", name, len(data), err)
		}
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%s: %d bytes took %v", name, len(data), took)
		}
		t.Logf("%s: %d bytes in %v: %v", name, len(data), time.Since(start), err)
	}
}

// endlessTar is an archive of empty files without end, as a machine would make
// them, none of which is stored.
type endlessTar struct{ block []byte }

func (e *endlessTar) ReadAt(p []byte, off int64) (int, error) {
	if e.block == nil {
		e.block = patched(makeHeader("d/"+octal(0)), 156, "0")
	}
	for n := 0; n < len(p); {
		e.number((off + int64(n)) / 512)
		n += copy(p[n:], e.block[(off+int64(n))%512:])
	}
	return len(p), nil
}

// number makes the block that of entry n, whose name has the same checksum as
// any other: what a digit has more, another one behind the name's end has less.
func (e *endlessTar) number(n int64) {
	for i := range 11 {
		digit := byte(n >> (3 * i) & 7)
		e.block[2+10-i] = '0' + digit
		e.block[20+i] = 7 - digit
	}
}

func makeHeader(name string) []byte {
	block := make([]byte, 512)
	copy(block, name)
	copy(block[20:], "\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07")
	copy(block[100:], "0000644\x000000000\x000000000\x00")
	copy(block[124:], octal(0))
	return block
}

// TestManyEntries has ten million entries, of which memory has no room.
func TestManyEntries(t *testing.T) {
	a, err := OpenArchive(&endlessTar{}, 10_000_000*512)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, _, err = a.Hash(t.Context(), Options{}, hashes.SHA256)
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("refused after %v, heap %d MiB: %v", time.Since(start), m.HeapSys>>20, err)
}

func TestMoreLies(t *testing.T) {
	for _, row := range slices.Concat(moreTarLies(t), moreCompressionLies(t), moreZipLies(t)) {
		t.Run(row.name, row.check)
	}
}

// TestJunkBehindTheEnd has what tar does not look at.
func TestJunkBehindTheEnd(t *testing.T) {
	good := makeTar(t, reg("d/f", "f"))
	want, err := hashArchive(t.Context(), good, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"junk":       append(bytes.Clone(good), randomBytes(5000, 1)...),
		"an archive": append(bytes.Clone(good), makeTar(t, reg("d/f", "other"))...),
		"zeros":      append(bytes.Clone(good), make([]byte, 10240)...),
	} {
		if got, err := hashArchive(t.Context(), data, Options{}); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
		}
	}
}

func octal(n int) string { return fmt.Sprintf("%011o\x00", n) }
