package nar

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"granary/hashes"
)

// sourceTar returns a tar archive of about size bytes of real source code, Go's
// own, in the order of a NAR.
func sourceTar(b *testing.B, size int) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	src := os.DirFS(strings.TrimSpace(run(b, "", "go", "env", "GOROOT")) + "/src")
	err := fs.WalkDir(src, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if out.Len() >= size {
			return fs.SkipAll
		}
		data, err := fs.ReadFile(src, path)
		if err != nil {
			return err
		}
		w.WriteHeader(&tar.Header{Name: "top/" + path, Size: int64(len(data))})
		_, err = w.Write(data)
		return err
	})
	if err := errors.Join(err, w.Close()); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// The archives of the benchmarks are of 48 MiB, which fit into the budget, and of
// 96 MiB, which do not.
func benchmarkArchive(b *testing.B, compressor string) {
	for _, mib := range []int{48, 96} {
		b.Run(fmt.Sprintf("%dMiB", mib), func(b *testing.B) {
			plain := sourceTar(b, mib<<20)
			tmp := b.TempDir()
			if err := os.WriteFile(tmp+"/f", plain, 0o644); err != nil {
				b.Fatal(err)
			}
			data := []byte(run(b, tmp, "sh", "-c", compressor+" < f"))
			b.Run("decompress", func(b *testing.B) {
				b.SetBytes(int64(len(plain)))
				for b.Loop() {
					benchmarkDecompress(b, data)
				}
			})
			b.Run("hash", func(b *testing.B) {
				b.SetBytes(int64(len(plain)))
				b.ReportAllocs()
				for b.Loop() {
					benchmarkHash(b, data)
				}
				_, passes := countPasses(b, data, Options{})
				b.ReportMetric(float64(passes), "passes")
			})
		})
	}
}

func benchmarkDecompress(b *testing.B, data []byte) {
	d, err := Decompress(bytes.NewReader(data))
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, d, make([]byte, bufferSize)); err != nil {
		b.Fatal(err)
	}
}

func benchmarkHash(b *testing.B, data []byte) {
	a, err := OpenArchive(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		b.Fatal(err)
	}
	if _, _, err := a.Hash(b.Context(), Options{}, hashes.SHA256); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkArchiveTar(b *testing.B)  { benchmarkArchive(b, "cat") }
func BenchmarkArchiveGzip(b *testing.B) { benchmarkArchive(b, "gzip") }
func BenchmarkArchiveZstd(b *testing.B) { benchmarkArchive(b, "zstd") }
func BenchmarkArchiveXz(b *testing.B)   { benchmarkArchive(b, "xz") }
