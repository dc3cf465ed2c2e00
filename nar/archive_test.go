package nar

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"granary/hashes"
)

// hashArchive returns the hash of the NAR of an archive in memory.
func hashArchive(ctx context.Context, data []byte, opts Options) (hashes.Hash, error) {
	a, err := OpenArchive(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return hashes.Hash{}, err
	}
	sum, size, err := a.Hash(ctx, opts, hashes.SHA256)
	if err != nil {
		return hashes.Hash{}, err
	}
	var nar bytes.Buffer
	if err := a.WriteNAR(ctx, &nar, opts); err != nil {
		return hashes.Hash{}, err
	}
	if int64(nar.Len()) != size || hashes.Sum(hashes.SHA256, nar.Bytes()) != sum {
		return hashes.Hash{}, errors.New("Hash and WriteNAR disagree")
	}
	return sum, nil
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// checkArchive compares an archive's hash with that of path.
func checkArchive(t *testing.T, archive, path string, opts Options) {
	t.Helper()
	got, err := hashArchive(t.Context(), readFile(t, archive), opts)
	if want := nixHash(t, path); err != nil || got != want {
		t.Errorf("%s: got %v, %v, want %v", filepath.Base(archive), got, err, want)
	}
}

// ustarTree is what every format of tar can hold.
func ustarTree() []file {
	var files []file
	for _, f := range oddTree {
		if len(f.path) < 100 {
			files = append(files, f)
		}
	}
	return files
}

func TestTarFormats(t *testing.T) {
	for _, format := range []string{"v7", "ustar", "gnu", "oldgnu", "pax"} {
		t.Run(format, func(t *testing.T) {
			dir := t.TempDir()
			tree := oddTree
			if format == "v7" || format == "ustar" {
				tree = ustarTree()
			}
			writeTree(t, dir, tree)
			run(t, dir, "tar", "-c", "-f", "a.tar", "--format="+format, "top")
			checkArchive(t, dir+"/a.tar", dir+"/top", Options{})
			run(t, dir, "tar", "-c", "-f", "b.tar", "--format="+format, "./top")
			checkArchive(t, dir+"/b.tar", dir+"/top", Options{})
			run(t, dir, "tar", "-c", "-f", "c.tar", "--format="+format, "-C", "top", ".")
			checkArchive(t, dir+"/c.tar", dir+"/top", Options{KeepRoot: true})
		})
	}
}

func TestCompressedTar(t *testing.T) {
	dir := t.TempDir()
	writeTree(t, dir, oddTree)
	run(t, dir, "tar", "-c", "-f", "a.tar", "top")
	run(t, dir, "tar", "-c", "-z", "-f", "twice.tar.gz", "top")
	run(t, dir, "gzip", "-k", "-S", ".gz", "twice.tar.gz", "-f")
	for _, script := range []string{
		"gzip -c a.tar > a.gz",
		"xz -c a.tar > a.xz",
		"xz -c --x86 --lzma2 a.tar > bcj.xz",
		"xz -c --delta --lzma2 --check=sha256 a.tar > delta.xz",
		"xz --format=lzma -c a.tar > a.lzma",
		"bzip2 -c a.tar > a.bz2",
		"zstd -q -c a.tar > a.zst",
		"zstd -q -19 --long=27 -c a.tar > long.zst",
		"gzip -c a.tar | gzip -c > twice.gz",
		"gzip -c a.tar | xz -c | zstd -c > thrice.zst",
		"gzip -c a.tar > zeros.gz; head -c 5000 /dev/zero >> zeros.gz",
		"gzip -c a.tar > junk.gz; echo junk >> junk.gz",
		"(head -c 100000 a.tar | gzip -c; tail -c +100001 a.tar | gzip -c) > members.gz",
		"(head -c 99999 a.tar | zstd -c; tail -c +100000 a.tar | zstd -c) > frames.zst",
		"(head -c 99999 a.tar | xz -c; tail -c +100000 a.tar | xz -c) > streams.xz",
		"(head -c 99999 a.tar | bzip2 -c; tail -c +100000 a.tar | bzip2 -c) > streams.bz2",
	} {
		run(t, dir, "sh", "-c", script)
		name := script[strings.LastIndex(script, "> ")+2:]
		t.Run(name, func(t *testing.T) {
			checkArchive(t, filepath.Join(dir, name), dir+"/top", Options{})
		})
	}
}

func TestTarSparseAndHardLinks(t *testing.T) {
	for _, format := range []string{"gnu", "pax", "oldgnu"} {
		dir := t.TempDir()
		run(t, dir, "sh", "-c", `mkdir top && cd top && echo one > first && chmod +x first &&
			ln first zlink && ln -s first symlink && ln symlink a-link-to-a-symlink &&
			truncate -s 1M hole && echo end >> hole && truncate -s 3M hole && truncate -s 100K empty`)
		run(t, dir, "tar", "-c", "-S", "-f", "a.tar", "--format="+format, "top")
		checkArchive(t, dir+"/a.tar", dir+"/top", Options{})
		checkArchive(t, dir+"/a.tar", dir+"/top", Options{Budget: 1})
	}
}

// TestUnpackedByTar unpacks odd archives with tar and compares.
func TestUnpackedByTar(t *testing.T) {
	rows := map[string][]tar.Header{
		"replaced file":           {reg("d/f", "old"), reg("d/f", "new and longer")},
		"file replaces link":      {reg("d/f", "f"), link("d/l", "f"), reg("d/l", "own")},
		"link replaces file":      {reg("d/f", "f"), link("d/f", "g")},
		"file replaces empty dir": {dir("d/f/"), reg("d/f", "f")},
		"dir replaces file":       {reg("d/f", "f"), dir("d/f/"), reg("d/f/g", "g")},
		"implied directories":     {reg("d/a/b/c", "c"), reg("d/a/x", "x")},
		"directory after files":   {reg("d/a/b", "b"), dir("d/a/"), dir("d/")},
		"dots and slashes":        {dir("./"), dir("./d/"), reg("./d//a/./b", "b"), reg("d/a/c", "c")},
		"hard link keeps the old": {reg("d/f", "old"), hard("d/h", "d/f"), reg("d/f", "new")},
		"hard link with ./":       {reg("./d/f", "f"), hard("./d/h", "./d/f")},
		"hard link to itself":     {reg("d/f", "f"), hard("d/f", "d/f")},
		"hard link to symlink":    {link("d/s", "nowhere"), hard("d/h", "d/s")},
		"many hard links": {
			reg("d/m", "m"), hard("d/a", "d/m"), reg("d/k", "k"), hard("d/z", "d/m"),
		},
		"names differ in case":  {reg("d/F", "upper"), reg("d/f", "lower"), dir("d/D/"), dir("d/d/")},
		"a name with a newline": {reg("d/a\nb", "f"), reg("d/\t", "f")},
		"a name not in UTF-8":   {reg("d/\xff\xfe", "f")},
		"a tar in a tar":        {reg("d/a.tar", string(makeTar(t, reg("../f", "f"))))},
		"link out of the tree":  {link("d/l", "../../../etc/passwd"), hard("d/h", "d/l")},
		"volume label":          {{Typeflag: 'V', Name: "label"}, reg("d/f", "f")},
		"global header": {
			{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "rev"}},
			reg("d/f", "f"),
		},
	}
	for name, headers := range rows {
		t.Run(name, func(t *testing.T) {
			tmp := t.TempDir()
			data := makeTar(t, headers...)
			if err := os.WriteFile(tmp+"/a.tar", data, 0o644); err != nil {
				t.Fatal(err)
			}
			run(t, tmp, "mkdir", "out")
			run(t, tmp+"/out", "tar", "-x", "-f", "../a.tar")
			checkArchive(t, tmp+"/a.tar", tmp+"/out/d", Options{})
			checkArchive(t, tmp+"/a.tar", tmp+"/out/d", Options{Budget: 1})
			checkArchive(t, tmp+"/a.tar", tmp+"/out", Options{KeepRoot: true, Budget: 40})
		})
	}
}

