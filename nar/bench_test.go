package nar

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"

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
// 96 MiB, which do not. Each is measured decompressed by the library alone, if
// there is one, decompressed as here, hashed, and several at once.
func benchmarkArchive(b *testing.B, compressor string, library func(io.Reader) (io.Reader, error)) {
	for _, mib := range []int{48, 96} {
		b.Run(fmt.Sprintf("%dMiB", mib), func(b *testing.B) {
			plain := sourceTar(b, mib<<20)
			tmp := b.TempDir()
			if err := os.WriteFile(tmp+"/f", plain, 0o644); err != nil {
				b.Fatal(err)
			}
			data := []byte(run(b, tmp, "sh", "-c", compressor+" < f"))
			size := int64(len(plain))
			b.Run("library", func(b *testing.B) {
				b.SetBytes(size)
				for b.Loop() {
					r, err := library(bytes.NewReader(data))
					drain(b, r, err)
				}
			})
			b.Run("decompress", func(b *testing.B) {
				b.SetBytes(size)
				for b.Loop() {
					r, err := Decompress(bytes.NewReader(data))
					drain(b, r, err)
					r.Close()
				}
			})
			b.Run("hash", func(b *testing.B) {
				b.SetBytes(size)
				b.ReportAllocs()
				for b.Loop() {
					benchmarkHash(b, data)
				}
				_, passes := countPasses(b, data, Options{})
				b.ReportMetric(float64(passes), "passes")
			})
			b.Run("several", func(b *testing.B) {
				b.SetBytes(size)
				b.RunParallel(func(p *testing.PB) {
					for p.Next() {
						benchmarkHash(b, data)
					}
				})
			})
		})
	}
}

// drain reads what an opening function has returned.
func drain(b *testing.B, r io.Reader, err error) {
	if err == nil {
		_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, make([]byte, bufferSize))
	}
	if err != nil {
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

func BenchmarkArchiveTar(b *testing.B) {
	benchmarkArchive(b, "cat", func(r io.Reader) (io.Reader, error) { return r, nil })
}

func BenchmarkArchiveGzip(b *testing.B) {
	benchmarkArchive(b, "gzip", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) })
}

func BenchmarkArchiveZstd(b *testing.B) {
	benchmarkArchive(b, "zstd -q", func(r io.Reader) (io.Reader, error) {
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
	})
}

func BenchmarkArchiveXz(b *testing.B) {
	benchmarkArchive(b, "xz -1", func(r io.Reader) (io.Reader, error) { return xz.NewReader(r, 0) })
}

// BenchmarkSHA256 is the yardstick: no NAR is hashed faster.
func BenchmarkSHA256(b *testing.B) {
	data := randomBytes(48<<20, 1)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		sha256.Sum256(data)
	}
}