func TestTopDirectory(t *testing.T) {
	rows := []struct {
		name    string
		headers []tar.Header
		top     string // relative to where it is unpacked; "" means an error
	}{
		{"one directory", []tar.Header{dir("d/"), reg("d/f", "f")}, "d"},
		{"an empty directory", []tar.Header{dir("d/")}, "d"},
		{"a lone file", []tar.Header{reg("f", "f")}, "."},
		{"a hidden directory", []tar.Header{reg(".d/f", "f")}, ".d"},
		{"one is hidden", []tar.Header{reg("._d", "mac"), reg("d/f", "f")}, "d"},
		{"a symbolic link", []tar.Header{link("l", "nowhere")}, "l"},
		{"two directories", []tar.Header{reg("a/f", "f"), reg("b/f", "f")}, ""},
		{"two files", []tar.Header{reg("a", "f"), reg("b", "f")}, ""},
		{"two hidden", []tar.Header{reg(".a", "f"), reg(".b", "f")}, ""},
		{"nothing", nil, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			tmp := t.TempDir()
			if err := os.WriteFile(tmp+"/a.tar", makeTar(t, row.headers...), 0o644); err != nil {
				t.Fatal(err)
			}
			run(t, tmp, "mkdir", "out")
			run(t, tmp+"/out", "tar", "-x", "-f", "../a.tar")
			checkArchive(t, tmp+"/a.tar", tmp+"/out", Options{KeepRoot: true})
			if row.top != "" {
				checkArchive(t, tmp+"/a.tar", tmp+"/out/"+row.top, Options{})
				return
			}
			_, err := hashArchive(t.Context(), readFile(t, tmp+"/a.tar"), Options{})
			if !errors.Is(err, ErrFormat) {
				t.Errorf("got %v, want ErrFormat", err)
			}
		})
	}
}

// A lone file beside a hidden one goes into the directory alone.
func TestLoneFileBesideHidden(t *testing.T) {
	lone, err := hashArchive(t.Context(), makeTar(t, reg("f", "f")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := hashArchive(t.Context(), makeTar(t, reg(".h", "h"), reg("f", "f")), Options{})
	if err != nil || got != lone {
		t.Errorf("got %v, %v, want %v", got, err, lone)
	}
}

func TestZip(t *testing.T) {
	tmp := t.TempDir()
	writeTree(t, tmp, oddTree)
	for name, args := range map[string][]string{
		"deflate": {"-q", "-r", "-y"}, "store": {"-q", "-r", "-y", "-0"},
		"without directories": {"-q", "-r", "-y", "-D"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			args := append([]string{args[0], dir + "/a.zip", "top"}, args[1:]...)
			run(t, tmp, "zip", args...)
			run(t, dir, "unzip", "-q", "-d", "out", "a.zip")
			checkArchive(t, dir+"/a.zip", dir+"/out/top", Options{})
			checkArchive(t, dir+"/a.zip", dir+"/out", Options{KeepRoot: true})
		})
	}
}

// TestZipFromDOS has what only programs for DOS and Windows write.
func TestZipFromDOS(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{`d\sub\f`, "d/g", `d/a\b`} {
		h := &zip.FileHeader{Name: name, CreatorVersion: 20, Method: zip.Deflate}
		h.ExternalAttrs = 0o755 << 16
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, name)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	writeTree(t, dir, []file{
		{path: "d/sub/f", data: `d\sub\f`}, {path: "d/g", data: "d/g"}, {path: `d/a\b`, data: `d/a\b`},
	})
	got, err := hashArchive(t.Context(), b.Bytes(), Options{})
	if want := nixHash(t, dir+"/d"); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestArchiveContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, data := range map[string][]byte{
		"tar": makeTar(t, reg("d/f", "f")), "zip": makeZip(t, "d/f", "f"),
	} {
		if _, err := hashArchive(ctx, data, Options{}); err != context.Canceled {
			t.Errorf("%s: got %v, want %v", name, err, context.Canceled)
		}
	}
}

// A badDisk fails from an offset on.
type badDisk struct {
	data []byte
	from int64
}

func (d badDisk) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > d.from {
		return 0, errBadDisk
	}
	return copy(p, d.data[off:]), nil
}

var errBadDisk = errors.New("input/output error")

func TestErrorsOfTheMachine(t *testing.T) {
	big := string(randomBytes(1<<20, 3))
	for name, data := range map[string][]byte{
		"tar": makeTar(t, reg("d/f", big)), "tar.gz": gzipped(t, makeTar(t, reg("d/f", big))),
		"zip": makeZip(t, "d/f", big),
	} {
		from := int64(len(data)) / 2
		a := Archive{r: badDisk{data, from}, size: int64(len(data)), zip: name == "zip"}
		_, _, err := a.Hash(t.Context(), Options{}, hashes.SHA256)
		if !errors.Is(err, errBadDisk) || errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %v, want %v", name, err, errBadDisk)
		}
		good := Archive{r: bytes.NewReader(data), size: int64(len(data)), zip: name == "zip"}
		if err := good.WriteNAR(t.Context(), &fullDisk{room: 600 << 10}, Options{}); err != errFull {
			t.Errorf("%s: got %v, want %v", name, err, errFull)
		}
	}
}
